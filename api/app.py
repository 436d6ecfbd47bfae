"""The API, put together. Importing this does nothing; ``create_app`` makes an application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import FastAPI

from api import problems
from api.openapi import described
from api.routes import (
    campaigns,
    definitions,
    export,
    health,
    influencers,
    posts,
    sentiment,
    share_of_voice,
    summary,
    timeline,
)
from lake.config import Config
from lake.store import Store

_QUESTIONS = (summary, timeline, influencers, share_of_voice, sentiment, posts, export)
StoreFactory = Callable[[], AbstractAsyncContextManager[Store]]


class Api(FastAPI):
    """A FastAPI application whose OpenAPI document has our problems, bodies and examples."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = described(super().openapi())
        return self.openapi_schema


def create_app(store: Store | StoreFactory, config: Config) -> FastAPI:
    """An application that answers from a lake.

    Args:
        store: The lake; or what opens it, which is then done when the server starts and undone
            when it stops.
        config: What the API accepts.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        if isinstance(store, Store):
            app.state.store = store
            yield
            return
        async with store() as opened:
            app.state.store = opened
            yield

    app = Api(
        title="Taglake",
        summary="Answers about hashtag campaigns",
        version="1",
        lifespan=lifespan,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.body_bytes = config.api.body_bytes
    problems.install(app)
    for module in (campaigns, *_QUESTIONS, definitions, health):
        app.include_router(module.router)
    return app
