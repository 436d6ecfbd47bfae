"""Confusion matrices as one SVG: a panel a model, what people say in rows, what it says in columns.

One hue from light to dark shows the share of a row, so that it can be read without telling colours
apart; the numbers stand in the cells.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from enrichment.evaluation import Evaluation
from enrichment.label_schemes import LABELS
from lake.text import clean

Colour = tuple[int, int, int]

LIGHT: Colour = (247, 251, 255)
DARK: Colour = (8, 48, 107)
_INK, _FAINT, _PAPER, _LINE = "#1b1f24", "#57606a", "#ffffff", "#c8ced6"
_NO_SHARE: Colour = (238, 238, 238)
# What XML cannot hold, and marks that turn the direction of what follows.
_NOT_SHOWN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufffe\uffff]"
)
_LONGEST_NAME = 36

_CELL_W, _CELL_H, _GAP = 104, 76, 2
_LEFT, _TOP, _RIGHT, _BOTTOM = 136, 104, 24, 40
_PANEL_W = _LEFT + len(LABELS) * _CELL_W + _RIGHT
_PANEL_H = _TOP + len(LABELS) * _CELL_H + _BOTTOM


def confusion_svg(evaluations: Sequence[Evaluation]) -> str:
    """The picture: an SVG document that needs nothing besides itself.

    Args:
        evaluations: One panel each, side by side, in order; at least one.
    """
    width = _PANEL_W * len(evaluations)
    names = ", ".join(_shown(one.model) for one in evaluations)
    panels = "".join(_panel(one, place * _PANEL_W) for place, one in enumerate(evaluations))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{_PANEL_H}" '
        f'viewBox="0 0 {width} {_PANEL_H}" role="img" '
        'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">\n'
        f"<title>Confusion of {html.escape(names)}</title>\n"
        f'<rect width="{width}" height="{_PANEL_H}" fill="{_PAPER}"/>\n{panels}</svg>\n'
    )


def shade(share: float | None) -> Colour:
    """The colour of a cell: from light (no text of the row) to dark (every text of it)."""
    if share is None:
        return _NO_SHARE
    red, green, blue = (
        round(low + (high - low) * share) for low, high in zip(LIGHT, DARK, strict=True)
    )
    return red, green, blue


def ink_on(paper: Colour) -> str:
    """Black or white, whichever stands out more: at least 4.5 to 1, as WCAG 2.2 asks (1.4.3)."""
    light = luminance(paper)
    on_white_ink, on_dark_ink = 1.05 / (light + 0.05), (light + 0.05) / 0.05
    return "#ffffff" if on_white_ink > on_dark_ink else "#000000"


def luminance(colour: Colour) -> float:
    """Relative luminance, 0.0 to 1.0: https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _panel(one: Evaluation, x: int) -> str:
    middle = _LEFT + len(LABELS) * _CELL_W / 2
    about = f"{one.n:,} texts, macro-F1 {one.macro_f1:.3f}, accuracy {one.accuracy:.3f}"
    parts = [
        _text(_PANEL_W / 2, 26, _shown(one.model), size=16, weight=600),
        _text(_PANEL_W / 2, 46, about, size=12, fill=_FAINT),
        _text(middle, 72, "the model says", size=12, fill=_FAINT),
        *(
            _text(_LEFT + (column + 0.5) * _CELL_W, _TOP - 10, label, size=14)
            for column, label in enumerate(LABELS)
        ),
        *(_row(one, row) for row in range(len(LABELS))),
        _text(
            18, _TOP + len(LABELS) * _CELL_H / 2, "people say", size=12, fill=_FAINT, turned=True
        ),
        _text(
            middle, _PANEL_H - 14, "share of the row, and texts; darker is more", size=11,
            fill=_FAINT,
        ),
    ]  # fmt: skip
    return f'<g transform="translate({x} 0)">\n{"".join(parts)}</g>\n'


def _row(one: Evaluation, row: int) -> str:
    top = _TOP + row * _CELL_H
    counts, shares = one.figures.confusion[row], one.figures.shares[row]
    parts = [
        _text(_LEFT - 12, top + _CELL_H / 2 - 2, LABELS[row], size=14, anchor="end"),
        _text(
            _LEFT - 12, top + _CELL_H / 2 + 16, f"{sum(counts):,} texts", size=11, anchor="end",
            fill=_FAINT,
        ),
    ]  # fmt: skip
    for column, (count, share) in enumerate(zip(counts, shares, strict=True)):
        left, paper = _LEFT + column * _CELL_W, shade(share)
        middle, ink = left + _CELL_W / 2, ink_on(paper)
        shown = "–" if share is None else f"{100 * share:.1f} %"
        parts += [
            f'<rect x="{left + _GAP / 2:g}" y="{top + _GAP / 2:g}" width="{_CELL_W - _GAP}" '
            f'height="{_CELL_H - _GAP}" rx="3" fill="rgb{paper}" stroke="{_LINE}"/>\n',
            _text(middle, top + _CELL_H / 2 - 1, shown, size=17, weight=600, fill=ink),
            _text(middle, top + _CELL_H / 2 + 19, f"{count:,}", size=12, fill=ink),
        ]
    return "".join(parts)


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: int,
    fill: str = _INK,
    anchor: str = "middle",
    weight: int = 400,
    turned: bool = False,
) -> str:
    turn = f' transform="rotate(-90 {x:g} {y:g})"' if turned else ""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" fill="{fill}" '
        f'text-anchor="{anchor}"{turn}>{html.escape(text)}</text>\n'
    )


def _shown(name: str) -> str:
    """A model's name without what XML cannot hold, cut to what fits above its matrix."""
    name = _NOT_SHOWN.sub("\ufffd", clean(name))
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
