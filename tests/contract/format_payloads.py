"""Archive formats of which there is no recording, or few: hand-made files as they are split."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ingestors.files.detection import format_named
from ingestors.platform import Payload
from tests.contract.payloads import SHARED, Case
from tests.fakes.archive_files import documents

_PLATFORMS = {
    "apify_instagram": {"instagram"},
    "apify_tiktok": {"tiktok"},
    "fourcat": {"bluesky", "instagram", "threads", "tiktok", "x"},
    "instaloader": {"instagram"},
    "phantombuster": {"instagram"},
    "taglake": {"mastodon", "x", "youtube"},
    "twint": {"x"},
    "x_v1": {"x"},
    "zeeschuimer": {"instagram", "tiktok", "x"},
}
# Where a number stands in two fields, which may differ.
_TOLD_TWICE = {"apify_instagram"}


def format_cases() -> tuple[Case, ...]:
    """A case for each format, with every form in which its posts come."""
    return tuple(
        Case(
            name,
            format_named(name).normalise,
            tuple(_payloads(name)),
            frozenset(platforms),
            told_twice=name in _TOLD_TWICE,
        )
        for name, platforms in _PLATFORMS.items()
    )


def _payloads(name: str) -> Iterator[Payload]:
    form = format_named(name)
    for of, document in documents():
        if of == name:
            yield from (one for one in form.split(document, name) if isinstance(one, Payload))
    if name == "x_v1":
        yield from _recorded_tweets()


def _recorded_tweets() -> Iterator[Payload]:
    """Tweets of a search that was recorded in 2019; none where the recordings are not."""
    path = SHARED / "x/tweepy/testsearchtweets.json"
    if not path.is_file():
        return
    cassette = json.loads(path.read_text(encoding="utf-8"))
    for exchange in cassette["interactions"]:
        body = json.loads(exchange["response"]["body"]["string"])
        for one in format_named("x_v1").split(body, "recorded"):
            if isinstance(one, Payload):
                yield one
