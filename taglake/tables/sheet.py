"""A table that fits the terminal: what does not fit is left out by name, never cut off unseen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

Cell = str | Text
_WITHOUT_TERMINAL = 120
_PADDING = 2
_NARROWEST = 3
_BARS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        name: What stands above it, with the unit.
        wraps: Whether it holds text, which may be folded; numbers are never broken.
        drop: Columns with the highest number are left out first where there is too little room;
            those with 0 after all others, from the right.
        style: As ``rich`` has it.
        least: Cells that folded text needs at least.
    """

    name: str
    wraps: bool = False
    drop: int = 0
    style: str = ""
    least: int = 12


def words(name: str, *, drop: int = 0, style: str = "", least: int = 12) -> Column:
    """A column of text."""
    return Column(name, wraps=True, drop=drop, style=style, least=least)


@dataclass(frozen=True, slots=True)
class Spark:
    """Numbers over time in one line, as wide as there is room for.

    Args:
        name: What they are.
        values: In order; unknown ones are blanks.
    """

    name: str
    values: Sequence[float | None]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The line; of more values than cells each cell shows the mean of some."""
        del console
        room = max(1, options.max_width - cell_len(self.name) - 1)
        yield Text(f"{self.name} ").append(sparkline(_means(self.values, room)), style="cyan")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of an answer.

    Args:
        columns: From left to right.
        rows: A cell for each column.
        title: Above it.
        sparks: Under the title.
        notes: Below it, one a line.
    """

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    title: str = ""
    sparks: Sequence[Spark] = ()
    notes: Sequence[Cell] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """All of it, in the width that there is."""
        del console
        if self.title:
            yield Text(self.title, style="bold")
        yield from self.sparks
        if self.rows:
            yield from self._table(options.max_width)
        for note in self.notes:
            yield note if isinstance(note, Text) else Text(note, style="dim")

    def _table(self, width: int) -> Iterator[RenderableType]:
        shown = self.fitting(width)
        table = Table(box=None, pad_edge=True)
        for place, cells in zip(shown, self._cells(shown, width), strict=True):
            column = self.columns[place]
            table.add_column(
                Text(column.name),
                justify="left" if column.wraps else "right",
                no_wrap=not column.wraps,
                overflow="fold",
                width=cells,
                style=column.style or None,
            )
        for row in self.rows:
            table.add_row(*(_text(row[place]) for place in shown))
        yield table
        hidden = [each.name for place, each in enumerate(self.columns) if place not in shown]
        if hidden:
            yield Text(f"for lack of room without: {', '.join(hidden)}", style="dim italic")

    def fitting(self, width: int) -> list[int]:
        """Places of the columns that are shown in a width of so many cells."""
        shown = list(range(len(self.columns)))
        droppable = sorted(
            (place for place in shown if self.columns[place].drop),
            key=lambda place: (self.columns[place].drop, place),
        )
        while droppable and sum(map(self._need, shown)) > width:
            shown.remove(droppable.pop())
        # A screen that is narrower than what must be there still gets whole numbers.
        while len(shown) > 1 and sum(map(self._least, shown)) > width:
            shown.pop()
        return shown

    def _cells(self, shown: Sequence[int], width: int) -> list[int]:
        """How wide each column is: what it needs, and of the rest what its text would fill.

        Where even that is too wide, texts are folded as narrow as can be; numbers stay whole.
        """
        needs = [self._need(place) for place in shown]
        wishes = [
            self._widest(place) + _PADDING - need for place, need in zip(shown, needs, strict=True)
        ]
        room = width - sum(needs)
        if room < 0:
            wishes = [need - self._least(place) for place, need in zip(shown, needs, strict=True)]
        room = max(-sum(wishes), min(room, sum(wishes)))
        return [
            need - _PADDING + room * wish // (sum(wishes) or 1)
            for need, wish in zip(needs, wishes, strict=True)
        ]

    def _need(self, place: int) -> int:
        column, widest = self.columns[place], self._widest(place)
        return (min(widest, column.least) if column.wraps else widest) + _PADDING

    def _least(self, place: int) -> int:
        need = self._need(place)
        return min(need, _NARROWEST + _PADDING) if self.columns[place].wraps else need

    def _widest(self, place: int) -> int:
        widest = max((cell_len(_text(row[place]).plain) for row in self.rows), default=0)
        return max(widest, cell_len(self.columns[place].name))


def show(*parts: RenderableType) -> None:
    """Prints tables: as wide as the terminal, or 120 columns where there is none.

    Colours are for terminals only, and for none where ``NO_COLOR`` is set.
    """
    console = Console(highlight=False)
    if not console.is_terminal:
        console = Console(width=_WITHOUT_TERMINAL, highlight=False)
    for part in parts:
        console.print(part)


def sparkline(values: Sequence[float | None]) -> str:
    """One bar a value, from 0 to the highest; a blank for an unknown one, nothing for none."""
    top = max((value for value in values if value is not None), default=0) or 1
    return "".join(
        " " if value is None else _BARS[round((len(_BARS) - 1) * max(0, value) / top)]
        for value in values
    )


def _means(values: Sequence[float | None], most: int) -> list[float | None]:
    if len(values) <= most:
        return list(values)
    found: list[float | None] = []
    for cell in range(most):
        part = values[len(values) * cell // most : len(values) * (cell + 1) // most]
        known = [value for value in part if value is not None]
        found.append(sum(known) / len(known) if known else None)
    return found


def _text(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(cell)
