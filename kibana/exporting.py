"""Fetches a dashboard with all that it needs back from a Kibana."""

from __future__ import annotations

from kibana.client import Kibana
from kibana.saved_objects import Key, SavedObject
from lake.errors import InvalidError, NotFoundError

_MOST_STEPS = 20  # a dashboard, its visualizations, their data views: three are usual


async def dashboard_id(kibana: Kibana, wanted: str) -> str:
    """The id of a dashboard, named by its id or its title, with or without ``Taglake 1:``.

    Raises:
        NotFoundError: There is none; the message names those that there are.
        InvalidError: Several have the title.
    """
    titles = await kibana.dashboards()
    if wanted in titles:
        return wanted
    name = wanted.casefold()
    same = sorted(id_ for id_, title in titles.items() if title.casefold() == name)
    same = same or sorted(
        id_ for id_, title in titles.items() if title.rpartition(": ")[2].casefold() == name
    )
    if not same:
        names = ", ".join(sorted(titles.values())) or "none"
        raise NotFoundError(f"there is no dashboard {wanted!r} here; there are: {names}")
    if len(same) > 1:
        raise InvalidError(f"several dashboards are called {wanted!r}; name one: {', '.join(same)}")
    return same[0]


async def with_needs(kibana: Kibana, key: Key) -> list[SavedObject]:
    """An object and all that it refers to, directly or not.

    Raises:
        NotFoundError: One of them is not there.
    """
    found: dict[Key, SavedObject] = {}
    wanted = {key}
    for _ in range(_MOST_STEPS):
        if not wanted:
            break
        stored = await kibana.stored(sorted(wanted))
        missing = sorted(wanted - stored.keys())
        if missing:
            names = ", ".join(f"{type_} {id_}" for type_, id_ in missing)
            raise NotFoundError(f"not in this space, or not to be seen by us: {names}")
        found |= {each: SavedObject(body) for each, body in stored.items()}
        wanted = {each for one in found.values() for each in one.references} - found.keys()
    return list(found.values())
