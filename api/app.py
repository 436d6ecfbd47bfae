"""The API, put together. Importing this does nothing; ``create_app`` makes an application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Any

from fastapi import FastAPI

from api import problems
from api.openapi import described
from api.routes import (
    campaigns,
    coverage,
    definitions,
    export,
    health,
    influencers,
    labels,
    posts,
    push,
    sentiment,
    share_of_voice,
    summary,
    timeline,
)
from lake.config import Config
from lake.inbox import Inbox
from lake.intake import receiving
from lake.spool import Spool
from lake.store import Store

_QUESTIONS = (
    *(summary, timeline, influencers, share_of_voice, sentiment),
    *(posts, coverage, export),
)
StoreFactory = Callable[[], AbstractAsyncContextManager[Store]]


class Api(FastAPI):
    """A FastAPI application whose OpenAPI document has our problems, bodies and examples."""

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = described(super().openapi())
        return self.openapi_schema


def create_app(
    store: Store | StoreFactory, config: Config, *, push_platforms: Sequence[str] = ()
) -> FastAPI:
    """An application that answers from a lake.

    Args:
        store: The lake; or what opens it, which is then done when the server starts and undone
            when it stops.
        config: What the API accepts.
        push_platforms: Whose payloads may be pushed; without any, nothing can be.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            opened = store if isinstance(store, Store) else await stack.enter_async_context(store())
            app.state.store = opened
            if push_platforms:  # without, nobody may touch the spool
                inbox = Inbox(opened, config.writer.dead_letter_dir)
                spool = Spool(config.api.spool_dir, config.api.spool_bytes)
                app.state.intake = await stack.enter_async_context(receiving(inbox, spool))
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
    app.state.push_bytes = config.api.push_bytes
    app.state.push_platforms = tuple(push_platforms)
    app.state.push_tokens = [token.get_secret_value().encode() for token in config.api.push_tokens]
    problems.install(app)
    for module in (campaigns, *_QUESTIONS, labels, definitions, push, health):
        app.include_router(module.router)
    return app
