"""The connection to Elasticsearch, and its exceptions as ours.

Only a few modules of ``lake`` speak to the client library; all others meet ``lake.errors``.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from elastic_transport import ConnectionError as NoConnectionError
from elastic_transport import (
    ConnectionTimeout,
    ObjectApiResponse,
    SerializationError,
    TransportError,
)
from elasticsearch import ApiError, AsyncElasticsearch

from lake.config import ElasticsearchConfig
from lake.errors import (
    ConfigError,
    ConflictError,
    NotFoundError,
    RateLimitedError,
    RejectedError,
    TaglakeError,
    UnavailableError,
)
from lake.retry import Backoff, retrying
from lake.serializer import LakeSerializer

T = TypeVar("T")
_USUAL_BYTES = 100_000
_SHARD_STARTS = Backoff(base_s=0.1, cap_s=1.0)
_STATUS_ERRORS: dict[int, type[TaglakeError]] = {
    401: ConfigError,
    403: ConfigError,
    404: NotFoundError,
    408: UnavailableError,
    409: ConflictError,
    429: RateLimitedError,
    502: UnavailableError,
    503: UnavailableError,
    504: UnavailableError,
}


def open_client(
    url: str, config: ElasticsearchConfig, *, user: str | None = None, password: str | None = None
) -> AsyncElasticsearch:
    """A client for one address; it connects when it is first used.

    Retrying is ours (``lake.retry``): the library's would hide how often it happens and repeat
    whole bulk requests.

    Args:
        url: Where the cluster listens.
        config: Time-out, certificate authority and, for a cluster of the user's, credentials.
        user: Signs in instead of the configured user.
        password: The user's.

    Raises:
        ConfigError: The certificate file cannot be read.
    """
    secret = config.password.get_secret_value() if config.password else None
    name, word = (user, password) if user else (config.user, secret)
    return AsyncElasticsearch(
        url,
        basic_auth=(name, word) if name and word else None,
        api_key=config.api_key.get_secret_value() if config.api_key and not user else None,
        ssl_context=_trust(config) if url.startswith("https") else None,
        serializers={LakeSerializer.mimetype: LakeSerializer()},
        request_timeout=config.request_timeout_s,
        max_retries=0,
        dead_node_backoff_factor=0,  # or the client hides the only address for half a minute
        connections_per_node=256,  # an API has hundreds of requests under way
    )


def _trust(config: ElasticsearchConfig) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=config.ca_file)
    except (OSError, ssl.SSLError) as exc:
        raise ConfigError(
            f"elasticsearch.ca_file: {config.ca_file}: cannot be used: {exc}"
        ) from exc


@contextmanager
def our_errors(doing: str) -> Iterator[None]:
    """Turns the client library's exceptions into those of ``lake.errors``.

    Args:
        doing: What was tried, for the message: "reading the campaign".
    """
    try:
        yield
    except (ConnectionTimeout, NoConnectionError) as exc:
        raise UnavailableError(f"{doing}: Elasticsearch does not answer") from exc
    except ApiError as exc:
        kind = _STATUS_ERRORS.get(exc.status_code, RejectedError)
        raise kind(f"{doing}: Elasticsearch answered {exc.status_code}: {reason(exc)}") from exc
    except (TransportError, SerializationError) as exc:
        raise UnavailableError(f"{doing}: {exc.message}") from exc


async def while_starting(ask: Callable[[], Awaitable[T]]) -> T:
    """What ``ask`` gives, asked again a few times while Elasticsearch does not answer.

    An index that was made this moment answers 503 until its shard has started.

    Raises:
        RetryError: It did not answer within a few seconds.
    """
    return await retrying(ask, backoff=_SHARD_STARTS, attempts=6)


async def read_one(
    client: AsyncElasticsearch, index: str, id_: str, doing: str, **options: Any
) -> dict[str, Any]:
    """One document as it is at this moment, whether or not a search could find it yet.

    Args:
        client: The connection.
        index: Where it is; an index that was made this moment is waited for.
        id_: The document's id.
        doing: What is tried, for the message of an error.
        **options: What else the request says, as in ``source_includes``.

    Returns:
        Elasticsearch's answer: ``_source``, ``_seq_no``, ``_primary_term``.

    Raises:
        NotFoundError: There is no such document, or no such index.
        RetryError: Elasticsearch did not answer.
    """

    async def ask() -> dict[str, Any]:
        with our_errors(doing):
            return dict(await client.get(index=index, id=id_, **options))

    return await while_starting(ask)


def size_of(answer: ObjectApiResponse[Any]) -> int:
    """How many bytes an answer took on the way; a guess where nobody said so."""
    told: str = answer.meta.headers.get("content-length") or ""
    return int(told) if told.isdigit() else _USUAL_BYTES


def reason(exc: ApiError) -> str:
    """Why Elasticsearch refused, in one line."""
    body = exc.body
    error = body.get("error", body) if isinstance(body, dict) else body
    if isinstance(error, dict):
        cause = (error.get("root_cause") or [error])[0]
        return str(cause.get("reason") or cause.get("type") or exc.message)
    return str(error or exc.message)
