"""Labelled files: read as written, whatever the texts hold."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from enrichment.labelled import LABELS, Labelled, read_labelled
from lake.errors import InvalidError

TEXTS = st.text(
    st.one_of(
        st.sampled_from(list("\"'\t,;|\r\n #@:)=01\u2028\x0b\x0c\x85\x1c\ufeff🙂é")),
        st.characters(exclude_characters="\0", exclude_categories=["Cs"]),
    ),
    max_size=40,
)
ROWS = st.lists(st.tuples(TEXTS, st.sampled_from(LABELS)), min_size=1, max_size=12)
HERE = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def read(path: Path, **options: object) -> list[tuple[str, str]]:
    return [(each.text, each.label) for each in read_labelled(path, **options)]  # type: ignore[arg-type]


def written(tmp_path: Path, name: str, content: str | bytes) -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@HERE
@given(ROWS, st.sampled_from(",;|"), st.booleans())
def test_csv_is_read_as_written(tmp_path: Path, rows, delimiter: str, header: bool):
    assume(header or rows[0][0].strip().lower() not in {"", "text", "tweet"})
    path = tmp_path / "x.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        quoting = csv.QUOTE_NONNUMERIC
        writer = csv.writer(file, delimiter=delimiter, quoting=quoting)
        if header:
            writer.writerow(["Text", "label"])
        writer.writerows(rows)

    assert read(path, text=None if header else "1", label=None if header else "2") == rows


@HERE
@given(ROWS, st.booleans(), st.sampled_from(["x.tsv", "x.txt", "x"]))
@example([("2", "negative")], False, "x.tsv")
def test_plain_tsv_is_read_as_written_a_line_a_row(tmp_path: Path, rows, label_first, name):
    """No quote swallows a line: only tabs and line ends cannot stand in a text."""
    rows = [(text.translate({9: 32, 10: 32, 13: 32}), label) for text, label in rows]
    assume(not any('""' in text or text.startswith('"') for text, _ in rows))
    lines = [f"{label}\t{text}" if label_first else f"{text}\t{label}" for text, label in rows]
    path = written(tmp_path, name, "\ufeff" + "\r\n".join(lines))

    columns = {"text": "2", "label": "1"} if label_first else {"text": "1", "label": "2"}
    assert read(path, **columns) == rows


@HERE
@given(ROWS, st.booleans())
def test_json_lines_are_read_as_written(tmp_path: Path, rows, packed: bool):
    content = "".join(
        json.dumps({"n": 1, "tweet": text, "Sentiment": label}, ensure_ascii=packed) + "\n\n"
        for text, label in rows
    ).encode()
    path = written(tmp_path, "x.jsonl", gzip.compress(content) if packed else content)

    assert read(path) == rows


@HERE
@given(ROWS)
def test_a_text_file_with_its_labels_beside_it_is_read_as_written(tmp_path: Path, rows):
    rows = [
        (text.translate({10: 32, 13: 32}).removeprefix("\ufeff"), label) for text, label in rows
    ]
    written(
        tmp_path, "val_labels.txt", "\n".join(str(LABELS.index(x)) for _, x in rows) + "\n1\n0\n2"
    )
    path = written(tmp_path, "val_text.txt", "\n".join(text for text, _ in rows) + "\na\nb\nc\n")

    assert read(path) == [*rows, ("a", "neutral"), ("b", "negative"), ("c", "positive")]


def test_a_quote_in_a_tsv_text_swallows_nothing(tmp_path: Path):
    lines = ['1\t"open and', '0\tshut"', '2\t"whole"', '1\ta "b" c"', "0\tplain"]

    assert [text for text, _ in read(written(tmp_path, "x.tsv", "\n".join(lines)))] == [
        '"open and', 'shut"', '"whole"', 'a "b" c"', "plain",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        '"text"\t"label"\n"he said ""no"""\t"positive"\n"plain"\t"negative"\n',
        'text\tlabel\n"he said ""no"""\tpositive\nplain\tnegative\n',
        'text\tlabel\n"he said ""no"""\tpositive\n"plain"\tnegative\n\n',
    ],
    ids=["all quoted", "needed quotes", "a quote that is not needed"],
)
def test_tsv_of_a_csv_writer_is_unquoted_where_its_quotes_are_plainly_csvs(tmp_path, content):
    needed = '"plain"\tneg' not in content

    first, second = read(written(tmp_path, "x.tsv", content))

    assert first[0] == ('he said "no"' if needed else '"he said ""no"""')
    assert second[0] == ("plain" if needed else '"plain"')


def test_tsv_whose_quoted_texts_hold_tabs_and_lines_is_csv_with_tabs(tmp_path: Path):
    path = written(tmp_path, "x.tsv", 'text\tlabel\n"a\nb\tc"\tpositive\nd\tnegative\n')

    assert read(path) == [("a\nb\tc", "positive"), ("d", "negative")]


@pytest.mark.parametrize(
    ("values", "meanings"),
    [
        (["0", "1", "2"], ["negative", "neutral", "positive"]),
        (["0.0", "1.0", " 2 "], ["negative", "neutral", "positive"]),
        (["-1", "0", "+1"], ["negative", "neutral", "positive"]),
        (["\u22121", "0", "1"], ["negative", "neutral", "positive"]),
        (["-1", "1"], ["negative", "positive"]),
        (["-2", "-1", "0", "2"], ["negative", "negative", "neutral", "positive"]),
        (["0", "4"], ["negative", "positive"]),
        (["0", "2", "4"], ["negative", "neutral", "positive"]),
        (["0", "1", "2", "3", "4"], ["negative", "negative", "neutral", "positive", "positive"]),
        (["1", "2", "3", "5"], ["negative", "negative", "neutral", "positive"]),
        (["1 star", "3 stars", "5 Stars"], ["negative", "neutral", "positive"]),
        (["NEG", "neu", "Positive "], ["negative", "neutral", "positive"]),
        (["Extremely Negative", "objective-OR-neutral"], ["negative", "neutral"]),
        (["very_positive"], ["positive"]),
    ],
)
def test_the_values_of_the_whole_file_tell_what_each_means(tmp_path: Path, values, meanings):
    lines = "".join(f'a text,"{value}"\n' for value in values)

    assert [x for _, x in read(written(tmp_path, "x.csv", "text,label\n" + lines))] == meanings


@pytest.mark.parametrize(
    "values",
    [["0", "1"], ["0", "2"], ["1", "2"], ["1"], ["2", "4"], ["1", "2", "3"], ["0", "5"],
     ["-3", "0"], ["positive", "0"], ["joy", "anger"], ["0", "1", "2", "mixed"],
     ["1.5", "2"], ["99"]],
)  # fmt: skip
def test_values_that_may_mean_several_things_are_refused_until_they_are_said(tmp_path, values):
    lines = "".join(f"a text,{value}\n" for value in values)
    path = written(tmp_path, "x.csv", "text,label\n" + lines)

    with pytest.raises(InvalidError, match=r"x\.csv: .*--labels 0=negative.*line 2|line 3"):
        read(path)

    said = dict.fromkeys(values, "negative")
    assert {x for _, x in read(path, labels=said)} == {"negative"}


def test_a_value_may_be_skipped_and_words_keep_their_meaning(tmp_path: Path):
    path = written(tmp_path, "x.csv", "text,label\na,Irrelevant\nb,Positive\n")

    assert read(path, labels={"irrelevant": "skip"}) == [("b", "positive")]
    with pytest.raises(InvalidError, match="every label is skipped"):
        read(path, labels={"irrelevant": "skip", "positive": "skip"})


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ("0\tgood\tlike this\n4\tbad\tor this\n", {}),
        ("264183816548130816\tpositive\tlike this\n264183816548130817\tnegative\tor this\n", {}),
        ('id,OriginalTweet,Sentiment\n1,like this,"Extremely Negative"\n2,or this,Positive\n', {}),
        ("label,text,label_text\n7,like this,negative\n9,or this,positive\n", {}),
        ("0,like this\n4,or this\n", {}),
        ("satz;urteil\nlike this;neg\nor this;pos\n", {"text": "Satz", "label": "urteil"}),
        ("a;x;neg\nlike this;y;neg\n", {"label": "3", "text": "1"}),
        ("text,label,,\nlike this,neg,,\n,,,\nor this,pos,,\n", {}),
        ('{"content": "like this", "target": -1}\n{"content": "or this", "target": 1.0}\n', {}),
        ('{"text": "like this", "label": "neg", "label_name": null}', {"label": "label"}),
    ],
)
def test_columns_are_found_by_name_by_content_or_as_said(tmp_path: Path, content, options):
    found = [text for text, _ in read(written(tmp_path, "x", content), **options)]

    assert "like this" in found
    assert set(found) <= {"like this", "or this", "a"}


def test_language_and_id_are_kept_and_absent_ones_are_none(tmp_path: Path):
    content = 'ID,lang,Tweet,airline_sentiment\n7,en,"",neutral\n8, ,b,positive\n'

    assert read_labelled(written(tmp_path, "x.csv", content)) == [
        Labelled("", "neutral", "en", "7"),
        Labelled("b", "positive", None, "8"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.csv", b"", "is empty"),
        ("x.csv", b"\n \r\n\n", "is empty"),
        ("x.csv", b"text,label\n", "holds no labelled text"),
        ("x.csv", b"text,label\na,neg\nb\xe9,neg\n", "line 3 is no UTF-8 .*iconv -f latin1"),
        ("x.csv", "text,label\na,neg\n".encode("utf-16"), "is UTF-16; .*iconv -f utf-16"),
        ("x.csv", "text,label\na,neg\n".encode("utf-16-le"), "line 1 holds a NUL"),
        ("x.csv", b'text,label\na,neg\n"b,neg\nc,neg\n', "line 3: a quote is not closed"),
        ("x.csv", b'text,label\n"a "b" c",neg\n', "line 2: .*not doubled"),
        ("x.csv", b"text,label\na,neg\nb, c,neg\n", "line 3 has 3 cells .* 2"),
        ("x.tsv", b"text\tlabel\na\tneg\nb\n", "line 3 has 1 cells .* 2"),
        ("x.csv", b"text,label\na,neg\nb,\n", "line 3 has no label"),
        ("x.csv", b"a text,neg\nb text,0\nc,great\n", "no column holds nothing but labels"),
        ("x.tsv", b"1\t0\n0\t1\n", "no column alone holds labels"),
        ("x.csv", b"satz,label\na,neg\n", "holds the text.*'satz', 'label'.*--text-column"),
        ("x.csv", b"text,text,label\na,b,neg\n", "two columns are called 'text'"),
        ("x.jsonl", b'{"text": "a", "label": 1}\n{"text"\n', "line 2 is no JSON"),
        ("x.jsonl", b'{"text": "a", "label": 1}\n[1]\n', "line 2 is no JSON object"),
        ("x.jsonl", b'{"text": "a", "label": true}\n', "the label 'True' is no text and no number"),
        ("x.jsonl", b'{"text": null, "label": "neg"}\n', "line 1 has no text"),
        ("x.jsonl", b'{"text": "a", "label": null}\n', "line 1 has no label"),
        ("x.json", b'[{"text": "a", "label": 1}]', "one JSON array.*jq"),
        ("x.jsonl", b"[" * 100_000, "one JSON array|no JSON"),
        ("x.txt", b"one text a line\nand another\n", "must be called …_text.txt"),
        ("x_text.txt", b"one text a line\nand another\n", "…_labels.txt"),
        ("x.csv.gz", gzip.compress(b"text,label\na,neg\n", mtime=0)[:-9], "gzip data break off"),
        ("x.csv.gz", b"\x1f\x8bnonsense and more", "gzip data break off or are damaged"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_its_line_and_mend(tmp_path, name, content, says):
    with pytest.raises(InvalidError, match=f"(?s){name}.*{says}" if name[-4:] != ".txt" else says):
        read_labelled(written(tmp_path, name, content))


def test_a_missing_file_a_folder_and_uneven_pairs_are_said(tmp_path: Path):
    with pytest.raises(InvalidError, match="there is no such file"):
        read_labelled(tmp_path / "nothing.csv")
    with pytest.raises(InvalidError, match="is a folder"):
        read_labelled(tmp_path)
    texts = written(tmp_path, "val_text.txt", "a\nb\nc\n")
    written(tmp_path, "val_labels.txt", "0\n1\n")
    with pytest.raises(InvalidError, match=r"has 3 lines, val_labels\.txt beside it 2"):
        read_labelled(texts)
    written(tmp_path, "val_labels.txt", "0\n\n1\n")
    with pytest.raises(InvalidError, match="line 2 has no label"):
        read_labelled(texts)


def test_halves_of_an_emoji_in_json_do_no_harm(tmp_path: Path):
    path = written(tmp_path, "x.jsonl", '{"text": "a \\ud83d b\\u0000", "label": "pos"}\n')

    assert read(path) == [("a \ufffd b\ufffd", "positive")]
