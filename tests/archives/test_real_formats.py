"""Recordings of X that are no plain archives: joined with what lies beside them, or cut out."""

from __future__ import annotations

import json
from collections import Counter
from contextlib import suppress
from pathlib import Path

from ingestors.files.detection import detect
from ingestors.platforms.archive import Options, connect, target_of
from lake.errors import InvalidError
from lake.records import Post, Profile, Record

PAYLOADS = Path(__file__).resolve().parents[2] / "../shared/payloads"


async def imported(path: Path) -> list[Record]:
    found: list[Record] = []
    async with connect(Options(path=path)) as archive:
        async for page in archive.pages(target_of(Options(path=path)), None):
            assert not page.unreadable
            for payload in page.payloads:
                found += archive.normalise(payload, page.observed_at)
    return found


async def posts(path: Path) -> list[Post]:
    return [record for record in await imported(path) if isinstance(record, Post)]


async def test_academictwitter_posts_have_the_authors_of_the_file_beside_them():
    folder = PAYLOADS / "x/academictwitteR/commtwitter"
    found = await posts(folder / "data_1399765322509557763.json")
    records = await imported(folder / "users_1399765322509557763.json")

    handles = {record.author.handle for record in records if isinstance(record, Profile)}
    assert len(records) == len(handles) == 4
    assert {post.author.handle for post in found} <= handles
    assert all(post.author.followers is not None for post in found)


async def test_a_recorded_search_of_v1_is_read(tmp_path):
    cassette = json.loads((PAYLOADS / "x/tweepy/testsearchtweets.json").read_text(encoding="utf-8"))
    answer = tmp_path / "search.json"
    answer.write_text(cassette["interactions"][0]["response"]["body"]["string"], encoding="utf-8")

    found = await posts(answer)

    assert Counter(post.kind for post in found) == {"post": 8, "reshare": 6, "reply": 1}
    assert sum(post.metrics.get("likes", 0) for post in found) == 17
    assert {post.media for post in found if post.media} == {("gif",), ("video",), ("photo",)}


def test_every_recording_is_told_as_what_its_folder_says():
    told = dict[Path, str]()
    for path in PAYLOADS.rglob("*.json*"):
        with suppress(InvalidError):
            told[path.relative_to(PAYLOADS)] = detect(path)

    assert len(told) >= 27
    assert all(form.startswith(path.parts[0]) for path, form in told.items()), told
