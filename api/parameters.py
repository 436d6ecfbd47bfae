"""The parameters that all questions about a campaign share, and the refusal of unknown ones."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from fastapi.routing import APIRoute
from starlette.requests import Request

from api.answers.scope import invalid, scoped
from lake.campaign import Campaign, PlatformName
from lake.errors import InvalidError

_TIME = "2026-03-01, or 2026-03-01T12:00:00Z"

From = Annotated[
    str | None,
    Query(alias="from", description=f"Posts from then on: {_TIME}; the campaign's start if absent"),
]
To = Annotated[
    str | None, Query(alias="to", description="Posts before then; the campaign's end if absent")
]
Platforms = Annotated[
    list[PlatformName] | None,
    Query(alias="platform", max_length=20, description="Only this one; may be repeated"),
]
AsOf = Annotated[
    str | None,
    Query(description="Only what was known then, with the numbers of that time; now if absent"),
]


def part_of(
    campaign: Campaign,
    start: str | None,
    end: str | None,
    platforms: list[str] | None,
    as_of: str | None,
) -> Campaign:
    """The part of a campaign that a request asks about.

    Raises:
        InvalidError: A value is none, or they contradict.
    """
    return scoped(campaign, start=start, end=end, platforms=platforms or (), as_of=as_of)


async def known_parameters(request: Request) -> None:
    """Refuses a query parameter that is not documented: a typing error changes no answer.

    Raises:
        InvalidError: There is one; the message names those that there are.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute):
        return
    documented = request.app.openapi()["paths"].get(route.path_format, {})
    operation = documented.get(request.method.lower(), documented.get("get", {}))
    parameters = operation.get("parameters", ())
    known = [one["name"] for one in parameters if one["in"] == "query"]
    for name in request.query_params:
        if name not in known:
            raise _unknown(name, known)


def _unknown(name: str, known: list[str]) -> InvalidError:
    there = f"known are {', '.join(sorted(known))}" if known else "this address takes none"
    return invalid(name[:60], f"is no parameter here; {there}")


KnownParameters = Depends(known_parameters)
