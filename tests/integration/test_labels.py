"""People's labels in a lake: kept, corrected, offered, and gone with the text that they are of."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from lake.erasure import erase
from lake.errors import ConflictError, NotFoundError
from lake.label import LabelSpec, PeopleLabel
from lake.records import Erasure
from lake.store import Store
from lake.to_label import posts_to_label
from tests.fakes.labelled_posts import AT, CAMPAIGN, scored_post, write_scored
from tests.lakes import CommandLine

SURE, UNSURE = (0.01, 0.98, 0.01), (0.33, 0.34, 0.33)


async def _say(store: Store, post: int, label: PeopleLabel, by: str = "ann") -> dict[str, Any]:
    return (await store.labels.put(LabelSpec(f"x:{post}", label, by, "a note")))[0]


async def test_one_label_a_person_and_post(store: Store) -> None:
    await write_scored(store, ("so good", UNSURE, "positive"))

    first = await store.labels.put(LabelSpec("x:1", "neutral", "ann"))
    again = await store.labels.put(LabelSpec("x:1", "neutral", "ann"))
    other = await store.labels.put(LabelSpec("x:1", "positive", "ann"))
    await store.labels.put(LabelSpec("x:1", "negative", "bob"))

    assert (first[1], again, other[1]) == (True, (first[0], False), False)
    found = (await store.labels.of_posts(["x:1", "x:2"]))["x:1"]
    assert [(one["by"], one["label"]) for one in found] == [
        ("ann", "positive"),
        ("bob", "negative"),
    ]
    assert found[0]["history"] == [{"label": "neutral", "at": first[0]["at"]}]
    assert found[0]["model"] == {"name": "test-1", "label": "unsure", "score": 0.0}
    counts = await store.labels.counts()
    assert (counts.labels, counts.posts, counts.by_person) == (2, 1, {"ann": 1, "bob": 1})
    assert counts.by_label == {"negative": 1, "neutral": 0, "positive": 1}


async def test_people_who_label_at_once_lose_nothing(store: Store) -> None:
    await write_scored(store, ("so good", UNSURE, "positive"))

    await asyncio.gather(
        *(_say(store, 1, "positive", f"p{number}") for number in range(8)),
        *(_say(store, 1, label, "ann") for label in ("positive", "negative", "neutral")),
    )

    counts = await store.labels.counts()
    assert (counts.labels, counts.posts) == (9, 1)
    (anns,) = [one for one in (await store.labels.of_posts(["x:1"]))["x:1"] if one["by"] == "ann"]
    assert len(anns["history"]) == anns["changes"]


async def test_a_lake_without_labels_has_none(store: Store) -> None:
    assert (await store.labels.counts()).labels == 0
    assert await store.labels.agreed() == []
    assert await store.labels.of_posts(["x:1"]) == {}
    assert await store.labels.page({"match_all": {}}, size=5) == []
    await store.labels.forget_texts(["x:1"])
    for wrong in (store.labels.delete("x"), store.labels.put(LabelSpec("x:1", "neutral"))):
        with pytest.raises(NotFoundError):
            await wrong


async def test_rows_for_models_are_what_most_people_say(store: Store) -> None:
    texts = ("agreed", "tied", "edited", "alone")
    await write_scored(store, *((text, UNSURE, "neutral") for text in texts))
    for by, labels in {"ann": "ppnn", "bob": "pnnx", "cyd": "nxxx"}.items():
        for post, key in enumerate(labels, start=1):
            if key != "x":
                await _say(store, post, "positive" if key == "p" else "negative", by)
    edited = scored_post(3, "edited since")
    await write_scored(store, ("edited since", UNSURE, "neutral"), start=3)
    await _say(store, 3, "positive", "dan")

    found = {row.post: row for row in await store.labels.agreed()}

    said = {key: (row.text, row.label, row.people) for key, row in found.items()}
    assert said == {
        "x:1": ("agreed", "positive", 3),
        "x:3": (edited.text, "positive", 1),
        "x:4": ("alone", "negative", 1),
    }
    assert found["x:1"].language == "en"


async def test_a_text_that_goes_goes_from_its_labels_too(store: Store) -> None:
    await write_scored(store, ("secret words", UNSURE, "neutral"), ("kept", UNSURE, "neutral"))
    for post in (1, 2):
        await _say(store, post, "negative")
    gone = Erasure("x", "1", observed_at=AT + timedelta(days=1), reason="deleted")

    await erase(store, [replace(gone, native_id="2", text_goes=False)])
    await erase(store, [gone])
    await store.refresh()

    first, second = [label async for label in store.labels.all()]
    assert "secret" not in json.dumps(first)
    assert (first["label"], first["text_removed"], "note" in first) == ("negative", True, False)
    assert (second["text"], second["note"]) == ("kept", "a note")
    assert [row.post for row in await store.labels.agreed()] == ["x:2"]
    with pytest.raises(ConflictError, match="taken away"):
        await _say(store, 1, "positive")


async def test_what_teaches_most_is_offered_once_and_first(store: Store) -> None:
    await write_scored(
        store,
        ("sure", SURE, "neutral"),
        ("disputed", (0.12, 0.68, 0.2), "positive"),
        ("fairly sure", (0.18, 0.62, 0.2), "neutral"),
        ("unsure", UNSURE, "neutral"),
        ("unsure", UNSURE, "neutral"),
        ("labelled", UNSURE, "neutral"),
        (" ", UNSURE, "neutral"),
    )
    await write_scored(store, ("elsewhere", UNSURE, "neutral"), tag="other", start=20)
    await _say(store, 6, "positive")
    spring = {"term": {"hashtags": "spring"}}

    found = await posts_to_label(store, 10, among=spring)

    assert [post["text"] for post in found] == ["unsure", "disputed", "fairly sure", "sure"]
    assert [post["text"] for post in await posts_to_label(store, 1, among=spring)] == ["unsure"]
    assert "elsewhere" in [post["text"] for post in await posts_to_label(store, 10)]


async def test_the_command_line_labels_lists_imports_and_compares(
    taglake: CommandLine, store: Store, tmp_path: Path
) -> None:
    await write_scored(
        store,
        ("so good", UNSURE, "positive"),
        ("so bad", SURE, "negative"),
        ("ok", SURE, "neutral"),
    )
    made = await taglake("campaign", "create", "--name", "Spring", "--hashtag", "spring",
                         "--from", CAMPAIGN["from"], "--to", CAMPAIGN["to"])  # fmt: skip
    assert made.status == 0, made.err
    path = tmp_path / "labels.csv"
    path.write_text("post,label,by\nx:2,Negative,bob\nx:99,neutral,\nx:3,happy,\nx:3,neutral,\n")

    offered = await taglake("label", "--next", "--campaign", "spring", "--n", "1", "--json")
    printed = await taglake("label", "--next", "--campaign", "spring")
    given = await taglake("label", "x:1", "positive", "--by", "ann", "--note", "irony", "--json")
    said = await taglake("label", "x:1", "negative", "--by", "ann")
    imported = await taglake("label", "import", path, "--by", "ann")
    listed = await taglake("label", "list", "--campaign", "spring", "--json")
    table = await taglake("label", "list", "--by", "bob")
    compared = await taglake("label", "agreement", "--json")
    shown = await taglake("label", "agreement", "--campaign", "spring")

    assert [post["post"] for post in offered.json()["posts"]] == ["x:1"]
    assert all(text in printed.out for text in ("x:1", "so bad", "ok"))
    assert (given.json()["label"], given.json()["note"]) == ("positive", "irony")
    assert said.out.strip() == "x:1 now negative by ann (test-1 says unsure)"
    assert (imported.status, imported.out.strip()) == (2, "2 labels taken, 2 refused")
    assert ":3: there is no post" in imported.err
    assert ":4: label must be negative, neutral or positive" in imported.err
    labels = {(one["post"], one["by"]): one["label"] for one in listed.json()["items"]}
    assert labels == {
        ("x:1", "ann"): "negative",
        ("x:2", "bob"): "negative",
        ("x:3", "ann"): "neutral",
    }
    assert "x:2" in table.out
    assert "x:1" not in table.out
    assert compared.json()["people_vader"]["observed"]["value"] == pytest.approx(2 / 3)
    assert "3 labels of 3 posts" in shown.out
    wrong = await taglake("label", "x:1", "happy")
    assert (wrong.status, "'negative', 'neutral', 'positive'" in wrong.err) == (2, True)
    id_ = listed.json()["items"][0]["id"]
    assert (await taglake("label", "delete", id_)).status == 0
    assert (await taglake("label", "delete", id_)).status == 2
