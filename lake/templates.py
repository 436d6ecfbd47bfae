"""Index templates: the files of ``index_templates/``, installed under the lake's prefix."""

from __future__ import annotations

import logging
from importlib.resources import files
from typing import Any

import orjson
from elasticsearch import AsyncElasticsearch

from lake.client import our_errors
from lake.errors import ConfigError, NotFoundError
from lake.records import Json

logger = logging.getLogger(__name__)


def load_templates(prefix: str) -> dict[str, Json]:
    """Each template's body by its name in Elasticsearch (``<prefix><file name>``)."""
    found: dict[str, Json] = {}
    for entry in sorted(files("index_templates").iterdir(), key=lambda path: path.name):
        if entry.name.endswith(".json"):
            body: dict[str, Any] = orjson.loads(entry.read_bytes())
            body["index_patterns"] = [prefix + pattern for pattern in body["index_patterns"]]
            found[prefix + entry.name.removesuffix(".json")] = body
    return found


async def install_templates(client: AsyncElasticsearch, prefix: str) -> list[str]:
    """Installs what is missing or older than ours; gives the names of what it installed.

    Doing so again does nothing. Indices that exist get the fields that a newer version adds.

    Raises:
        ConfigError: The cluster holds a newer version than this program knows: an older program
            must not write into a newer lake.
        RetryError: Elasticsearch did not answer.
    """
    wanted = load_templates(prefix)
    there = await installed_versions(client, prefix)
    newer = [name for name, body in wanted.items() if there.get(name, 0) > body["version"]]
    if newer:
        raise ConfigError(
            f"the index template {newer[0]} has version {there[newer[0]]}, this Taglake knows "
            f"{wanted[newer[0]]['version']}: update Taglake, or use another "
            "elasticsearch.index_prefix"
        )
    stale = {name: body for name, body in wanted.items() if there.get(name) != body["version"]}
    for name, body in stale.items():
        with our_errors(f"installing the index template {name}"):
            await client.indices.put_index_template(name=name, **_arguments(body))
            if name in there:
                await client.indices.put_mapping(
                    index=body["index_patterns"],
                    properties=body["template"]["mappings"]["properties"],
                    allow_no_indices=True,
                )
    if stale:
        logger.info("index templates installed", extra={"templates": sorted(stale)})
    return sorted(stale)


async def installed_versions(client: AsyncElasticsearch, prefix: str) -> dict[str, int]:
    """The version of each index template under a prefix, by its name.

    Raises:
        RetryError: Elasticsearch did not answer.
    """
    try:
        with our_errors("reading the index templates"):
            answer = await client.indices.get_index_template(name=f"{prefix}*")
    except NotFoundError:
        return {}
    return {
        entry["name"]: entry["index_template"].get("version", 0)
        for entry in answer["index_templates"]
    }


def _arguments(body: Json) -> Json:
    return {("meta" if key == "_meta" else key): value for key, value in body.items()}
