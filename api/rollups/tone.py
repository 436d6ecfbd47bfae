"""The tone of the campaign's posts: labels with their intervals, and the indices."""

from __future__ import annotations

from collections.abc import Mapping

from api.answers.sentiment import sentiment
from api.rollups.rows import About, number
from api.rollups.subject import Subject
from api.rollups.summary import metric_rows
from lake.records import Json
from lake.rollups import RollupRow
from lake.store import Store

KIND = "sentiment"


async def tones(store: Store, one: Subject) -> list[RollupRow]:
    """Of the whole campaign, of each platform and of each model.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    rows: list[RollupRow] = []
    for about, part in one.parts():
        answer = await sentiment(store, part)
        rows += [*tone_rows(about, answer), *metric_rows(about, answer, None)]
        if about.platform is None:
            rows += model_rows(about, answer)
    return rows


def tone_rows(about: About, answer: Json) -> list[RollupRow]:
    """A row for each label, and one for each index. Pure."""
    told = {name: answer[name] for name in ("n", "missing", "trend_hidden")}
    rows = []
    for label, posts in answer["labels"].items():
        share: Mapping[str, float | None] = answer["shares"].get(label, {})
        bounds = {"part": share.get("value"), "low": share.get("low"), "high": share.get("high")}
        fields = {"label": label, "posts": posts, **bounds, **told}
        rows.append(about.row(KIND, "label", label, answer=answer, **fields))
    for name, envelope in answer["metrics"].items():
        fields = number(envelope) | {
            "metric": name,
            "trend_hidden": answer["trend_hidden"],
            "pending": answer["pending"],
            "failed": answer["failed"],
        }
        rows.append(about.row(KIND, "index", name, answer=answer, **fields))
    return rows


def model_rows(about: About, answer: Json) -> list[RollupRow]:
    """What each model that scored says: a row for each label, and one for its index. Pure."""
    rows = []
    for model, one in answer["by_model"].items():
        same = {"model": model, "scope": "model"}
        for label, posts in one["labels"].items():
            fields = {"label": label, "posts": posts, **same}
            rows.append(about.row(KIND, "label", model, label, answer=answer, **fields))
        fields = {"metric": "net_sentiment", "value": one["net_sentiment"], **same}
        rows.append(
            about.row(KIND, "index", model, "", answer=answer, posts=one["posts"], **fields)
        )
    return rows
