"""What stands out, as tables: lift with its interval, peaks explained, forecasts, nothing known."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console, RenderableType

from analysis.envelope import Context
from analysis.lift import between
from analysis.windows import Watch, measured, windows_of
from lake.records import Json
from taglake.tables.moments import forecast_table, peaks_table, spikes_table
from taglake.tables.one import profile_tables, tag_tables
from taglake.tables.talk import comments_table, hashtags_table
from taglake.tables.trust import authenticity_table
from taglake.tables.watched import coverage_table
from taglake.tables.windows import windows_table

START, END = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 11, tzinfo=UTC)
AS_OF = "2026-04-02T10:00:00.000Z"
HEAD: Json = {
    "campaign": "spring",
    "window": {"from": "2026-03-01T00:00:00.000Z", "to": "2026-03-11T00:00:00.000Z"},
    "as_of": AS_OF,
    "coverage": None,
}
CONTEXT = Context(AS_OF, None)


def _drawn(what: RenderableType, width: int = 150) -> str:
    out = io.StringIO()
    Console(file=out, width=width, highlight=False).print(what)
    return out.getvalue()


def _metrics(posts: int | None) -> Json:
    """A window's numbers where so many posts are all that is known."""
    values = {"posts": posts, "engagement": None, "authors": None}
    about = {"n": posts or 0, "missing": 0, "definition": "posts.v1"}
    return {name: {"value": value, **about} for name, value in values.items()}


def _windows(now: datetime, *posts: int) -> Json:
    cuts = windows_of(START, END, length=None, now=now)
    found = {}
    for (name, window), n in zip(cuts.items(), posts, strict=True):
        begun = window.until is not None
        seen = Watch(1.0, window.days, "covered") if begun else Watch(None, None, None)
        answer: Json = {"hits": {"total": {"value": n}}}
        found[name] = measured(window, seen, answer, _metrics(n if begun else None), CONTEXT)
    shown = {name: one.to_json() for name, one in found.items()}
    return HEAD | {"windows": shown, "between": between(found, AS_OF)}


def _post(text: str = "hello") -> Json:
    author = {"handle": "ann", "name": None, "id": "1"}
    metrics = {"comments": 12, "likes": 3}
    post = {"platform": "x", "id": "9", "author": author, "metrics": metrics, "text": text}
    return post | {"engagement": 5, "created_at": AS_OF, "sentiment": None}


def test_windows_show_rates_lift_with_its_interval_and_what_stayed() -> None:
    shown = _drawn(windows_table(_windows(datetime(2026, 5, 1, tzinfo=UTC), 50, 100, 75)))

    posts = next(line for line in shown.splitlines() if line.startswith(" posts "))
    assert posts.split() == ["posts", "50", "100", "75", "posts"]
    assert "posts: lift +100.0 %, ratio 2.00 (1.42 to 2.81), up" in shown
    assert "kept after 150 % of the rate before" in shown
    assert "posts a day, before to after ▅█▆" in shown


def test_windows_that_have_not_begun_have_dashes_and_say_so() -> None:
    shown = _drawn(windows_table(_windows(START + timedelta(days=1), 0, 40, 0)))

    assert "a new conversation" in shown
    assert "during: not over yet" in shown
    assert "after: has not begun" in shown
    assert "None" not in shown


def _peak(**changes: Any) -> Json:
    peak = {"start": "2026-03-03T22:00:00.000Z", "hours": 2, "posts": 90, "excess_posts": 80.5}
    return {**peak, "z": 12.34, "reference": "trailing_7d", "explanation": None, **changes}


def _peaks(*peaks: Json) -> Json:
    about = {"value": len(peaks), "n": 240, "missing": 3, "sensitivity": "high"}
    return HEAD | about | {"deviations": 3.0, "tz": "Europe/Berlin", "peaks": list(peaks)}


def test_a_peak_is_told_in_the_time_of_its_city_with_what_rose_most() -> None:
    row = {"share": 0.2, "lift": 0.151, "handle": "ann", "author": "x:1"}
    told = {
        "authors": {"top": [row]},
        "hashtags": {"top": [{"share": 0.1, "lift": None, "hashtag": "fun"}]},
        "domains": {"top": []},
        "sentiment": {"net": {"shift": -0.5}},
        "posts": [_post("it \x1b[31mburns")],
    }

    shown = _drawn(peaks_table(_peaks(_peak(explanation=told), _peak())))

    assert "2026-03-03 23:00" in shown
    assert "ann +15.1 points" in shown
    assert "fun +10.0 points" in shown
    assert "net sentiment -0.50" in shown
    assert "x:9: it �[31mburns" in shown
    assert "3 hours could not be judged" in shown


def test_a_forecast_says_how_often_its_intervals_hold_or_why_there_is_none() -> None:
    level = {"level": 0.95, "low": 6.2, "high": 362.0, "holds": 0.92}
    day = {"start": "2026-03-11T00:00:00.000Z", "value": 76.4, "intervals": [level]}
    past = {"n": 23, "mae": 99.22, "mase": 1.11}
    about = {"n": 30, "tz": "UTC", "horizon": "7d", "value": 76.4, "backtest": past}

    some = _drawn(forecast_table(HEAD | about | {"days": [day], "reason": None}))
    none = _drawn(forecast_table(HEAD | about | {"days": None, "reason": "5 whole days are known"}))

    assert "Wed 2026-03-11     76     –  6 to 362 (holds 92 %)" in some
    assert "1.11 times the error" in some
    assert none.splitlines()[0] == "no forecast: 5 whole days are known"


def test_a_spike_says_which_rule_found_it_and_how_sure_that_is() -> None:
    row = {"found_by": ["velocity", "comments"], "z": 4.84, "n": 6, "engagement_rate": None}
    row |= {"velocity_per_h": 7.5, "error_bound": 2.8, "post": _post()}
    about = {"value": 3, "sampled": True, "by_rule": {"velocity": 1, "comments": 2}}

    shown = _drawn(spikes_table(HEAD | about | {"spikes": [row]}))

    assert "velocity, comments" in shown
    assert "4.8 ±2.8" in shown
    assert "1 of 3 spiking posts, an estimate from a sample" in shown
    assert "by rule: velocity 1, comments 2" in shown


def test_comments_stand_beside_what_the_platform_says_there_are() -> None:
    row = {
        "post": _post(),
        "comments": 12,
        "collected": 6,
        "collected_share": 50.0,
        "sentiment": {"mean": -0.5, "difference": None},
        "questions": {"value": 33.3, "low": 10.0, "high": 70.0},
        "first_hour": {"comments": 2},
        "later": {"comments": 4},
    }
    answer = HEAD | {"sort": "comments", "n": 9, "missing": 1, "posts": [row]}

    shown = _drawn(comments_table(answer))

    assert shown.splitlines()[1].split()[:6] == ["x:9", "12", "6", "50.0", "-0.50", "–"]
    assert "33.3 (10.0 to 70.0)" in shown
    assert "1 posts hide their number of comments" in shown


@pytest.mark.parametrize(("bound", "says"), [(None, "all counted"), (7, "up to 7 too low")])
def test_related_hashtags_say_whether_they_are_exact(bound: int | None, says: str) -> None:
    row = {"tag": "fun", "posts": 5, "share": 10.0, "all_posts": 8, "all_share": 4.0}
    row |= {"lift": 2.5, "log_likelihood": 3.25}
    about = {"hashtags_total": 1, "min_posts": 5, "sort": "lift", "n": 50, "all_posts": 200}
    answer = HEAD | about | {"exact": bound is None, "error_bound": bound, "hashtags": [row]}

    shown = _drawn(hashtags_table(answer))

    assert shown.splitlines()[1].split() == ["#fun", "5", "10.0", "8", "4.0", "2.50", "3.25"]
    assert says in shown


def test_measures_of_authenticity_are_shown_with_the_largest_of_each() -> None:
    def entry(value: float | None, definition: str, **more: Any) -> Json:
        return {"value": value, "n": 40, "missing": 0, "definition": definition, **more}

    author = {"handle": None, "name": "Ann", "author": "x:1", "posts": 9, "share": 22.5}
    text = {"posts": 4, "authors": 3, "text": "buy\nnow"}
    burst = {"minute": AS_OF, "posts": 8, "authors": 6, "expected": 0.125}
    metrics = {
        "authors": entry(30, "users.v1"),
        "top_authors_share": entry(60.0, "top_authors_share.v1", authors=[author]),
        "author_gini": entry(None, "author_gini.v1"),
        "duplicate_text_share": entry(10.0, "x", texts=[text], lower_bound=True, exact=False),
        "burst_synchrony": entry(0.0, "burst_synchrony.v1", bursts=[burst]),
    }

    shown = _drawn(authenticity_table(HEAD | {"metrics": metrics}))

    assert "Ann: 9 posts, 22.5 %" in shown
    assert "4 posts by 3 authors: buy now" in shown
    assert "8 posts, 6 authors, 0.12 expected" in shown
    assert "≈10" in shown
    assert "--exact compares more" in shown


def test_a_strip_shows_when_nobody_watched_and_why() -> None:
    gap = {"from": "2026-03-01T00:00:00.000Z", "to": "2026-03-06T00:00:00.000Z", "s": 432_000.0}
    gap |= {"reason": "no_overlap", "recovered": True}
    row = {"platform": "x", "hashtag": "fun", "coverage": 0.5, "blind_s": 432_000.0}
    row |= {"gaps_total": 1, "gaps": [gap]}
    offered = {"platform": "x", "hashtag": "fun", "reason": "7 days only"}
    offered |= {"from": gap["from"], "to": gap["to"]}
    answer = HEAD | {"value": 0.5, "targets": [row], "not_offered": [offered]}

    shown = _drawn(coverage_table(answer))

    assert "░" * 20 + "█" * 20 in shown
    assert "x #fun: 2026-03-01 00:00 for 5 d: no overlap; its posts were read later" in shown
    assert "not offered: 7 days only" in shown
    nothing = HEAD | {"value": None, "targets": [], "not_offered": []}
    assert "nothing was polled" in _drawn(coverage_table(nothing))


def test_one_hashtag_and_one_account_of_which_little_is_known() -> None:
    envelope = {"value": 0, "n": 0, "missing": 0, "definition": "posts.v1"}
    tag = HEAD | {
        "hashtag": "fun\u202e",
        "posts": envelope,
        "authors": envelope,
        "grade": {"value": None, "n": 2, "rates": {}},
        "known": {"posts": 0},
        "counters": {"sources": []},
        "related": {"hashtags": []},
    }
    names = ("followers", "following", "posts", "description", "observed_at")
    now = {"platform": "x", "handle": "ann", "source": "post"} | dict.fromkeys(names)
    history = {"observations": [], "followers_growth": {"value": None}}
    account = {"profile": now, "posts": {"metrics": {}}, "history": history, "campaigns": []}

    shown = _drawn(tag_tables(tag)) + _drawn(profile_tables(account))

    assert "#fun\n" in shown
    assert "no grade: too few other hashtags (2)" in shown
    assert "no post in the lake carries it" in shown
    assert "followers –, following –, posts – (as its newest post said at – UTC)" in shown
