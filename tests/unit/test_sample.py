"""The sample campaign: the same every time, shaped like the real platforms, and as it says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from ingestors.platform import Payload
from lake.text import normal_hashtag
from taglake.sample.campaign import BRANDS, window
from taglake.sample.drafts import Draft
from taglake.sample.people import PLATFORMS
from taglake.sample.stream import SamplePage, native_id, payload_pages, sightings
from taglake.sample.truth import Truth, truth

END = datetime(2026, 11, 1, 17, 42, tzinfo=UTC)
SEED = 7
ROOT = Path(__file__).parents[2]
DIGEST = """
import hashlib, json
from datetime import datetime
from taglake.sample.stream import payload_pages
hasher = hashlib.sha256()
for page in payload_pages(7, datetime.fromisoformat("2026-11-01T17:42:00+00:00"), 1500):
    text = [page.platform, page.observed_at.isoformat(), [[p.kind, p.body] for p in page.payloads]]
    hasher.update(json.dumps(text).encode())
print(hasher.hexdigest())
"""
# The peak resident size over the first part of a sample of 200,000 posts; all of it takes longer
# than a test may, and whatever is kept for each post would show by then.
MEMORY = """
import resource
from datetime import datetime
from itertools import islice
from taglake.sample.stream import payload_pages
pages = payload_pages(7, datetime.fromisoformat("2026-11-01T17:42:00+00:00"), 200_000)
next(pages)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(sum(len(page.payloads) for page in islice(pages, 350)))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@cache
def the_pages() -> tuple[SamplePage, ...]:
    return tuple(payload_pages(SEED, END))


@cache
def the_truth() -> Truth:
    return truth(SEED, END)


@cache
def the_drafts() -> tuple[Draft, ...]:
    """Every distinct post."""
    return tuple(
        sighting.draft
        for platform in PLATFORMS
        for poll in range(3)
        for sighting in sightings(SEED, END, platform, 6000)(poll)
        if not sighting.again
    )


def payload_id(platform: str, payload: Payload) -> str:
    if platform == "x":
        return str(payload.body["data"]["id"])
    return str(payload.body["uri"])


def likes(platform: str, payload: Payload) -> int | None:
    if platform == "x":
        number = payload.body["data"].get("public_metrics", {}).get("like_count")
    else:
        number = payload.body.get("favourites_count" if platform == "mastodon" else "likeCount")
    return number if number is None else int(number)


def digest_in_a_process(hash_seed: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", DIGEST],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), "LC_ALL": "C"},
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.strip()


def test_two_processes_with_different_hash_seeds_make_the_same_bytes():
    first = digest_in_a_process("1")
    second = digest_in_a_process("4242")

    assert len(first) == 64
    assert first == second


def test_every_text_is_valid_json_and_utf8():
    for page in the_pages():
        for payload in page.payloads:
            written = json.dumps(payload.body, ensure_ascii=False, allow_nan=False).encode("utf-8")
            assert json.loads(written) == payload.body


def test_pages_come_in_order_of_observation_and_hold_a_hundred_at_most():
    pages = the_pages()

    assert all(1 <= len(page.payloads) <= 100 for page in pages)
    assert all(a.observed_at <= b.observed_at for a, b in pairwise(pages))
    assert len({page.observed_at for page in pages}) == 3
    assert sum(len(page.payloads) for page in pages) == the_truth().observations


def test_no_post_is_seen_before_it_was_written_or_outside_the_window():
    start, end = window(END)
    for platform in PLATFORMS:
        for poll in range(3):
            for sighting in sightings(SEED, END, platform, 6000)(poll):
                assert start <= sighting.draft.created < sighting.observed_at <= end


def test_an_id_stands_for_one_post_only():
    ids = Counter((draft.platform, native_id(draft)) for draft in the_drafts())

    assert max(ids.values()) == 1
    assert len(ids) == the_truth().posts
    seen = {
        (page.platform, payload_id(page.platform, p)) for page in the_pages() for p in page.payloads
    }
    assert seen == set(ids)


def test_there_are_about_as_many_posts_and_people_as_asked_for():
    found = the_truth()

    assert 5950 <= found.posts <= 6000
    assert 800 <= found.authors <= 1050
    assert found.platforms["x"] > found.platforms["bluesky"] > found.platforms["mastodon"] > 1300
    assert set(found.languages) == {"en", "es", "de", "fr", "pt", "hi", "ar", "ja"}
    assert found.languages["en"] > 0.75 * found.posts
    assert set(found.kinds) == {"post", "reply", "quote", "reshare"}


def test_every_brand_has_its_share_and_some_posts_name_two():
    found = the_truth()

    shares = {name: count / found.posts for name, count in found.brands.items()}
    assert shares["Wyndhollow"] == pytest.approx(0.60, abs=0.04)
    assert shares["Kestrivo"] == pytest.approx(0.25, abs=0.04)
    assert shares["Ospreth"] == pytest.approx(0.18, abs=0.04)
    assert 0.02 < found.overlap / found.posts < 0.06
    assert sum(found.brands.values()) == found.posts + found.overlap
    assert sum(sum(moods.values()) for moods in found.moods.values()) == sum(found.brands.values())


def test_a_draft_carries_exactly_the_hashtags_of_the_brands_it_names():
    of_brand = [set(brand.tags) for brand in BRANDS]
    for draft in the_drafts():
        tags = {normal_hashtag(tag) for tag in draft.tags}
        assert {n for n, own in enumerate(of_brand) if own & tags} == set(draft.brands)
        assert draft.brands


def test_the_bursts_are_where_the_calendar_says():
    found = the_truth()
    hours = Counter(d.created.replace(minute=0, second=0, microsecond=0) for d in the_drafts())

    assert found.peaks == (found.calendar.launch, found.calendar.giveaway)
    ordinary = sorted(hours.values())[len(hours) // 2]
    assert hours[found.calendar.launch] > 8 * ordinary
    assert hours[found.calendar.launch] > hours[found.calendar.giveaway] > 4 * ordinary


def test_the_controversy_turns_the_brand_negative_for_its_hours_only():
    start, end = the_truth().calendar.controversy
    own = [draft for draft in the_drafts() if draft.brands == (0,)]

    inside = Counter(draft.mood for draft in own if start <= draft.created < end)
    outside = Counter(draft.mood for draft in own if not start <= draft.created < end)
    assert end - start == timedelta(hours=36)
    assert inside["negative"] > 0.55 * inside.total()
    assert outside["negative"] < 0.2 * outside.total()


def test_the_viral_post_has_more_likes_than_any_ten_others():
    found = the_truth()
    last = {
        (page.platform, payload_id(page.platform, p)): likes(page.platform, p) or 0
        for page in the_pages()
        for p in page.payloads
    }

    viral = last.pop(found.viral)
    assert viral > sum(sorted(last.values())[-10:])


def test_numbers_grow_from_poll_to_poll():
    seen: dict[tuple[str, str], list[int]] = {}
    for page in the_pages():
        for payload in page.payloads:
            count = likes(page.platform, payload)
            if count is not None:
                seen.setdefault((page.platform, payload_id(page.platform, payload)), []).append(
                    count
                )

    again = [counts for counts in seen.values() if len(counts) > 1]
    assert the_truth().seen_again / the_truth().posts == pytest.approx(0.15, abs=0.02)
    assert all(counts == sorted(counts) for counts in again)
    assert sum(counts[-1] > counts[0] for counts in again) > 0.3 * len(again)


def test_some_payloads_hide_numbers():
    hidden = Counter(
        page.platform
        for page in the_pages()
        for payload in page.payloads
        if likes(page.platform, payload) is None
    )

    assert set(hidden) == set(PLATFORMS)
    assert hidden.total() < 0.05 * the_truth().observations


def test_the_ring_posts_few_texts_often():
    found = the_truth()
    texts = Counter(d.text for d in the_drafts() if native_id(d) in found.spam)

    assert len(found.spam) >= 30
    assert 2 <= len(found.spam_authors) <= 12
    assert len(texts) == 2


def test_nothing_was_posted_in_the_gap_on_the_platform_that_was_not_watched():
    start, end = the_truth().calendar.gap
    inside = Counter(d.platform for d in the_drafts() if start <= d.created < end)

    assert end - start == timedelta(hours=5)
    assert inside["mastodon"] == 0
    assert inside["x"] > 0
    assert inside["bluesky"] > 0


def test_hostile_texts_arrive_unharmed():
    found = the_truth()
    by_id = {(d.platform, native_id(d)): d for d in the_drafts()}
    texts = [by_id[key].text for key in found.hostile]

    assert len(texts) == 8
    assert any("<script>" in text for text in texts)
    assert any(text.startswith("=") for text in texts)
    assert any("\u202e" in text for text in texts)
    assert max(map(len, texts)) > 5000


def test_vader_agrees_with_most_english_moods():
    analyzer = SentimentIntensityAnalyzer()
    agreed: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for draft in the_drafts()[::4]:
        if draft.language == "en" and draft.topic != "spam":
            score = analyzer.polarity_scores(draft.text)["compound"]
            label = "positive" if score > 0.05 else "negative" if score < -0.05 else "neutral"
            total[draft.mood] += 1
            agreed[draft.mood] += label == draft.mood

    assert agreed["positive"] > 0.9 * total["positive"]
    assert agreed["negative"] > 0.9 * total["negative"]
    assert agreed["neutral"] > 0.85 * total["neutral"]


def test_a_large_sample_streams_in_bounded_memory():
    done = subprocess.run(
        [sys.executable, "-c", MEMORY],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        text=True,
    )

    payloads, grown_kib = map(int, done.stdout.split())
    assert payloads > 30_000
    assert grown_kib < 60 * 1024
