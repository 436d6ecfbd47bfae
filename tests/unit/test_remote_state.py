"""The remote collector's memory: one file, whole at any moment."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from ingestors.remote_state import StateFile
from lake import times
from lake.errors import StorageError
from lake.quota import LimitBook

TAG = "mastodon:hashtag:vans"


def test_places_and_limits_outlive_the_process(tmp_path: Path) -> None:
    path = tmp_path / "new" / "state.json"
    state = StateFile.read(path)
    until = times.now() + timedelta(hours=1)
    book = LimitBook()
    book.close("search", until)

    state.move(TAG, "12")
    state.move("mastodon:profile:ann", "7")
    state.move(TAG, "13")
    state.keep("mastodon", book)

    again, restored = StateFile.read(path), LimitBook()
    again.restore("mastodon", restored)
    again.restore("bluesky", LimitBook())
    assert (again.cursor(TAG), again.cursor("mastodon:profile:ann")) == ("13", "7")
    assert again.cursor("mastodon:hashtag:other") is None
    open_at = restored.open_at("search")
    assert open_at is not None
    assert abs((open_at - until).total_seconds()) < 1
    assert [each.name for each in path.parent.iterdir()] == ["state.json"]


def test_limits_that_did_not_change_are_not_written(tmp_path: Path) -> None:
    path = tmp_path / "state.json"

    StateFile.read(path).keep("mastodon", LimitBook())

    assert not path.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"version": 9}', '{"version": 1, "cursors": [], "limits": {}}',
             '{"version": 1, "cursors": {"a": 1}, "limits": {}}', "[" * 100_000, '"\ud83d"'],
)  # fmt: skip
def test_a_foreign_file_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text, errors="surrogatepass")
    before = path.read_bytes()

    with pytest.raises(StorageError, match="is no state"):
        StateFile.read(path)

    assert path.read_bytes() == before


def test_a_place_that_cannot_be_kept_is_not_believed(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    state = StateFile.read(path)
    state.move(TAG, "1")
    (tmp_path / ".state.json.new").mkdir()  # in the way of the next write

    with pytest.raises(StorageError, match="cannot be written"):
        state.move(TAG, "2")

    assert state.cursor(TAG) == "1"
    assert json.loads(path.read_text())["cursors"] == {TAG: "1"}
