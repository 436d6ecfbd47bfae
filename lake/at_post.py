"""What a post's author had in followers when it was posted, and the numbers that rest on it. Pure.

Of all sights of a post the one nearest to its creation tells, if that is within 7 days of it. A
post keeps it as ``at_post`` when later sights bring newer followers. What is reckoned with it is
kept beside it, because Elasticsearch divides no two fields without a script.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from lake import times
from lake.records import Json

WITHIN = timedelta(days=7)
# What a sight tells; all else is reckoned with it.
_TOLD = ("followers", "seen_at")


def sight(source: Json) -> Json | None:
    """What a post document as it is now tells of the time of posting; None where nothing.

    Args:
        source: A document as one payload gives it: all of it was seen at ``observed_at``.
    """
    followers = source.get("author", {}).get("followers")
    if followers is None:
        return None
    told = {"followers": followers, "seen_at": source["observed_at"]}
    return told if _distance(told, source) <= WITHIN else None


def set_at_post(source: Json, sights: Iterable[Json | None]) -> None:
    """Gives a post document its ``at_post``, by the sight nearest to posting; none without one.

    Args:
        source: The document; the numbers beside are those of its present engagement.
        sights: What ``sight`` or an earlier ``at_post`` tells.
    """
    source.pop("at_post", None)
    known = [one for one in sights if one is not None]
    if not known:
        return
    if len(known) == 1:
        nearest = known[0]
    else:
        nearest = min(known, key=lambda one: (_distance(one, source), *(one[k] for k in _TOLD)))
    source["at_post"] = _reckoned(source, nearest)


def _distance(told: Json, source: Json) -> timedelta:
    seen_at, posted = times.from_text(told["seen_at"]), times.from_text(source["@timestamp"])
    return abs(seen_at - posted)


def _reckoned(source: Json, told: Json) -> Json:
    followers = told["followers"]
    found: Json = {name: told[name] for name in _TOLD}
    if source["kind"] != "reply":  # a reply counts 1, whoever wrote it
        found["impressions"] = followers
    engagement = source.get("engagement", {}).get("value")
    if engagement is not None:
        found |= {"rated_followers": followers, "rated_engagement": engagement}
        if followers:
            found["rate"] = 100 * engagement / followers
    lost = followers - source["author"].get("followers", followers)
    return found | ({"lost": lost} if lost > 0 else {})
