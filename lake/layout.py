"""Where each document lives: index names and document ids as pure functions of the document.

An index name never depends on the clock, so the same id can never land in two indices
(docs/decisions/0003).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from lake.text import digest

# Twitter's and Flickr's first public years; the upper bound keeps a hostile date from making
# indices without end.
_FIRST_YEAR, _LAST_YEAR = 2004, 2099
_MAX_ID_BYTES = 512  # Elasticsearch refuses a longer _id
OBSERVATION_BUCKET_S = 1  # two polls are further apart; a retry has the same time


@dataclass(frozen=True, slots=True)
class Layout:
    """Index names under one prefix.

    Args:
        prefix: What every index name starts with, such as ``taglake-``.
        posts_by: Whether posts are split by year or by month of ``created_at``.
    """

    prefix: str
    posts_by: Literal["year", "month"] = "year"

    def posts(self, created_at: datetime) -> str:
        """The index of a post that was created then."""
        name = _partition(created_at, by_month=self.posts_by == "month")
        return f"{self.prefix}posts-{name}"

    def raw(self, platform: str, observed_at: datetime) -> str:
        """The index of a payload that was received then."""
        return f"{self.prefix}raw-{platform}-{_partition(observed_at, by_month=True)}"

    def metrics(self, observed_at: datetime) -> str:
        """The index of an observation that was made then."""
        return f"{self.prefix}metrics-{_partition(observed_at, by_month=True)}"

    def runs(self, started_at: datetime) -> str:
        """The index of a run that began then."""
        return f"{self.prefix}runs-{_partition(started_at, by_month=True)}"

    def dead_letters(self, observed_at: datetime) -> str:
        """The index of what could not be used then."""
        return f"{self.prefix}deadletter-{_partition(observed_at, by_month=True)}"

    def every(self, name: str) -> str:
        """The pattern of all indices of a kind, such as ``posts`` or ``runs``."""
        return f"{self.prefix}{name}-*"

    def one(self, name: str) -> str:
        """The name of an index that has no partitions, such as ``campaigns``."""
        return f"{self.prefix}{name}"


def _partition(moment: datetime, *, by_month: bool) -> str:
    moment = moment.astimezone(UTC)
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return "undated"
    return f"{moment.year:04}.{moment.month:02}" if by_month else f"{moment.year:04}"


def native_key(platform: str, native_id: str) -> str:
    """``<platform>:<native id>``, or a digest in the id's place where Elasticsearch wants less."""
    key = f"{platform}:{native_id}"
    return key if len(key.encode()) <= _MAX_ID_BYTES else f"{platform}:~{digest(native_id)}"


def observation_id(entity_type: str, entity_id: str, observed_at: datetime) -> str:
    """The same for every observation of an entity within ``OBSERVATION_BUCKET_S`` seconds."""
    bucket = int(observed_at.timestamp()) // OBSERVATION_BUCKET_S
    return digest("observation", entity_type, entity_id, str(bucket))
