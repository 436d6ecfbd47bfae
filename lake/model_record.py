"""A sentiment model as the lake keeps it, the champion, and the last training: plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from lake import times
from lake.records import Json

MOST_EVALUATIONS = 20
MOST_MOVES = 50

Origin = Literal["shipped", "trained", "exported", "downloaded", "added", "built in"]


@dataclass(frozen=True, slots=True)
class Measured:
    """How well a model did on one set of labelled texts; shares of 1.

    Args:
        data_digest: Tells sets of labelled texts apart; equal digests are the same texts.
        data_name: What people call the set.
        n: Labelled texts.
        accuracy: Share of texts whose label is right.
        macro_f1: Mean of the classes' F1.
        macro_recall: Mean of the classes' recall.
        at: When it was measured.
        texts_per_s: How fast, on the machine that measured; None where nobody knows.
    """

    data_digest: str
    data_name: str
    n: int
    accuracy: float
    macro_f1: float
    macro_recall: float
    at: datetime
    texts_per_s: float | None = None


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A model as it was registered.

    Args:
        name: Its name; also that of its folder.
        origin: Where it comes from.
        added_at: When it was registered.
        added_by: Who did so.
        digest: SHA-256 of its files; None for a model without files (VADER).
        base: What it was made of.
        precision: ``int8``, ``fp32`` or what its maker calls it.
        labels: What each of its own labels means, such as ``{"4 stars": "positive"}``.
        size_bytes: All of its files.
        created_at: When it was made.
        evaluations: The last ones, the newest last, one a set of texts.
    """

    name: str
    origin: Origin
    added_at: datetime
    added_by: str
    digest: str | None = None
    base: str | None = None
    precision: str | None = None
    labels: dict[str, str] = field(default_factory=dict)
    size_bytes: int | None = None
    created_at: datetime | None = None
    evaluations: tuple[Measured, ...] = ()

    def with_figures(self, figures: Measured) -> ModelRecord:
        """The record with one more evaluation; an older one of the same texts gives way."""
        others = [one for one in self.evaluations if one.data_digest != figures.data_digest]
        return replace(self, evaluations=(*others, figures)[-MOST_EVALUATIONS:])


@dataclass(frozen=True, slots=True)
class Move:
    """One change of the champion."""

    name: str
    at: datetime
    by: str
    action: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Champion:
    """The model that scores, as it was read, with what a compare-and-set needs.

    Args:
        name: Its name.
        since: When it became the champion.
        by: Who made it so.
        digest: SHA-256 of its files when it was promoted.
        previous: The champions before it, the last first.
        history: The last moves, the newest last.
        seq_no: Place of the document; None for one that was not read.
        primary_term: As ``seq_no``.
    """

    name: str
    since: datetime
    by: str
    digest: str | None = None
    previous: tuple[str, ...] = ()
    history: tuple[Move, ...] = ()
    seq_no: int | None = None
    primary_term: int | None = None


@dataclass(frozen=True, slots=True)
class Training:
    """The last training on people's labels, and who is at it now.

    Args:
        finished_at: When the last one ended.
        outcome: What came of it, in one line.
        labels_n: Labels that there were then.
        claimed_by: Who trains now.
        claimed_until: When that claim is void, whatever became of the claimer.
        seq_no: Place of the document; None for one that was not read.
        primary_term: As ``seq_no``.
    """

    finished_at: datetime | None = None
    outcome: str | None = None
    labels_n: int | None = None
    claimed_by: str | None = None
    claimed_until: datetime | None = None
    seq_no: int | None = None
    primary_term: int | None = None


def source_of(record: ModelRecord | Measured | Champion | Training) -> Json:
    """The document of a value: what is not known is left out."""
    return _plain(asdict(record))


def model_of(source: Json) -> ModelRecord:
    """The model in a document."""
    values = {name: value for name, value in source.items() if name != "kind"}
    evaluations = [
        Measured(**one | {"at": _moment(one["at"])}) for one in values.pop("evaluations", [])
    ]
    for name in ("added_at", "created_at"):
        values[name] = _moment(values.get(name))
    return ModelRecord(**values, evaluations=tuple(evaluations))


def champion_of(found: Json) -> Champion:
    """The champion in a document as Elasticsearch gives it."""
    source = found["_source"]
    history = tuple(Move(**one | {"at": _moment(one["at"])}) for one in source.get("history", ()))
    values = _read(found, {"name", "by", "digest"}, {"since"})
    return Champion(**values, previous=tuple(source.get("previous", ())), history=history)


def training_of(found: Json) -> Training:
    """The training in a document as Elasticsearch gives it."""
    names = {"outcome", "labels_n", "claimed_by"}
    return Training(**_read(found, names, {"finished_at", "claimed_until"}))


def _plain(values: Json) -> Json:
    return {
        name: _value(value)
        for name, value in values.items()
        if value is not None and name not in ("seq_no", "primary_term")
    }


def _value(value: Any) -> Any:
    if isinstance(value, datetime):
        return times.to_text(value)
    if isinstance(value, dict):
        return _plain(value)
    return [_value(one) for one in value] if isinstance(value, (list, tuple)) else value


def _read(found: Json, names: set[str], moments: set[str]) -> Json:
    source = found["_source"]
    read = {name: source.get(name) for name in names}
    read |= {name: _moment(source.get(name)) for name in moments}
    return read | {"seq_no": found["_seq_no"], "primary_term": found["_primary_term"]}


def _moment(text: str | None) -> datetime | None:
    return times.from_text(text) if text else None
