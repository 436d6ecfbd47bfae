"""What Taglake exports it reads back: the same posts, from CSV and from JSON."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.posts import public_post
from api.export import csv_lines, harmless, json_chunks
from ingestors.formats import taglake
from ingestors.platform import Payload
from ingestors.platforms.archive import Options, connect, target_of
from lake.documents import Origin, post_document
from lake.errors import PayloadError
from lake.layout import Layout
from lake.records import Author, Erasure, Post
from tests.fakes import archive_web as web

SEEN = datetime(2026, 1, 1, tzinfo=UTC)
ORIGIN = Origin("run", "archive:file:a")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


def exported(post: Post) -> dict[str, Any]:
    """A post as the lake keeps it and an export shows it."""
    return public_post(post_document(Layout("taglake"), post, ORIGIN).source)


async def given_rows(posts: list[Post]) -> AsyncIterator[dict[str, Any]]:
    for post in posts:
        yield exported(post)


async def written(path: Path, posts: list[Post]) -> Path:
    if path.suffix == ".csv":
        return saved(path, "".join([line async for line in csv_lines(given_rows(posts))]).encode())
    return saved(path, b"".join([chunk async for chunk in json_chunks(given_rows(posts))]))


def saved(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


async def imported(path: Path) -> list[Post]:
    found: list[Post] = []
    async with connect(Options(path=path)) as archive:
        async for page in archive.pages(target_of(Options(path=path)), None):
            assert not page.unreadable
            for payload in page.payloads:
                found += [r for r in archive.normalise(payload, SEEN) if isinstance(r, Post)]
    return found


def a_post(n: int, **changes: Any) -> Post:
    fields: dict[str, Any] = {
        "platform": "mastodon",
        "kind": ("post", "reshare", "quote", "reply", "comment")[n % 5],
        "native_id": f"https://a.example/{n}",
        "created_at": datetime(2023, 6, 28, 13, 46, 40, 123_000, tzinfo=UTC),
        "observed_at": datetime(2023, 7, 1, 10, 0, 0, 456_000, tzinfo=UTC),
        "text": f"text #{n}",
        "author": Author("7", "ann", "-Ann", 9, verified=False) if n % 2 else Author(),
        "url": f"https://a.example/@ann/{n}",
        "language": "de" if n % 2 else None,
        "hashtags": ("one", "zwei"),
        "mentions": ("bob@a.example",),
        "media": ("photo", "gif"),
        "reply_to": "5" if n % 5 else None,
        "metrics": {"likes": 0, "comments": 3, "score": -4} if n % 3 else {},
    }
    return Post(**fields | changes)


@pytest.mark.parametrize("suffix", [".csv", ".json"])
@pytest.mark.parametrize("count", [1, 2, 40])
async def test_an_export_reads_back_as_the_same_posts(tmp_path, suffix, count):
    posts = [a_post(n) for n in range(count)]

    assert await imported(await written(tmp_path / f"a{suffix}", posts)) == posts


@pytest.mark.parametrize("suffix", [".csv", ".json"])
async def test_text_that_a_spreadsheet_would_run_reads_back_as_it_was(tmp_path, suffix):
    texts = ["=1+1", "+1", "-1 °C", "@bob hi", "\tx", "\rx", " \n=1", "＝1", "", " a ", "it's",
             'say "hi", all', "two\r\nlines\n", "\u2028", "'quoted'", "'=1", "''@bob",
             "'\tx"]  # fmt: skip
    posts = [a_post(n, text=text, native_id=str(n)) for n, text in enumerate(texts)]

    found = await imported(await written(tmp_path / f"a{suffix}", posts))

    assert [post.text for post in found] == texts


@given(TEXT)
def test_any_text_that_is_guarded_reads_back(text):
    assert taglake.unguarded(harmless(text)) == text


async def test_what_was_erased_stays_erased():
    gone = {"at": "2023-07-02T00:00:00.000Z", "reason": "deleted", "text_removed": True}

    _, erasure = taglake.normalise(Payload("post", web.taglake(1) | {"erased": gone}), SEEN)

    assert erasure == Erasure(
        "mastodon", "-id/1", datetime(2023, 7, 2, tzinfo=UTC), "deleted", text_goes=True
    )


@pytest.mark.parametrize(
    "changes",
    [
        {"platform": "../x"},
        {"platform": "X"},
        {"platform": None},
        {"kind": "story"},
        {"id": ""},
        {"created_at": None},
        {"observed_at": "soon"},
    ],
)
def test_a_post_that_could_not_be_ours_is_refused(changes):
    with pytest.raises(PayloadError):
        taglake.normalise(Payload("post", web.taglake(1) | changes), SEEN)
