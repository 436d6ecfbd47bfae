"""The hashtags that go with the campaign, and the counters of its own and its competitors'."""

from __future__ import annotations

from api.answers.hashtags import hashtags
from api.answers.tags import hashtag
from api.rollups.rows import About
from api.rollups.subject import Subject
from lake import times
from lake.errors import NotFoundError
from lake.records import Json
from lake.rollups import RollupRow
from lake.store import Store

KIND = "hashtags"
_RELATED = 200
_RELATED_OF_A_PLATFORM = 20


async def tags(store: Store, one: Subject) -> list[RollupRow]:
    """What goes with the campaign, and each hashtag of the panel with its counters.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    rows: list[RollupRow] = []
    for about, part in one.parts():
        limit = _RELATED if about.platform is None else _RELATED_OF_A_PLATFORM
        rows += related_rows(about, await hashtags(store, part, limit=limit))
    campaign = one.campaign
    start, end = times.to_text(campaign.start), times.to_text(campaign.end)
    panel = campaign.panel()
    brand_of = {tag: name for name, own in reversed(panel.items()) for tag in own}
    for tag, brand in brand_of.items():
        try:
            answer = await hashtag(store, tag, start=start, end=end, platforms=campaign.platforms)
        except NotFoundError:
            continue
        rows += tag_rows(one.about, answer, brand)
    return rows


def related_rows(about: About, answer: Json) -> list[RollupRow]:
    """A row for each hashtag that goes with the campaign. Pure."""
    shared = {
        "n": answer["n"],
        "missing": answer["missing"],
        "exact": answer["exact"],
        "error_bound": answer.get("error_bound"),
    }
    return [
        about.row(
            *(KIND, "related", row["tag"]),
            answer=answer,
            hashtag=row["tag"],
            rank=rank,
            posts=row["posts"],
            part=row["share"],
            all_posts=row["all_posts"],
            all_part=row["all_share"],
            lift=row["lift"],
            log_likelihood=row["log_likelihood"],
            **shared,
        )
        for rank, row in enumerate(answer["hashtags"], start=1)
    ]


def tag_rows(about: About, answer: Json, brand: str) -> list[RollupRow]:
    """A row for the hashtag, its growth as each source tells it, and each of its counts. Pure."""
    tag, grade = answer["hashtag"], answer["grade"]
    same = {"hashtag": tag, "brand": brand}
    rows = [
        about.row(
            *(KIND, "tag", tag),
            answer=answer | {"definition": answer["posts"]["definition"]},
            posts=answer["posts"]["value"],
            authors=answer["authors"]["value"],
            grade=grade["value"],
            exact=True,
            **same,
        )
    ]
    counters = answer["counters"]
    head = answer | {"definition": counters["definition"]}
    for series in counters["sources"]:
        platform, source = series["platform"], series["source"] or ""
        of = same | {"platform": platform, "source": source or None}
        of["counts"] = series["counts"]
        latest = series["latest"]
        for measure, grown in series["growth_per_h"].items():
            fields = {
                "measure": measure,
                "latest": latest[measure],
                "latest_at": latest["at"],
                **{name: grown[name] for name in ("value", "hours", "n", "missing")},
            }
            if grown["n"] > grown["missing"]:
                grew = ("growth", tag, platform, source, measure)
                rows.append(about.row(KIND, *grew, answer=head, **of, **fields))
        for shot in series["snapshots"]:
            at = shot.get("from") or shot["at"]
            numbers = {name: shot.get(name) for name in ("posts", "authors", "views")}
            counted = ("counter", tag, platform, source, at, shot["at"])
            rows.append(about.row(KIND, *counted, answer=head, at=at, **of, **numbers))
    return rows
