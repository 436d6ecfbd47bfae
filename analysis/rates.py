"""Engagement rates of posts, and what reshares multiply: METRICS 10 to 15. Pure.

Every rate is in percent. An unknown part makes the rate unknown, and so does a denominator of 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from analysis.numbers import mean, ratio
from analysis.reach import Known

# A post's engagement and what it is measured by: followers, reach or views.
Pair = tuple[float | None, float | None]


def er_by_followers(engagement: float | None, followers: float | None) -> float | None:
    """A post's engagement in percent of its author's followers when it was posted."""
    return _percent(engagement, followers)


def er_by_reach(engagement: float | None, reach: float | None) -> float | None:
    """A post's engagement in percent of the accounts that the platform says it reached."""
    return _percent(engagement, reach)


def er_by_views(engagement: float | None, views: float | None) -> float | None:
    """A post's engagement in percent of its views or impressions, as the platform counts them."""
    return _percent(engagement, views)


def er_daily(
    engagement: float | None, followers: float | None, *, days: float = 1.0
) -> float | None:
    """Engagement a day in percent of the followers.

    Args:
        engagement: Of all the days together.
        followers: The account's.
        days: How many days the engagement is of.
    """
    return _percent(engagement, None if followers is None else days * followers)


def mean_of_posts(pairs: Sequence[Pair]) -> Known:
    """The mean of the posts' own rates: each post weighs the same."""
    rates = [rate for pair in pairs if (rate := _percent(*pair)) is not None]
    return Known(mean(rates), len(pairs), len(pairs) - len(rates))


def pooled(pairs: Sequence[Pair]) -> Known:
    """All engagement by all of the denominator: each post weighs what its denominator is.

    Posts of which one of the two is unknown are in neither sum.
    """
    known = [(above, below) for above, below in pairs if above is not None and below is not None]
    value = _percent(math.fsum(above for above, _ in known), math.fsum(below for _, below in known))
    return Known(value, len(pairs), len(pairs) - len(known))


def amplification_multiplier(exposure: float | None, own_impressions: float | None) -> float | None:
    """How many times one's own impressions the total exposure is; 1: nobody carried it further.

    Args:
        exposure: Impressions in all, those by others' reshares included.
        own_impressions: Impressions of one's own posts.
    """
    if exposure is None or own_impressions is None:
        return None
    added = ratio(exposure - own_impressions, own_impressions)
    return None if added is None else added + 1


def _percent(above: float | None, below: float | None) -> float | None:
    found = ratio(above, below)
    return None if found is None else 100 * found
