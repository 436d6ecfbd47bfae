"""What a panel can be, as a spec writes it: pydantic models of the small form.

docs/kibana.md tells how to add a panel.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

WIDTH = 48  # columns of Kibana's grid
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
Size = Annotated[str, Field(pattern=r"^[1-9][0-9]?x[1-9][0-9]?$")]
Text = Annotated[str, Field(min_length=1)]
Colour = Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")]


class Strict(BaseModel):
    """What is written wrongly is an error, not ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Bucket(Strict):
    """What numbers are split by: exactly one of ``terms``, ``time`` and ``filters``.

    Args:
        terms: A field, whose ``size`` values are taken.
        time: A date field, cut ``every`` so long (``1d``, or ``auto``).
        filters: Label to KQL.
        size: How many terms.
        every: Length of a time bucket.
        label: Its name for people.
        order: Terms by the panel's first number, highest first, or by their name; or ``low``:
            lowest first.
    """

    terms: str | None = None
    time: str | None = None
    filters: dict[str, str] | None = None
    size: Annotated[int, Field(ge=1, le=1_000)] = 10
    every: str = "1d"
    label: str | None = None
    order: Literal["number", "low", "name"] = "number"

    @model_validator(mode="after")
    def _is_one(self) -> Bucket:
        if sum(one is not None for one in (self.terms, self.time, self.filters)) != 1:
            raise ValueError("needs exactly one of terms, time, filters")
        return self


class Measure(Strict):
    """A number.

    Args:
        show: A formula, such as ``sum(engagement.value)``.
        label: Its name for people.
        where: KQL; only what it finds.
        format: How it is shown; ``percent`` is of numbers from 0 to 100.
        decimals: Digits behind the point.
        colour: ``#rrggbb``, or ``TABLE.VALUE`` of colours.yaml.
        axis: Of a chart.
    """

    show: Text
    label: Text
    where: str = ""
    format: Literal["number", "percent", "seconds", "date"] = "number"
    decimals: Annotated[int, Field(ge=0, le=4)] = 0
    colour: Annotated[str, Field(pattern=r"^(#[0-9A-Fa-f]{6}|[a-z]+\.\w+)$")] | None = None
    axis: Literal["left", "right"] = "left"


class Drilldown(Strict):
    """What a click on a value opens.

    Args:
        to: The name of a dashboard.
        label: What the menu says.
        keep_filters: Whether the filters and controls of this dashboard go along.
    """

    to: Name
    label: Text
    keep_filters: bool = True


class Panel(Strict):
    """What every panel has.

    Args:
        id: Unique in the dashboard.
        title: Unique in the dashboard.
        size: Columns of 48 x rows; panels follow one another like words of a text.
        metric: Definitions of the numbers that it shows.
        about: What it shows, in a line; needed where no ``metric`` says it.
        not_by: Controls that empty it, as what it shows is not known by their fields.
        ignores_controls: Whether it shows the same whatever the controls say.
        drilldown: What a click on a value opens.
    """

    id: Name
    title: Text
    size: Size
    metric: tuple[str, ...] = ()
    about: str = ""
    not_by: tuple[str, ...] = ()
    ignores_controls: bool = False
    drilldown: Drilldown | None = None

    @property
    def width(self) -> int:
        """Columns of the grid."""
        return int(self.size.split("x")[0])

    @property
    def height(self) -> int:
        """Rows of the grid."""
        return int(self.size.split("x")[1])


class Markdown(Panel):
    """A text; ``{numbers}`` stands for the dashboard's numbers and what they mean."""

    kind: Literal["markdown"]
    text: Text


class OfData(Panel):
    """What every panel has that shows data.

    Args:
        view: The name of a data view.
        filter: KQL; only what it finds.
    """

    view: Text
    filter: str = ""

    @model_validator(mode="after")
    def _is_explained(self) -> OfData:
        if not self.metric and not self.about:
            raise ValueError("needs metric (ids of definitions) or about (a line)")
        return self


class Tile(OfData):
    """One large number, with a second one below it; ``split`` names whose, and takes the first.

    Lens keeps room for as many tiles as a split may have, whether they are there or not.
    """

    kind: Literal["tile"]
    number: Measure
    second: Measure | None = None
    split: Bucket | None = None

    @model_validator(mode="after")
    def _has_room(self) -> Tile:
        if self.split and self.split.size != 1:
            raise ValueError("split of a tile needs size: 1; Lens keeps room for every other")
        return self


class Layer(Strict):
    """A layer of a chart.

    Args:
        series: How it is drawn.
        x: What stands along the axis.
        split: What makes several series.
        each: The name of a table of colours: one series a value, always in its colour.
        numbers: What is drawn.
    """

    series: Literal[
        "line",
        "area",
        "area_stacked",
        "area_percentage_stacked",
        "bar",
        "bar_stacked",
        "bar_percentage_stacked",
        "bar_horizontal",
        "bar_horizontal_stacked",
        "bar_horizontal_percentage_stacked",
    ]
    x: Bucket
    split: Bucket | None = None
    each: str | None = None
    numbers: Annotated[tuple[Measure, ...], Field(min_length=1)]


class Chart(OfData):
    """Lines, areas or bars; ``gaps`` are where a bucket has no documents."""

    kind: Literal["chart"]
    layers: Annotated[tuple[Layer, ...], Field(min_length=1)]
    gaps: Literal["shown", "zero", "joined"] = "shown"
    to_100: Literal["left", "right"] | None = None


class Pie(OfData):
    """Parts of a whole, by ``split`` or by ``each`` value of a table of colours."""

    kind: Literal["pie"]
    shape: Literal["pie", "donut", "treemap", "waffle"] = "donut"
    split: Bucket | None = None
    each: str | None = None
    numbers: Annotated[tuple[Measure, ...], Field(min_length=1)]


class Table(OfData):
    """Rows ``by`` something, with numbers."""

    kind: Literal["table"]
    by: Annotated[tuple[Bucket, ...], Field(min_length=1)]
    numbers: Annotated[tuple[Measure, ...], Field(min_length=1)]
    rows: Annotated[int, Field(ge=1, le=100)] = 10
    sort_by: int | None = 0


class Heatmap(OfData):
    """A number in the cells of two splits."""

    kind: Literal["heatmap"]
    x: Bucket
    y: Bucket
    number: Measure


class TagCloud(OfData):
    """Words, larger where the number is."""

    kind: Literal["tagcloud"]
    split: Bucket
    number: Measure


class Search(OfData):
    """Documents themselves.

    Args:
        columns: Fields.
        sort: Field and direction.
    """

    kind: Literal["documents"]
    columns: Annotated[tuple[str, ...], Field(min_length=1)]
    sort: tuple[str, Literal["asc", "desc"]]


class Vega(OfData):
    """What Lens cannot draw: a Vega-Lite specification; ``index: VIEW`` names a view's indices.

    ``%colours.NAME%`` as a scale stands for the domain and range of a table of colours.
    """

    kind: Literal["vega"]
    vega: dict[str, Any]


AnyPanel = Annotated[
    Markdown | Tile | Chart | Pie | Table | Heatmap | TagCloud | Search | Vega,
    Field(discriminator="kind"),
]
