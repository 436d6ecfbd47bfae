"""Arrays that are cut into their elements, whatever is in them and wherever a chunk ends."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestors.files import source as files
from ingestors.files.arrays import elements, opens_array
from ingestors.files.source import Line, Source

JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
OBJECTS = st.lists(st.dictionaries(st.text(max_size=5), JSON, max_size=3), min_size=1, max_size=5)


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(files, "CHUNK_BYTES", 7)


def cut(data: bytes, offset: int = 0, number: int = 1) -> list[tuple[Line, int]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        path.write_bytes(data)
        with Source(path) as source:
            return list(elements(source, offset, number))


def values(found: list[tuple[Line, int]]) -> list[Any]:
    return [json.loads(line.data) for line, _ in found]


@settings(deadline=None, max_examples=60)
@given(OBJECTS, st.sampled_from([None, 0, 2]), st.booleans(), st.sampled_from(["", " \n", ";\n"]))
def test_every_element_is_found_and_each_is_a_place_to_go_on(objects, indent, escaped, tail):
    text = json.dumps(objects, indent=indent, ensure_ascii=escaped) + tail
    data = text.encode("utf-8", "surrogatepass")

    found = cut(data)

    assert values(found) == objects
    for number, (line, next_line) in enumerate(found):
        assert data[line.offset :].startswith(line.data)
        assert line.number == data.count(b"\n", 0, line.offset) + 1
        assert cut(data, line.end, next_line) == found[number + 1 :]
        assert cut(data, line.offset, line.number) == found[number:]


@given(OBJECTS, st.floats(0.0, 0.99))
@settings(deadline=None, max_examples=40)
def test_an_array_that_is_cut_off_gives_its_whole_elements_and_says_so(objects, share):
    data = json.dumps(objects).encode()

    found = cut(data[: max(1, int(len(data) * share))])

    assert values([one for one in found if one[0].broken is None]) == objects[: len(found) - 1]
    assert found[-1][0].broken is not None


@pytest.mark.parametrize(
    ("data", "kept", "left"),
    [
        (b'[{"a": 1}, oh, {"b": 2}]', 2, [b"oh"]),
        (b'[{"a": 1}}, {"b": 2}]', 1, [b'{"a": 1}}']),
        (b'[{"a": 1}] and more', 1, [b"and more"]),
        (b'window.YTD.tweets.part12 = [ {"a": 1} ]', 1, []),
        (b"[]", 0, []),
        (b"[ ] ;\n", 0, []),
    ],
)
def test_what_is_no_element_stops_no_other(data, kept, left):
    good, bad = list[Any](), list[bytes]()

    for line, _ in cut(data):
        try:
            good.append(json.loads(line.data))
        except ValueError:
            bad.append(line.data)

    assert len(good) == kept
    assert bad == left


@pytest.mark.parametrize("text", [b"[1, 2]", b"[broken", b"[2024-01-01] a log", b"{}", b"a = [{"])
def test_what_only_begins_like_an_array_is_none(text):
    assert not opens_array(text)
