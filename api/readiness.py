"""Whether the lake can be asked."""

from __future__ import annotations

from lake.client import our_errors
from lake.errors import NotFoundError, UnavailableError
from lake.store import Store
from lake.templates import load_templates


async def check_ready(store: Store) -> None:
    """Returns when Elasticsearch answers and holds every index template that we know.

    Raises:
        RetryError: It does not answer, or a template is missing or older than ours.
    """
    prefix = store.layout.prefix
    try:
        with our_errors("reading the index templates"):
            answer = await store.client.indices.get_index_template(name=f"{prefix}*")
    except NotFoundError as exc:
        raise UnavailableError("the lake has no index templates yet") from exc
    there = {
        entry["name"]: entry["index_template"].get("version", 0)
        for entry in answer["index_templates"]
    }
    for name, body in load_templates(prefix).items():
        if there.get(name, 0) < body["version"]:
            raise UnavailableError(f"the index template {name} is missing or old")
