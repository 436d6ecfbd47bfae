"""What answers assume because no platform tells it: how far posts reach, what a reaction is worth.

People configure both. Efficiencies have a default, prices have none.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from analysis.reach import Efficiency
from analysis.value import ValueTable, read_value_table
from lake.config import AnalysisConfig


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a person assumes.

    Args:
        efficiency: Which part of their followers posts reach.
        values: What interactions are worth; None: nothing has a price.
    """

    efficiency: Efficiency = field(default_factory=Efficiency)
    values: ValueTable | None = None


ASSUMED = Assumptions()


def assumptions(config: AnalysisConfig) -> Assumptions:
    """What the configuration says; reads the value table where it names one.

    Raises:
        ConfigError: The value table cannot be read, or is none.
    """
    table = config.value_table
    return Assumptions(
        Efficiency(dict(config.reach_efficiency_by_platform), config.reach_efficiency),
        None if table is None else read_value_table(table),
    )
