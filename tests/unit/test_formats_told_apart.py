"""Which format a file has is certain: every file that people have is told, whole, packed or not."""

from __future__ import annotations

import gzip
import json
import lzma
from pathlib import Path

import pytest

from ingestors.files.columns import ColumnMap
from ingestors.files.detection import detect, format_named, format_names
from ingestors.platform import Page
from ingestors.platforms.archive import Options, connect, target_of
from lake.errors import InvalidError
from lake.records import Post
from tests.fakes.archive_files import COUNT, FILES, documents

SINGLE = {
    "tweet.js",
    "v2-page.json",
    "instaloader.json",
    "export-of-one.json",
    "export-of-two.json",
}
NEWLINE = b"\n"
MORE = {"twint": 4}  # posts besides: retweets that stand beside their originals


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


async def imported(options: Options) -> tuple[list[Post], list[Page]]:
    async with connect(options) as archive:
        pages = [page async for page in archive.pages(target_of(options), None)]
        records = [
            record
            for page in pages
            for payload in page.payloads
            for record in archive.normalise(payload, page.observed_at)
        ]
    return [record for record in records if isinstance(record, Post)], pages


def test_there_is_a_file_of_every_format():
    assert {form for form, _ in FILES.values()} == set(format_names())


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress], ids=["plain", "gz", "xz"])
def test_every_file_is_told(tmp_path, name, pack):
    form, data = FILES[name]

    assert detect(written(tmp_path, name, pack(data))) == form


@pytest.mark.parametrize("name", FILES)
def test_a_byte_order_mark_changes_nothing(tmp_path, name):
    form, data = FILES[name]

    assert detect(written(tmp_path, name, b"\xef\xbb\xbf" + data)) == form


def test_no_format_takes_another_ones_document():
    formats = [format_named(name) for name in format_names()]

    for form, document in documents():
        told = [one.name for one in formats if one.detect(document)]
        assert told == [form], document


@pytest.mark.parametrize("name", [name for name in FILES if name != "table.csv"])
async def test_every_post_of_every_file_is_read(tmp_path, name):
    form, data = FILES[name]
    bare = await imported(Options(path=written(tmp_path, name, data)))
    packed = await imported(Options(path=written(tmp_path, name, lzma.compress(data))))

    posts, pages = bare
    assert not [one for page in pages for one in page.unreadable]
    assert len({post.native_id for post in posts}) == len(posts)
    assert all("one" in post.hashtags for post in posts)
    assert all(post.created_at <= post.observed_at for post in posts)
    assert [post.native_id for post in packed[0]] == [post.native_id for post in posts]
    if name not in SINGLE:
        assert len(posts) == COUNT + MORE.get(form, 0)


@pytest.mark.parametrize("size", [1, 5])
@pytest.mark.parametrize("name", ["tweets.js", "export.json", "twint.csv", "zeeschuimer.ndjson"])
async def test_a_walk_resumed_behind_any_page_gives_exactly_the_rest(tmp_path, name, size):
    options = Options(path=written(tmp_path, name, FILES[name][1]), page_payloads=size)
    target = target_of(options)

    async with connect(options) as archive:
        whole = [page async for page in archive.pages(target, None)]
        for number, page in enumerate(whole):
            rest = [page async for page in archive.pages(target, page.cursor)]
            assert rest == whole[number + 1 :]


def test_a_file_of_nothing_known_lists_the_formats(tmp_path):
    path = written(tmp_path, "a.js", b'window.YTD.like.part0 = [ {"like": {"tweetId": "1"}} ]')

    with pytest.raises(InvalidError, match=r"formats: apify_instagram, .*, zeeschuimer"):
        detect(path)


def test_a_format_that_is_named_wins(tmp_path):
    path = written(tmp_path, "4cat-x.csv", FILES["4cat-x.csv"][1])
    columns = ColumnMap(platform="x", columns={"id": "id", "text": "body"})

    assert target_of(Options(path=path, format="table", columns=columns)) != target_of(
        Options(path=path)
    )


async def test_a_broken_array_gives_what_it_has_and_tells_the_rest(tmp_path):
    data = FILES["tweets.js"][1]
    middle = data.index(b'"tweet"', len(data) // 2)
    bad = data[:middle] + b'"tweet" oh' + data[middle:]
    cut = data[: data.rindex(b'"full_text"')]

    posts, pages = await imported(Options(path=written(tmp_path, "bad.js", bad)))
    cut_posts, cut_pages = await imported(Options(path=written(tmp_path, "cut.js", cut)))

    (unreadable,) = (one for page in pages for one in page.unreadable)
    assert len(posts) == len(cut_posts) == COUNT - 1
    element = bad.rindex(b"{", 0, middle)
    assert unreadable.place == f"bad.js:{bad.count(NEWLINE, 0, element) + 1}"
    assert unreadable.reason.startswith("is not JSON")
    assert ["breaks off" in one.reason for page in cut_pages for one in page.unreadable] == [True]


async def test_arrays_behind_one_another_are_all_read(tmp_path):
    one = json.dumps([{"a": "]},{["}, {"b": '\\"'}], indent=1).encode()
    path = written(tmp_path, "a.json", one + b";\n" + one + b"\nrubbish")

    options = Options(path=path, format="zeeschuimer")
    async with connect(options) as archive:
        pages = [page async for page in archive.pages(target_of(options), None)]

    assert [payload.body for page in pages for payload in page.payloads] == [
        {"a": "]},{["}, {"b": '\\"'}, {"a": "]},{["}, {"b": '\\"'},
    ]  # fmt: skip
    assert [one.text for page in pages for one in page.unreadable] == ["rubbish"]
