"""What the work at hand costs: calls, money, waiting. Code that makes calls counts into it.

The meter travels with the task (``contextvars``), so that polls that share one connection are
counted apart, in threads too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field


@dataclass(slots=True)
class Meter:
    """What was spent since the meter was set.

    Args:
        calls: Calls to the platform.
        cost_usd: US dollars by the configured prices; None: the platform is free.
        waited_s: Seconds spent waiting for limits and between attempts.
        quota_left: Bucket to what the last call left of its limit.
    """

    calls: int = 0
    cost_usd: float | None = None
    waited_s: float = 0.0
    quota_left: dict[str, float] = field(default_factory=dict)

    def pay(self, usd: float) -> None:
        """Adds to the cost."""
        self.cost_usd = (self.cost_usd or 0.0) + usd


_current: ContextVar[Meter | None] = ContextVar("meter", default=None)


def meter() -> Meter:
    """The meter of the work at hand; one that nobody reads where none was set."""
    return _current.get() or Meter()


@contextmanager
def metered(meter: Meter) -> Iterator[Meter]:
    """Counts what happens inside into ``meter``."""
    token = _current.set(meter)
    try:
        yield meter
    finally:
        _current.reset(token)
