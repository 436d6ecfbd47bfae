"""Archive files as they lie about: packed, cut off, half written, of the wrong kind."""

from __future__ import annotations

import gzip
import json
import lzma
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestors.connections import connection
from ingestors.files.detection import detect, format_names
from ingestors.platform import Page, Target
from ingestors.platforms.archive import Options, connect, target_of
from lake.errors import ConfigError, InvalidError
from lake.records import Post
from lake.text import digest

TWEET = {
    "status_id": "1075264883367632896",
    "user_id": "1",
    "screen_name": "ann",
    "text": "#a",
    "created_at": "2018-12-19T05:41:40Z",
}


def tweets(count: int) -> list[dict[str, object]]:
    return [{**TWEET, "status_id": str(1_075_264_883_367_632_896 + n)} for n in range(count)]


def lines(count: int) -> bytes:
    return b"".join(json.dumps(tweet).encode() + b"\n" for tweet in tweets(count))


def written(folder: Path, data: bytes, name: str = "a.jsonl") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


async def pages_of(path: Path, **settings: object) -> list[Page]:
    options = Options.model_validate({"path": path, **settings})
    async with connect(options) as archive:
        return [page async for page in archive.pages(target_of(options), None)]


def ids(pages: list[Page]) -> list[str]:
    return [payload.body["status_id"] for page in pages for payload in page.payloads]


PACKERS = pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gz", "xz"])


@PACKERS
async def test_a_packed_file_reads_as_the_plain_one(tmp_path, pack):
    plain = written(tmp_path, lines(30), "plain.jsonl")
    packed = written(tmp_path, pack(lines(10)) + pack(lines(30)[len(lines(10)) :]) + b"\0" * 8)

    assert ids(await pages_of(packed, page_payloads=7)) == ids(await pages_of(plain))


@pytest.mark.parametrize("pack", [bytes, gzip.compress, lzma.compress])
async def test_a_walk_resumed_behind_any_page_gives_exactly_the_rest(tmp_path, pack):
    data = lines(5) + b"\n\r\n{broken\n" + json.dumps(tweets(9)).encode() + b"\n" + lines(4)
    options = Options(path=written(tmp_path, pack(data)), page_payloads=3)
    target = target_of(options)

    async with connect(options) as archive:
        whole = [page async for page in archive.pages(target, None)]
        for number, page in enumerate(whole):
            rest = [page async for page in archive.pages(target, page.cursor)]
            assert rest == whole[number + 1 :]
    assert sum(len(page.payloads) for page in whole) == 18


async def test_bad_lines_are_told_with_their_number_and_stop_nothing(tmp_path):
    good = lines(1).strip()
    data = [b"\xef\xbb\xbf" + good, b"", b"{half", b"12", b'"text"', b"[1]", b"\xff\xfe", good]

    (page,) = await pages_of(written(tmp_path, b"\r\n".join(data)))

    assert [payload.place for payload in page.payloads] == ["a.jsonl:1", "a.jsonl:8"]
    assert [one.place for one in page.unreadable] == [f"a.jsonl:{n}" for n in (3, 4, 5, 6, 7)]
    assert page.unreadable[0].text == "{half"
    assert all(one.reason.startswith("is no") for one in page.unreadable)


async def test_a_bad_first_line_does_not_hide_the_others(tmp_path):
    (page,) = await pages_of(written(tmp_path, b'{"half": \n' + lines(3)))

    assert len(page.payloads) == 3
    assert [one.place for one in page.unreadable] == ["a.jsonl:1"]


@PACKERS
async def test_a_packed_file_that_breaks_off_gives_what_it_has(tmp_path, pack):
    noise = b"".join(
        json.dumps({**TWEET, "status_id": str(10**18 + n), "text": digest(str(n))}).encode() + b"\n"
        for n in range(2_000)
    )
    packed = pack(noise)

    cut = await pages_of(written(tmp_path, packed[: len(packed) // 2]))
    damaged = await pages_of(
        written(tmp_path, packed[:30_000] + b"\xff" * 100 + packed[30_100:], "b.jsonl")
    )

    for pages, reason in ((cut, "breaks off"), (damaged, "damaged")):
        assert len(ids(pages)) > 100
        unreadable = [one for page in pages for one in page.unreadable]
        assert reason in unreadable[-1].reason


async def test_one_document_for_the_whole_file_is_read_whole(tmp_path):
    data = json.dumps(tweets(4), indent=2).encode()

    pages = await pages_of(written(tmp_path, data), page_payloads=3)

    assert len(ids(pages)) == 4
    assert len(pages) == 2


async def test_half_characters_and_nan_are_kept_as_well_as_can_be(tmp_path):
    line = json.dumps(TWEET).replace("#a", "#a \\ud83d").replace('"1"', "NaN")

    (page,) = await pages_of(written(tmp_path, line.encode()))

    assert page.payloads[0].body["text"] == "#a �"
    assert page.payloads[0].body["user_id"] is None


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "the file is empty"),
        (b" \n\n", "the file is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not an archive that Taglake knows"),
        (b"\xff\xfe{\0", "UTF-16"),
        (b"\x1f\x8b\x08garbage", "gzip"),
        (b"just some words\nand more", "not an archive that Taglake knows"),
        (b'{"a": 1}\n', "formats: apify_instagram, .*x_v2, zeeschuimer"),
        (b"[]", "not an archive that Taglake knows"),
    ],
)
async def test_what_cannot_be_an_archive_is_one_clear_line(tmp_path, data, message):
    with pytest.raises(InvalidError, match=message) as refused:
        target_of(Options(path=written(tmp_path, data)))

    assert "\n" not in str(refused.value)
    assert "a.jsonl" in str(refused.value)


def test_folders_missing_files_and_unknown_formats_are_one_clear_line(tmp_path):
    with pytest.raises(InvalidError, match="is a folder"):
        target_of(Options(path=tmp_path))
    with pytest.raises(InvalidError, match="no such file"):
        target_of(Options(path=tmp_path / "nothing.csv"))
    with pytest.raises(ConfigError, match="no format snscrape; formats: apify"):
        target_of(Options(path=written(tmp_path, lines(1)), format="snscrape"))


def test_formats_are_told_by_their_entries(tmp_path):
    mixed = b'{"meta": {"result_count": 0}}\n{"data": {"id": "1", "text": "a"}}\n'
    either = lines(1) + b'{"id": "1", "text": "a"}\n'

    assert {"bluesky", "rtweet", "table", "x_v2"} <= set(format_names())
    assert detect(written(tmp_path, lines(3))) == "rtweet"
    assert detect(written(tmp_path, mixed)) == "x_v2"
    assert detect(written(tmp_path, b"a,b\n1,2\n3,4\n")) == "table"
    with pytest.raises(InvalidError, match="might be rtweet or x_v2; say which with --format"):
        detect(written(tmp_path, either))


def test_a_target_is_the_same_file_read_the_same_way(tmp_path):
    path = written(tmp_path, lines(2))
    target = target_of(Options(path=path))

    path.touch()
    again = target_of(Options(path=path, format="rtweet", page_payloads=9))
    tagged = target_of(Options(path=path, hashtags=("b",)))
    path.write_bytes(lines(3))
    longer = target_of(Options(path=path))

    assert target.key.startswith("archive:file:a.jsonl@")
    assert len(target.value) == len("a.jsonl@") + 16
    assert target == again
    assert len({target, tagged, longer}) == 3


async def test_posts_are_seen_at_the_files_time_but_never_before_they_were_posted(tmp_path):
    path = written(tmp_path, lines(1))
    old = datetime(2010, 1, 1, tzinfo=UTC)
    os.utime(path, (old.timestamp(), old.timestamp()))

    (early,) = await pages_of(path)
    (told,) = await pages_of(path, observed_at="2019-01-01T00:00:00")
    async with connect(Options(path=path, hashtags=("#Extra",), platform="mirror")) as archive:
        (post,) = archive.normalise(early.payloads[0], early.observed_at)

    assert early.observed_at == old
    assert told.observed_at == datetime(2019, 1, 1, tzinfo=UTC)
    assert isinstance(post, Post)
    assert post.observed_at == post.created_at > old + timedelta(days=1)
    assert (post.platform, post.hashtags) == ("mirror", ("a", "extra"))


async def test_a_dead_letter_is_replayed_without_its_file(tmp_path):
    path = written(tmp_path, lines(1))
    (page,) = await pages_of(path)
    async with connect(Options(path=path, hashtags=("b",))) as archive:
        before = archive.normalise(page.payloads[0], page.observed_at)
        context = archive.context
    path.unlink()

    assert context is not None
    assert str(tmp_path) not in context
    async with connection("archive", json.loads(context)) as replayed:
        assert replayed.normalise(page.payloads[0], page.observed_at) == before


async def test_strange_targets_and_positions_are_refused(tmp_path):
    options = Options(path=written(tmp_path, lines(1)))

    async with connect(options) as archive:
        for target, cursor in (
            (Target("archive", "hashtag", "a"), None),
            (target_of(options), "12"),
            (target_of(options), "a:b:c"),
        ):
            with pytest.raises(InvalidError):
                await anext(archive.pages(target, cursor))
