"""The API, put together. Importing this does nothing; ``create_app`` makes an application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

from fastapi import FastAPI

from analysis.assumptions import assumptions
from api import manners, problems
from api.answer_cache import AnswerCache
from api.door import guarding
from api.openapi import described
from api.parameters import KnownParameters
from api.reading import sharing_reads
from api.routes import (
    authenticity,
    campaigns,
    comments,
    coverage,
    definitions,
    erasures,
    export,
    forecast,
    hashtags,
    health,
    influencers,
    labels,
    peaks,
    posts,
    profiles,
    push,
    sentiment,
    share_of_voice,
    spikes,
    summary,
    tags,
    timeline,
    windows,
)
from lake.config import Config
from lake.generation import generation
from lake.inbox import Inbox
from lake.intake import receiving
from lake.platform_facts import PlatformFacts
from lake.spool import Spool
from lake.store import Store

_QUESTIONS = (
    *(summary, timeline, influencers, share_of_voice, sentiment),
    *(windows, spikes, peaks, forecast, comments, hashtags, authenticity, tags),
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
    store: Store | StoreFactory,
    config: Config,
    *,
    push_platforms: Sequence[str] = (),
    platforms: Mapping[str, PlatformFacts] | None = None,
    changes: Store | None = None,
) -> FastAPI:
    """An application that answers from a lake.

    Args:
        store: The lake; or what opens it, which is then done when the server starts and undone
            when it stops.
        config: What the API accepts.
        push_platforms: Whose payloads may be pushed; without any, nothing can be.
        platforms: What each platform offers; None: nobody knows, and campaigns are not told.
        changes: The same lake for one who may change posts, which erasures do; ``store`` if None.

    Raises:
        ConfigError: The configured value table cannot be read.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            opened = store if isinstance(store, Store) else await stack.enter_async_context(store())
            app.state.store = opened
            app.state.answers = AnswerCache(
                partial(generation, opened.client, opened.layout), config.api.cache_s
            )
            await stack.enter_async_context(sharing_reads(opened, config.api.cache_s))
            app.state.guard = await stack.enter_async_context(guarding(opened, config.api))
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
        dependencies=[KnownParameters],
    )
    app.state.body_bytes = config.api.body_bytes
    app.state.push_bytes = config.api.push_bytes
    app.state.push_platforms = tuple(push_platforms)
    app.state.platforms = platforms
    app.state.assumed = assumptions(config.analysis)
    app.state.changes = changes
    problems.install(app)
    manners.install(app, config.api)
    for module in (campaigns, *_QUESTIONS, profiles, labels, erasures, definitions, push, health):
        app.include_router(module.router)
    return app
