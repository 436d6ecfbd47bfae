"""One of the sample's three platforms behind the seam, so that its posts take the live path."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from datetime import datetime

from ingestors.platform import Page, Payload, Target
from lake.errors import InvalidError
from lake.quota import LimitBook
from lake.records import Record
from taglake.sample.campaign import BRANDS, POLL_DAYS
from taglake.sample.people import PLATFORMS
from taglake.sample.stream import SamplePage, Sighting, pages_of, sightings

_MOST_KEPT = 20_000
Normalise = Callable[[Payload, datetime], Sequence[Record]]


class SamplePlatform:
    """A platform that serves the sample's posts, one target a hashtag, to the end of the sample.

    The cursor names the sample and the last page given; the pages after it are made anew, so
    a walk may be cut off and gone on with anywhere. After the last page there is nothing more.

    Args:
        name: One of ``PLATFORMS``.
        normalise: The real platform's normaliser.
        seed: The sample's seed.
        end: The sample's end; a walk that is resumed needs the same one.
        posts: Posts of the whole sample, over all platforms and hashtags.

    Raises:
        InvalidError: There is no such platform, or ``posts`` or ``seed`` is out of range.
    """

    def __init__(
        self, name: str, normalise: Normalise, *, seed: int, end: datetime, posts: int = 6000
    ) -> None:
        if name not in PLATFORMS:
            raise InvalidError(f"the sample has no platform {name}; it has {', '.join(PLATFORMS)}")
        self.name = name
        self.context: str | None = None
        self.limits = LimitBook()
        self._normalise = normalise
        self._sightings = sightings(seed, end, name, posts)
        self._stream = f"{seed}/{posts}/{end:%Y-%m-%d}/"
        self._kept: dict[int, list[Sighting]] | None = {} if posts <= _MOST_KEPT else None

    def normalise(self, payload: Payload, observed_at: datetime) -> Sequence[Record]:
        """The records that one payload holds, as the real platform's normaliser reads it.

        Raises:
            PayloadError: The payload lacks something that no record can do without.
        """
        return self._normalise(payload, observed_at)

    def related(self, payload: Payload) -> Sequence[Target]:
        """No targets: the sample has hashtags only."""
        del payload
        return ()

    async def check(self) -> str:
        """Nothing to sign in to."""
        return "the sample is made here"

    async def pages(self, target: Target, cursor: str | None) -> AsyncGenerator[Page, None]:
        """The pages after ``cursor`` of the posts that carry the target's hashtag.

        Raises:
            InvalidError: The target is no hashtag, or the cursor is none of this platform's.
        """
        if target.kind != "hashtag":
            raise InvalidError(f"the sample has hashtags only, no {target.kind}")
        first = self._first_page(cursor)
        for number, page in enumerate(self._walk(target.value)):
            if number >= first:
                # The stream is whole by construction: nothing lies between two of its polls.
                cursor = f"{self._stream}{number}"
                yield Page(page.payloads, page.observed_at, cursor, overlaps=True)

    def _first_page(self, cursor: str | None) -> int:
        """The number of the first page to give: another sample's cursor means nothing here."""
        if cursor is None or not cursor.startswith(self._stream):
            return 0
        number = cursor.removeprefix(self._stream)
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            raise InvalidError(f"not a cursor of the sample: {cursor[:40]!r}")
        return int(number) + 1

    def _walk(self, tag: str) -> Iterator[SamplePage]:
        for poll in range(len(POLL_DAYS)):
            yield from pages_of(self.name, _tagged(self._seen(poll), tag))

    def _seen(self, poll: int) -> Iterator[Sighting]:
        """One poll's posts; of a small sample they are kept, because every hashtag walks them."""
        if self._kept is None:
            return self._sightings(poll)
        if poll not in self._kept:
            self._kept[poll] = list(self._sightings(poll))
        return iter(self._kept[poll])


def targets() -> tuple[Target, ...]:
    """Every hashtag of every brand on every platform."""
    return tuple(
        Target(platform, "hashtag", tag)
        for platform in PLATFORMS
        for brand in BRANDS
        for tag in brand.tags
    )


def _tagged(seen: Iterator[Sighting], tag: str) -> Iterator[Sighting]:
    return (sighting for sighting in seen if any(tag == own.lower() for own in sighting.draft.tags))
