"""How many people a campaign rests on, how often they say the same, and how much at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from analysis.authenticity import (
    concentration,
)
from analysis.bursts import (
    Minutes,
    add_minute_authors,
    minute_authors_body,
    minutes_body,
    months_body,
    months_in,
    synchrony,
)
from analysis.influencers import names_body, with_names
from analysis.membership import posts_query
from analysis.parts import total
from analysis.repeated_texts import (
    MOST_READ,
    MOST_READ_EXACT,
    TOP_TEXTS,
    Group,
    Repeated,
    Texts,
    add_group_authors,
    duplicate_share,
    group_authors_body,
    group_rows,
    groups_body,
    hashes_body,
    repeated_hashes,
    texts_body,
    written_query,
)
from analysis.summary import authorless, estimated_authors, summary_body
from api.answers.asked import Asked, asked
from api.answers.authors import Question, people
from api.reading import Snapshot
from lake.campaign import Campaign
from lake.records import Json
from lake.store import Store

_PAIRS_A_PAGE = 50_000
_MINUTES_A_REQUEST = 200
_TEXTS_A_PAGE = 5_000


async def authenticity(
    store: Store,
    campaign: Campaign,
    *,
    exact: bool = False,
    most_read: int | None = None,
) -> Json:
    """Author concentration, repeated texts and bursts; measured, not judged.

    Args:
        store: The lake.
        campaign: Whose.
        exact: Whether to read the texts of larger campaigns, too, and to count every author.
        most_read: How many posts' texts are read at most; by default as ``exact`` has it.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    if most_read is None:
        most_read = MOST_READ_EXACT if exact else MOST_READ
    query = posts_query(campaign)
    async with asked(store, campaign) as ask:
        concentrated, posts, missing = await _concentrated(store, ask, query, exact=exact)
        written = written_query(query)
        months = await ask.view.search(months_body(written))
        texts, shared = await _texts(ask, query, total(months), most_read)
        end = min(campaign.end, ask.now)
        minutes = await _minutes(ask.view, written, months, Minutes(campaign.start, end))
        authors = await _minute_authors(ask.view, written, list(minutes.posts))
        bursts = synchrony(minutes.bursts(authors), total(months), ask.context)
        metrics = concentrated | {
            "duplicate_text_share": shared | {"texts": texts},
            "burst_synchrony": bursts,
        }
        return ask.head() | {"n": posts, "missing": missing, "metrics": metrics}


async def _concentrated(
    store: Store, ask: Asked, query: Json, *, exact: bool
) -> tuple[dict[str, Any], int, int]:
    """The concentration on few authors, how many posts there are, and how many tell no author."""
    counted = await ask.view.search(summary_body(query))
    question = Question(query, ("posts",), exact or None)
    found = await people(store, ask, question, estimated_authors(counted))
    posts, missing = total(counted), authorless(counted)
    metrics = concentration(
        found.all, posts, posts - missing, ask.context, at_most=found.at_most.get("posts")
    )
    rows = metrics["top_authors_share"]["authors"]
    if rows:
        names = await ask.view.search(names_body(query, [row["author"] for row in rows]))
        metrics["top_authors_share"]["authors"] = with_names(rows, names)
    return metrics, posts, missing


async def _texts(
    ask: Asked, query: Json, written: int, most_read: int
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The most repeated texts, and the share of the posts that have a repeated one."""
    answer = await ask.view.search(hashes_body(query))
    if total(answer) <= most_read:
        found = await _read(ask.view, query)
    else:
        found = repeated_hashes(answer, total(answer))
    rows = await _rows(ask.view, query, found.groups[:TOP_TEXTS])
    return rows, duplicate_share(found, written, ask.context)


async def _read(view: Snapshot, query: Json) -> Repeated:
    texts = Texts()
    after: list[Any] | None = None
    while True:
        answer = await view.search(texts_body(query, after=after, size=_TEXTS_A_PAGE))
        hits = answer["hits"]["hits"]
        texts.add(hits)
        if len(hits) < _TEXTS_A_PAGE:
            return texts.repeated()
        after = hits[-1]["sort"]


async def _rows(view: Snapshot, query: Json, groups: Sequence[Group]) -> list[dict[str, Any]]:
    if not groups:
        return []
    answer = await view.search(groups_body(query, groups))
    authors: dict[str, set[str]] = {}
    after: Json | None = None
    while True:
        body = group_authors_body(query, groups, after=after, size=_PAIRS_A_PAGE)
        after = add_group_authors(authors, await view.search(body), size=_PAIRS_A_PAGE)
        if after is None:
            return group_rows(groups, answer, authors)


async def _minutes(view: Snapshot, query: Json, months: Json, minutes: Minutes) -> Minutes:
    for month in months_in(months):
        minutes.add(await view.search(minutes_body(query, month)))
    return minutes


async def _minute_authors(view: Snapshot, query: Json, minutes: list[int]) -> dict[int, int]:
    authors: dict[int, int] = {}
    for start in range(0, len(minutes), _MINUTES_A_REQUEST):
        chunk = minutes[start : start + _MINUTES_A_REQUEST]
        after: Json | None = None
        while True:
            body = minute_authors_body(query, chunk, after=after, size=_PAIRS_A_PAGE)
            after = add_minute_authors(authors, await view.search(body), size=_PAIRS_A_PAGE)
            if after is None:
                break
    return authors
