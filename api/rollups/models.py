"""How far people and models agree, what models were measured at, and who was champion when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest
from typing import Any

from api.answers.labels import label_agreement
from api.rollups.rows import About
from api.rollups.subject import Subject
from lake import times
from lake.model_record import Champion, ModelRecord
from lake.model_records import ModelRecords
from lake.records import Json
from lake.rollups import RollupRow
from lake.store import Store

KIND = "models"
_PAIRS = ("people_model", "people_vader", "people_people")
_MEASURES = ("observed", "kappa", "alpha")
_FIGURES = ("n", "accuracy", "macro_f1", "macro_recall", "texts_per_s")


async def agreements(store: Store, one: Subject) -> list[RollupRow]:
    """How far people and models agree on the campaign's posts.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    return agreement_rows(one.about, await label_agreement(store, one.campaign))


async def lake_models(store: Store, now: datetime) -> list[RollupRow]:
    """The same of the whole lake, and what the registry keeps of its models.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    registry = ModelRecords(store.client, store.layout)
    about = About(None)
    rows = agreement_rows(about, await label_agreement(store))
    rows += evaluation_rows(about, await registry.list(), now)
    champion = await registry.champion()
    return rows + (champion_rows(about, champion, now) if champion else [])


def agreement_rows(about: About, answer: Json) -> list[RollupRow]:
    """A row for each pair and measure, and one for each cell of its confusion. Pure."""
    rows = []
    for pair in _PAIRS:
        found = answer[pair]
        for measure in _MEASURES:
            if measure not in found:
                continue
            one = found[measure]
            fields: dict[str, Any] = {name: one.get(name) for name in ("value", "low", "high")}
            fields |= {"n": found["n"], "missing": found.get("missing"), "metric": measure}
            head = answer | {"definition": one.get("definition")}
            rows.append(
                about.row(KIND, "agreement", pair, measure, answer=head, pair=pair, **fields)
            )
        for said, others in found.get("confusion", {}).items():
            for label, posts in others.items():
                cell = {"pair": pair, "said": said, "label": label, "posts": posts}
                rows.append(about.row(KIND, "confusion", pair, said, label, answer=answer, **cell))
    counts = {name: answer[name] for name in ("labels", "posts", "ties")}
    rows.append(about.row(KIND, "labels", answer=answer, **counts))
    return rows


def evaluation_rows(about: About, models: Sequence[ModelRecord], now: datetime) -> list[RollupRow]:
    """A row for each measurement of a model. Pure."""
    head = {"as_of": times.to_text(now)}
    return [
        about.row(
            *(KIND, "evaluation", model.name, one.data_digest),
            answer=head,
            at=times.to_text(one.at),
            model=model.name,
            data_name=one.data_name,
            **{name: getattr(one, name) for name in _FIGURES},
        )
        for model in models
        for one in model.evaluations
    ]


def champion_rows(about: About, champion: Champion, now: datetime) -> list[RollupRow]:
    """A row for each move of the champion, with the time until the next one. Pure."""
    moves = champion.history
    head = {"as_of": times.to_text(now)}
    rows = []
    for move, following in zip_longest(moves, moves[1:]):
        fields = {
            "model": move.name,
            "by": move.by,
            "action": move.action,
            "reason": move.reason,
            "champion_until": times.to_text(following.at) if following else None,
        }
        at = times.to_text(move.at)
        rows.append(about.row(KIND, "champion", at, answer=head, at=at, **fields))
    return rows
