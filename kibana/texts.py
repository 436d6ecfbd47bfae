"""What panels say of their numbers: a line each, and where the definition is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kibana.panel_forms import AnyPanel
from kibana.spec import Dashboard
from lake.errors import InvalidError


@dataclass(frozen=True, slots=True)
class Meaning:
    """One number's definition.

    Args:
        tag: ``<id>.v<version>``.
        name: What people call it.
        formula: In words.
    """

    tag: str
    name: str
    formula: str

    @property
    def line(self) -> str:
        """The first sentence of the formula."""
        first, dot, _ = self.formula.partition(". ")
        return first + dot.strip() if dot else first


Meanings = Mapping[str, Meaning]


def description(panel: AnyPanel, meanings: Meanings) -> str:
    """What the sign beside a panel's title tells."""
    lines = [panel.about] if panel.about else []
    for one in _meant(panel, meanings):
        lines.append(f"{one.name} ({one.tag}): {one.line}")
    if panel.not_by:
        lines.append(f"Empty while a choice is made by: {', '.join(panel.not_by)}.")
    if panel.ignores_controls:
        lines.append("Shows the same whatever is chosen above.")
    return "\n".join(lines)


def numbers(dashboard: Dashboard, meanings: Meanings, definitions_url: str) -> str:
    """Markdown: every number of a dashboard, what it is, and a link to its definition."""
    found = {one.tag: one for panel in dashboard.panels for one in _meant(panel, meanings)}
    return "\n".join(
        f"- **{one.name}** – {one.line} [{one.tag}]({definitions_url}#{one.tag})"
        for one in found.values()
    )


def _meant(panel: AnyPanel, meanings: Meanings) -> list[Meaning]:
    unknown = [name for name in panel.metric if name not in meanings]
    if unknown:
        raise InvalidError(f"there is no definition of {', '.join(unknown)}")
    return [meanings[name] for name in panel.metric]
