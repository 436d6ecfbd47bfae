"""Tables of every make, with a column map."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ingestors.files.columns import ColumnMap, column_map
from ingestors.formats.table import bound
from ingestors.platform import Page, Payload
from ingestors.platforms.archive import Options, connect, target_of
from lake.errors import ConfigError, PayloadError
from lake.records import Post

SEEN = datetime(2026, 1, 1, tzinfo=UTC)
COLUMNS = {"id": "id", "text": "text", "created_at": "time"}


def post_of(platform: str, columns: dict[str, str], row: dict[str, str]) -> Post:
    made = bound(ColumnMap(platform=platform, columns=columns))
    (post,) = made.normalise(Payload("row", dict(row)), SEEN)
    assert isinstance(post, Post)
    return post


async def pages_of(path: Path, columns: ColumnMap, size: int = 500) -> list[Page]:
    options = Options(path=path, columns=columns, page_payloads=size)
    async with connect(options) as archive:
        return [page async for page in archive.pages(target_of(options), None)]


def test_every_field_has_its_column():
    row = {
        "i": "7",
        "ti": "A title",
        "te": "and #text for @Ann",
        "when": "1539202764",
        "who": "42",
        "handle": "@Bob",
        "fans": "1.2K",
        "ok": "TRUE",
        "n": "1,000",
        "score": "-4",
        "saves": "NA",
        "kind": "retweet",
        "to": "6",
        "tags": "#One, TWO",
    }
    columns = {
        "id": "i", "title": "ti", "text": "te", "created_at": "when", "author_id": "who",
        "author_handle": "handle", "followers": "fans", "verified": "ok", "likes": "n",
        "score": "score", "saves": "saves", "kind": "kind", "reply_to": "to", "hashtags": "tags",
    }  # fmt: skip

    post = post_of("reddit", columns, row)

    assert (post.platform, post.native_id, post.kind, post.reply_to) == (
        "reddit", "7", "reshare", "6",
    )  # fmt: skip
    assert post.text == "A title\n\nand #text for @Ann"
    assert post.hashtags == ("one", "two")
    assert post.mentions == ("ann",)
    assert (post.author.id, post.author.handle, post.author.followers, post.author.verified) == (
        "42", "Bob", 1_200, True,
    )  # fmt: skip
    assert post.metrics == {"likes": 1_000, "score": -4}
    assert post.metrics_missing == ("saves",)


@pytest.mark.parametrize(
    ("platform", "url", "native_id"),
    [
        ("x", "https://twitter.com/ann/status/1390633129203879937?s=20", "1390633129203879937"),
        ("x", "https://twitter.com/statuses/901656910939770881", "901656910939770881"),
        ("x", "https://x.com/i/web/status/901656910939770881", "901656910939770881"),
        ("youtube", "https://www.youtube.com/watch?app=m&v=zeBZvwYQ-hA&t=1", "zeBZvwYQ-hA"),
        ("youtube", "https://youtu.be/zeBZvwYQ-hA", "zeBZvwYQ-hA"),
        (
            "bluesky",
            "https://bsky.app/profile/did:plc:abc/post/3lt4",
            "at://did:plc:abc/app.bsky.feed.post/3lt4",
        ),
        (
            "bluesky",
            "https://bsky.app/profile/a.b/post/3lt4",
            "https://bsky.app/profile/a.b/post/3lt4",
        ),
        ("forum", "https://forum.test/t/1", "https://forum.test/t/1"),
    ],
)
def test_an_address_tells_the_id(platform, url, native_id):
    post = post_of(platform, {"url": "u", "created_at": "t"}, {"u": url, "t": "2020-01-01"})

    assert post.native_id == native_id
    assert post.url == url


def test_a_row_without_id_columns_is_known_by_what_it_says():
    columns = {"text": "text", "created_at": "time"}
    first = {"text": "a", "time": "2020-01-01"}

    one = post_of("forum", columns, first)
    same = post_of("forum", columns, dict(reversed(first.items())))
    other = post_of("forum", columns, {**first, "text": "b"})

    assert one.native_id == same.native_id != other.native_id


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        ({"id": "i", "created_at": "t"}, {"i": "NA", "t": "2020-01-01"}),
        ({"id": "i", "created_at": "t"}, {"i": "1", "t": "NA"}),
        ({"id": "i", "created_at": "t"}, {"i": "1"}),
        ({"id": "i"}, {"i": "1"}),
        ({"text": "x", "created_at": "t"}, {"x": "", "t": ""}),
    ],
)
def test_a_row_without_id_or_time_is_a_payload_error(columns, row):
    with pytest.raises(PayloadError):
        post_of("forum", columns, row)


@pytest.mark.parametrize("columns", [{"id": "i"}, {"id": "i", "created_at": "from-id"}])
def test_the_id_of_x_gives_the_time(columns):
    post = post_of("x", columns, {"i": "x1409518932210372614"})

    assert post.created_at == datetime(2021, 6, 28, 14, 27, 55, 691_000, tzinfo=UTC)
    assert post.text == ""


async def test_tabs_semicolons_marks_line_ends_and_old_encodings_are_read(tmp_path, caplog):
    text = 'id;text;time\r\n1;"Köln;\r\nzwei";2020-01-01\r\n\r\n2;"a ""b""";2020-01-02\r\n'
    files = {
        "bom.csv": b"\xef\xbb\xbf" + text.encode(),
        "latin.csv": text.encode("cp1252"),
        "tabs.tsv": text.replace("Köln;", "Köln,").replace(";", "\t").encode(),
    }
    for name, data in files.items():
        path = tmp_path / name
        path.write_bytes(data)

        (page,) = await pages_of(path, ColumnMap(platform="forum", columns=COLUMNS))

        assert [payload.place for payload in page.payloads] == [f"{name}:2", f"{name}:5"]
        assert page.payloads[0].body["text"][:4] == "Köln"
        assert page.payloads[1].body["text"] == 'a "b"'
    assert any("Windows-1252" in record.message for record in caplog.records)


async def test_a_row_with_too_many_cells_is_unreadable_and_a_short_one_lacks_cells(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,text,time\n1,a,2020-01-01,oops\n2\n3,c,2020-01-01\n")

    (page,) = await pages_of(path, ColumnMap(platform="forum", columns=COLUMNS))

    assert [one.place for one in page.unreadable] == ["a.csv:2"]
    assert [payload.body["id"] for payload in page.payloads] == ["2", "3"]


async def test_a_table_resumes_behind_any_page_even_inside_quotes(tmp_path):
    path = tmp_path / "a.csv"
    rows = "".join(f'{n},"one\ntwo {n}",2020-01-01\n' for n in range(50))
    path.write_text("id,text,time\n" + rows)
    options = Options(
        path=path, columns=ColumnMap(platform="forum", columns=COLUMNS), page_payloads=7
    )
    target = target_of(options)

    async with connect(options) as archive:
        whole = [page async for page in archive.pages(target, None)]
        for number, page in enumerate(whole):
            rest = [page async for page in archive.pages(target, page.cursor)]
            assert rest == whole[number + 1 :]
    assert [len(page.payloads) for page in whole] == [7] * 7 + [1]


def test_a_column_map_is_read_from_a_file_and_the_command_line_wins(tmp_path):
    path = tmp_path / "map.yaml"
    path.write_text("platform: x\ncolumns: {likes: fav, id: id}\nhashtags: [one]\n")

    columns = column_map(["likes=like count", "text=te=xt"], path, {"header": False})

    assert columns.columns == {"likes": "like count", "id": "id", "text": "te=xt"}
    assert (columns.platform, columns.hashtags, columns.header) == ("x", ("one",), False)


@pytest.mark.parametrize(
    ("pairs", "text"),
    [
        (["likes"], None),
        (["heart=like"], None),
        ([], "colums: {}"),
        ([], "columns: {heart: like}"),
        ([], "- a"),
        ([], "columns: ["),
        (["id=id"], "columns: [a]"),
        ([], "delimiter: ab"),
    ],
)
def test_a_column_map_that_is_wrong_is_a_config_error(tmp_path, pairs, text):
    path = tmp_path / "map.yaml"
    path.write_text(text or "")

    with pytest.raises(ConfigError):
        column_map(pairs, path if text else None)


def test_a_map_that_does_not_fit_the_table_names_what_there_is(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,text,time\n1,a,2020-01-01\n")
    columns = ColumnMap(platform="forum", columns={**COLUMNS, "likes": "hearts"})

    with pytest.raises(ConfigError, match=r"likes=hearts; columns: id, text, time"):
        target_of(Options(path=path, columns=columns))
    with pytest.raises(ConfigError, match="--platform"):
        target_of(Options(path=path, columns=ColumnMap(columns=COLUMNS)))
