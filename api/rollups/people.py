"""Who carries the campaign, who is new, and how few it rests on."""

from __future__ import annotations

from analysis.authors import SUMMED
from analysis.influencers import MOST_INFLUENCERS
from api.answers.authenticity import authenticity
from api.answers.influencers import influencers
from api.rollups.rows import About, author_fields, number
from api.rollups.subject import Subject
from api.rollups.summary import metric_rows
from lake.records import Json
from lake.rollups import RollupRow
from lake.store import Store

KIND = "influencers"
_NEW_VOICES = 100
_CONCENTRATION = ("top_authors_share", "author_gini")
_NUMBERS = (
    *("rank", "posts", "originals", *SUMMED, "potential_impressions", "er_pooled"),
    *("amplification", "sentiment_mean", "score"),
)


async def authors(store: Store, one: Subject) -> list[RollupRow]:
    """The first authors by score, new voices, and the concentration on the most active ones.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    campaign = one.campaign
    best = await influencers(store, campaign, limit=MOST_INFLUENCERS, exact=True)
    new = await influencers(store, campaign, by="new", limit=_NEW_VOICES)
    found = await authenticity(store, campaign)
    # It counts authors too, as the summary does.
    measures = {name: each for name, each in found["metrics"].items() if name != "authors"}
    return [
        *author_rows(one.about, best),
        *author_rows(one.about, new),
        *concentration_rows(one.about, found),
        *metric_rows(one.about, found | {"metrics": measures}, None),
    ]


def author_rows(about: About, answer: Json) -> list[RollupRow]:
    """A row for each author of a ranking. Pure."""
    ranking = answer["ranking"]
    rows = []
    for row in answer["influencers"]:
        fields = {name: row[name] for name in _NUMBERS} | {
            "ranking": ranking,
            "author": author_fields(row),
            "platform": row["platform"],
            "potential_reach": row["followers"],
            "exact": answer["exact"],
            "error_bound": answer.get("error_bound"),
            "component": {
                name: component["percentile"] for name, component in row["components"].items()
            },
        }
        rows.append(about.row(KIND, "author", ranking, row["author"], answer=answer, **fields))
    return rows


def concentration_rows(about: About, answer: Json) -> list[RollupRow]:
    """How much of the posts the most active authors wrote, and who they are. Pure."""
    metrics = answer["metrics"]
    rows = [
        about.row(KIND, "concentration", name, answer=answer, metric=name, **number(metrics[name]))
        for name in _CONCENTRATION
    ]
    for rank, row in enumerate(metrics["top_authors_share"]["authors"], start=1):
        rows.append(
            about.row(
                KIND,
                "top_author",
                row["author"],
                answer=answer,
                rank=rank,
                posts=row["posts"],
                part=row.get("share"),
                author=author_fields(row),
                platform=row["author"].partition(":")[0],
            )
        )
    return rows
