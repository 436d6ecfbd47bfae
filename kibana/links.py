"""Addresses of dashboards, with a time range and a filter where they are wanted. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from kibana.rison import rison
from lake import times
from lake.records import Json

_MEANT = "!'(),:*@$/"  # what Rison means by these survives, so that the address can be read


@dataclass(frozen=True, slots=True)
class View:
    """What a dashboard is opened with.

    Args:
        start: From then on; None leaves the dashboard's own time.
        end: Before then.
        filter_name: What the filter's pill says.
        query: The filter, in Elasticsearch's query language; None filters nothing.
    """

    start: datetime | None = None
    end: datetime | None = None
    filter_name: str = ""
    query: Json | None = None


def dashboard_link(base: str, id_: str, view: View | None = None) -> str:
    """The address of a dashboard.

    Args:
        base: Kibana's, with the space in it.
        id_: The dashboard's.
        view: What it is opened with; as it was saved without one.
    """
    link = f"{base}/app/dashboards#/view/{quote(id_, safe='')}"
    parts = [] if view is None else [*_time(view), *_filter(view)]
    return f"{link}?{'&'.join(parts)}" if parts else link


def _time(view: View) -> list[str]:
    if view.start is None or view.end is None:
        return []
    span = {"from": times.to_text(view.start), "to": times.to_text(view.end)}
    return [f"_g={_escaped({'time': span})}"]


def _filter(view: View) -> list[str]:
    if view.query is None:
        return []
    meta = {"alias": view.filter_name, "disabled": False, "key": "query", "negate": False}
    one = {
        "$state": {"store": "appState"},
        "meta": meta | {"type": "custom"},
        "query": view.query,
    }
    return [f"_a={_escaped({'filters': [one]})}"]


def _escaped(state: Json) -> str:
    return quote(rison(state), safe=_MEANT)
