"""The envelope that every number of an answer travels in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from analysis import definitions


@dataclass(frozen=True, slots=True)
class Context:
    """What all numbers of one answer share.

    Args:
        as_of: The moment whose state of the lake was read, as text.
        coverage: How much of the window was watched, 0 to 1; None where nobody knows.
    """

    as_of: str
    coverage: float | None


@dataclass(frozen=True, slots=True)
class Envelope:
    """One number and what it takes to trust it.

    Args:
        value: The number; None where it is unknown.
        n: How many things were looked at (posts, or accounts where the unit is accounts).
        missing: How many of them do not tell the number; they are in no sum.
        definition: Id of the definition in ``definition_rows``.
        context: What the answer's numbers share.
        exact: Whether ``value`` was counted; None where the question does not arise.
        error_bound: Half the width of the interval around a value that is not exact.
    """

    value: float | None
    n: int
    missing: int
    definition: str
    context: Context
    exact: bool | None = None
    error_bound: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The envelope as answers carry it."""
        found: dict[str, Any] = {
            "value": self.value,
            "n": self.n,
            "missing": self.missing,
            "coverage": self.context.coverage,
            "definition": definitions.tag(self.definition),
            "as_of": self.context.as_of,
        }
        if self.exact is not None:
            found["exact"] = self.exact
        if self.error_bound is not None:
            found["error_bound"] = self.error_bound
        return found
