"""What is stored of models fits the template, and comes back as it was."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime
from typing import Any

from lake.audit import Entry
from lake.model_record import (
    MOST_EVALUATIONS,
    Champion,
    Measured,
    ModelRecord,
    Move,
    Training,
    champion_of,
    model_of,
    source_of,
    training_of,
)
from lake.templates import load_templates

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
MEASURED = Measured("d1", "val.tsv", 2_000, 0.7, 0.71, 0.72, AT, 1_500.0)
MODEL = ModelRecord(
    name="mine",
    origin="trained",
    added_at=AT,
    added_by="ann",
    digest="f" * 64,
    base="taglake-small",
    precision="int8",
    labels={"4 stars": "positive"},
    size_bytes=1,
    created_at=AT,
    evaluations=(MEASURED,),
)
CHAMPION = Champion(
    "mine", AT, "ann", "f" * 64, ("old",), (Move("mine", AT, "ann", "force", "ok"),)
)
TRAINING = Training(AT, "better", 300, "host 1", AT)
_NOT_STORED = {"seq_no", "primary_term"}


def _properties(name: str) -> dict[str, Any]:
    body = load_templates("")[name]["template"]["mappings"]
    assert body["dynamic"] == "strict"
    found: dict[str, Any] = body["properties"]
    return found


def _names(*classes: type) -> set[str]:
    return {one.name for each in classes for one in fields(each)} - _NOT_STORED


def test_the_template_has_every_field_that_is_stored_and_no_other() -> None:
    properties = _properties("models")

    assert properties.keys() == _names(ModelRecord, Champion, Training) | {"kind"}
    assert properties["evaluations"]["properties"].keys() == _names(Measured)
    assert properties["history"]["properties"].keys() == _names(Move)
    assert _properties("audit").keys() == _names(Entry)


def test_what_is_stored_comes_back_as_it_was() -> None:
    found = {"_seq_no": 3, "_primary_term": 1}

    assert model_of({"kind": "model", **source_of(MODEL)}) == MODEL
    champion = champion_of(found | {"_source": source_of(CHAMPION)})
    assert champion == replace(CHAMPION, seq_no=3, primary_term=1)
    training = training_of(found | {"_source": source_of(TRAINING)})
    assert training == replace(TRAINING, seq_no=3, primary_term=1)


def test_what_is_not_known_is_not_stored() -> None:
    bare = ModelRecord("vader", "built in", AT, "taglake")

    assert source_of(bare).keys() == {
        "name",
        "origin",
        "added_at",
        "added_by",
        "labels",
        "evaluations",
    }
    assert model_of(source_of(bare)) == bare
    assert source_of(Training()) == {}
    assert training_of({"_source": {}, "_seq_no": 0, "_primary_term": 1}) == Training(
        seq_no=0, primary_term=1
    )


def test_evaluations_are_bounded_and_one_a_set_of_texts() -> None:
    record = MODEL
    for number in range(MOST_EVALUATIONS + 5):
        record = record.with_figures(replace(MEASURED, data_digest=f"d{number}"))

    again = record.with_figures(replace(MEASURED, data_digest="d10", macro_f1=0.9))

    assert len(record.evaluations) == len(again.evaluations) == MOST_EVALUATIONS
    assert record.evaluations[-1].data_digest == f"d{MOST_EVALUATIONS + 4}"
    assert [one.macro_f1 for one in again.evaluations if one.data_digest == "d10"] == [0.9]
