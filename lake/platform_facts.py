"""What a platform offers, as far as a campaign is told: plain values that any program may hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class PlatformFacts:
    """One platform with the operator's settings.

    Args:
        label: Its name for people.
        offers: Capability to what it comes to, in a few words: ``posts`` under a hashtag,
            ``counts`` of a hashtag, ``profiles``, ``comments``, ``stream``, ``history`` and
            ``refresh``. What is not named it does not offer.
        configured: Whether config.yaml names it.
        off_because: Why nothing comes from it although it is configured; None: it does.
        needs: The credentials that it cannot do without, each with where one gets it.
        history: How far back its posts can be asked for; None: as far as it goes, or not at all.
        reach_back: How far back a campaign without a baseline has its past collected.
    """

    label: str
    offers: Mapping[str, str]
    configured: bool = True
    off_because: str | None = None
    needs: tuple[str, ...] = ()
    history: timedelta | None = None
    reach_back: timedelta = field(default_factory=timedelta)
