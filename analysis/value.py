"""What engagement would have cost as advertising, and what came back: METRICS 38 and 39.

There are no prices here. Who wants money values brings a dated table of their own; without one
there is no number. Such a table as YAML::

    name: Rates that we agreed on with the agency
    date: 2026-01-01
    currency: USD
    values:
      instagram: {likes: 0.30, comments: 0.50, impressions: 12.00}

A value is of one interaction; that of ``impressions`` is of 1,000 views that the platform tells.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from analysis.numbers import ratio
from lake.errors import ConfigError
from lake.records import POST_METRICS

PER_THOUSAND = "impressions"
# By platform, by component; None: the platform does not tell.
Counts = Mapping[str, Mapping[str, float | None]]
COMPONENTS = (*POST_METRICS, PER_THOUSAND)
_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Price = Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]


class ValueTable(BaseModel):
    """What one of each component is worth, by platform, as of a day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: _Name
    date: date
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    values: dict[_Name, Annotated[dict[_Name, _Price], Field(min_length=1)]]

    @field_validator("values")
    @classmethod
    def _components(cls, values: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        for platform, prices in values.items():
            if unknown := [name for name in prices if name not in COMPONENTS]:
                known = ", ".join(COMPONENTS)
                raise ValueError(f"{platform} has no {', '.join(unknown)[:200]}; there are {known}")
            if PER_THOUSAND in prices and "views" in prices:
                raise ValueError(f"{platform} names views and {PER_THOUSAND}, which are the same")
        return values


def value_table(values: object, *, place: str = "the value table") -> ValueTable:
    """A table out of what YAML holds.

    Args:
        values: ``name``, ``date``, ``currency`` (three letters) and ``values``.
        place: Where it is from, for messages.

    Raises:
        ConfigError: It is no such table.
    """
    try:
        return ValueTable.model_validate(values)
    except ValidationError as exc:
        found = [
            f"{'.'.join(map(str, error['loc'])) or 'table'}: {error['msg']}"
            for error in exc.errors(include_input=False, include_url=False)
        ]
        raise ConfigError(f"{place}: {'; '.join(found)}") from exc


def read_value_table(path: Path) -> ValueTable:
    """The table in a YAML file.

    Raises:
        ConfigError: The file cannot be read, or holds no table of values.
    """
    try:
        text = path.read_text(encoding="utf-8")
        values = yaml.safe_load(text)
    except (OSError, UnicodeDecodeError) as exc:
        raise ConfigError(f"{path}: the value table cannot be read: {exc}") from exc
    except yaml.YAMLError as exc:
        raise ConfigError(f"{path}: the value table is no YAML: {exc}") from exc
    return value_table(values, place=str(path))


@dataclass(frozen=True, slots=True)
class Emv:
    """Earned media value, with all that it rests on.

    Args:
        value: In the table's currency; None where nothing that has a price is known.
        rows: What each component came to: platform, component, count, each, value.
        unknown: Components with a price whose count the platform does not tell.
        unpriced: Components that were counted and that the table has no price for.
        table: The prices.
    """

    value: float | None
    rows: tuple[tuple[str, str, float, float, float], ...]
    unknown: tuple[tuple[str, str], ...]
    unpriced: tuple[tuple[str, str], ...]
    table: ValueTable

    def to_json(self) -> dict[str, Any]:
        """The value with the table's name and date, as reports print it."""
        names = ("platform", "component", "count", "each", "value")
        return {
            "value": self.value,
            "currency": self.table.currency,
            "table": {"name": self.table.name, "date": self.table.date.isoformat()},
            "rows": [dict(zip(names, row, strict=True)) for row in self.rows],
            "unknown": [list(pair) for pair in self.unknown],
            "unpriced": [list(pair) for pair in self.unpriced],
        }


def emv(counts: Counts, table: ValueTable | None) -> Emv | None:
    """Each component's count times its value, added up; None without a table.

    Args:
        counts: How many of each component, by platform.
        table: The prices; it is off where there is none.
    """
    if table is None:
        return None
    rows = []
    unknown, unpriced = [], []
    for platform, components in sorted(counts.items()):
        prices = table.values.get(platform, {})
        for component, count in sorted(components.items()):
            each = prices.get(component)
            if each is None:
                unpriced.append((platform, component))
            elif count is None:
                unknown.append((platform, component))
            else:
                units = count / 1000 if component == PER_THOUSAND else count
                rows.append((platform, component, count, each, units * each))
    value = math.fsum(row[-1] for row in rows) if rows else None
    return Emv(value, tuple(rows), tuple(unknown), tuple(unpriced), table)


def roi(value: float | None, conversions: float | None, cost: float | None) -> float | None:
    """What came back beyond the cost, by the cost; None where a part is unknown or the cost is 0.

    Args:
        value: Earned media value.
        conversions: What conversions brought in, in the same currency.
        cost: What the campaign cost, in the same currency.
    """
    if value is None or conversions is None or cost is None:
        return None
    return ratio(value + conversions - cost, cost)
