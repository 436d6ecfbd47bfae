"""The registry in a real lake: one champion, moved by one at a time, everything kept."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enrichment.registry import Registry
from lake.audit import Audit, Entry
from lake.config import EnrichmentConfig
from lake.errors import ConfigError, ConflictError, InvalidError, NotFoundError
from lake.model_record import Measured, Training
from lake.store import Store
from tests.fakes.bag_models import GOOD, bag_model

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
MEASURED = Measured("d1", "val.tsv", 2_000, 0.7, 0.71, 0.72, AT, 1_500.0)
Add = Callable[[str], Path]


@pytest.fixture
def settings(tmp_path: Path) -> EnrichmentConfig:
    return EnrichmentConfig(models_dir=tmp_path / "models", threads=1)


@pytest.fixture
def registry(store: Store, settings: EnrichmentConfig) -> Registry:
    return Registry(store, settings, "ann")


async def _add(registry: Registry, tmp_path: Path, name: str, sure: float = 4.0) -> Path:
    folder = bag_model(tmp_path / f"made-{name}", GOOD, sure=sure)
    await registry.add(folder, name, "added")
    return folder


async def test_a_model_is_added_once_and_listed_with_what_is_known(
    registry: Registry, settings: EnrichmentConfig, tmp_path: Path
) -> None:
    folder = await _add(registry, tmp_path, "one")
    again = await registry.add(folder, "one", "added")

    await registry.note("one", MEASURED)
    models = {one.name: one for one in await registry.list()}
    assert models["one"].evaluations == (MEASURED,)
    assert models["one"].digest == again.digest
    assert models["one"].labels == {name: name for name in GOOD.values()}
    assert models["one"].added_by == "ann"
    assert "vader" in models
    assert (settings.models_dir / "one/model.onnx").is_file()
    assert [path.name for path in settings.models_dir.iterdir()] == ["one"]
    assert len(await registry.audit.last(action="model.add")) == 1


async def test_another_models_name_is_not_taken(
    registry: Registry, settings: EnrichmentConfig, tmp_path: Path
) -> None:
    await _add(registry, tmp_path, "one")
    other = bag_model(tmp_path / "other", GOOD, sure=7.0)
    before = (settings.models_dir / "one/model.onnx").read_bytes()

    with pytest.raises(ConflictError, match="the name one is taken"):
        await registry.add(other, "one", "added")
    (settings.models_dir / "two").mkdir()
    bag_model(settings.models_dir / "two/x", GOOD)
    with pytest.raises(ConfigError):
        await registry.add(other, "two", "added")
    for name in ("../x", "champion", "training", "vader", "A"):
        with pytest.raises(InvalidError):
            await registry.add(other, name, "added")

    assert (settings.models_dir / "one/model.onnx").read_bytes() == before
    assert await registry.records.find("two") is None


async def test_a_broken_folder_is_not_added(
    registry: Registry, settings: EnrichmentConfig, tmp_path: Path
) -> None:
    folder = bag_model(tmp_path / "made", GOOD)
    onnx = folder / "model.onnx"
    onnx.write_bytes(onnx.read_bytes()[:-100])

    with pytest.raises(ConfigError, match=r"model\.onnx"):
        await registry.add(folder, "one", "added")

    assert await registry.records.find("one") is None
    assert not (settings.models_dir / "one").exists()
    assert not settings.models_dir.exists() or not list(settings.models_dir.iterdir())


async def test_the_champion_moves_and_goes_back(registry: Registry, tmp_path: Path) -> None:
    await _add(registry, tmp_path, "one")
    await _add(registry, tmp_path, "two", 5.0)
    first = await registry.champion()

    await registry.promote("one", first, figures=[("one", MEASURED)])
    await registry.promote("two", await registry.champion(), forced=True, reason="faster")
    two = await registry.champion()
    await registry.rollback("worse on short posts")
    one = await registry.champion()
    await registry.promote("vader", one)

    assert first.name == "taglake-small"
    assert (two.name, two.previous) == ("two", ("one", "taglake-small"))
    assert two.digest == (await registry.get("two")).digest
    assert (one.name, one.previous) == ("one", ("taglake-small",))
    assert [(move.name, move.action) for move in one.history] == [
        ("one", "promote"),
        ("two", "force"),
        ("one", "rollback"),
    ]
    assert (await registry.champion()).previous == ("one", "taglake-small")
    entries = await registry.audit.last(action="model.", subject="one")
    assert [one.action for one in entries] == ["model.rollback", "model.promote", "model.add"]
    assert entries[0].reason == "worse on short posts"
    assert entries[1].details["macro_f1.one"] == 0.71
    [forced] = await registry.audit.last(action="model.force")
    assert (forced.actor, forced.reason, forced.details["before"]) == ("ann", "faster", "one")


async def test_of_two_who_promote_at_once_one_wins(registry: Registry, tmp_path: Path) -> None:
    await _add(registry, tmp_path, "one")
    await _add(registry, tmp_path, "two", 5.0)
    for _ in range(2):  # the first move makes the document, the second changes it
        old = await registry.champion()
        names = [name for name in ("one", "two") if name != old.name]
        tries = [registry.promote(name, old) for name in (names * 2)[:2]]

        moved = await asyncio.gather(*tries, return_exceptions=True)

        [lost] = [one for one in moved if isinstance(one, BaseException)]
        assert isinstance(lost, ConflictError)
        assert "somebody else moved the champion" in str(lost)
    assert len((await registry.champion()).history) == 2
    assert len(await registry.audit.last(action="model.promote")) == 2


async def test_what_cannot_be_promoted_is_refused(
    registry: Registry, settings: EnrichmentConfig, tmp_path: Path
) -> None:
    await _add(registry, tmp_path, "one")
    champion = await registry.champion()
    (settings.models_dir / "one").rename(tmp_path / "elsewhere")

    with pytest.raises(NotFoundError, match="there is no model 'nope'"):
        await registry.promote("nope", champion)
    with pytest.raises(InvalidError, match="the files of one are not in"):
        await registry.promote("one", champion)
    with pytest.raises(InvalidError, match="there is no champion before"):
        await registry.rollback()

    assert await registry.records.champion() is None


async def test_notes_of_two_at_once_are_both_kept(registry: Registry, tmp_path: Path) -> None:
    await _add(registry, tmp_path, "one")
    others = [Measured(f"d{n}", "x", 1, 1.0, 1.0, 1.0, AT) for n in range(2)]

    await asyncio.gather(*(registry.note("one", each) for each in others))

    assert {one.data_digest for one in (await registry.get("one")).evaluations} == {"d0", "d1"}


async def test_a_training_is_claimed_by_one(registry: Registry) -> None:
    from enrichment.retraining import claim, finish

    first = await asyncio.gather(*(claim(registry.records, f"host {n}", 7) for n in range(4)))
    held = await claim(registry.records, "late", 7)
    await finish(registry.records, "better", 300)
    after = await registry.records.training()
    done = await claim(registry.records, "late", 7)

    assert [one for one in first if one is not None] == [Training()]
    assert (held, done) == (None, None)
    assert (after.outcome, after.labels_n, after.claimed_by) == ("better", 300, None)
    assert after.finished_at is not None


async def test_the_audit_keeps_hostile_words(store: Store) -> None:
    audit = Audit(store.client, store.layout)
    entry = Entry(
        "ann\x00", "model.force", "x" * 5_000, AT, "\ud800 =1+1", {"a.b\x00": "y" * 5_000, "n": 1.5}
    )

    await audit.note(entry)

    [found] = await audit.last()
    assert (found.actor, found.reason) == ("ann\ufffd", "\ufffd =1+1")
    assert len(found.subject) == len(str(found.details["a.b\ufffd"])) == 1_000
    assert found.details["n"] == 1.5
