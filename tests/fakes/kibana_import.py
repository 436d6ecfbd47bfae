"""An import of the sample dashboard into the Kibana on loopback."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr

from kibana.client import connected
from kibana.importing import Existing, Imported, import_objects
from kibana.saved_objects import SavedObject
from lake.config import KibanaConfig
from tests.fakes.kibana import PASSWORD, USER, FakeKibana, kibana_on_loopback
from tests.fakes.kibana_objects import sample


def config(fake: FakeKibana, **other: Any) -> KibanaConfig:
    secret = {"user": USER, "password": SecretStr(PASSWORD)} if "api_key" not in other else {}
    return KibanaConfig(**({"url": fake.base} | secret | other))


async def brought(
    fake: FakeKibana,
    objects: list[SavedObject] | None = None,
    existing: Existing = Existing.REFUSE,
    *,
    wait_s: float = 0,
    said: list[str] | None = None,
    **other: Any,
) -> Imported:
    """An import of the sample into a fake that is running or is started here."""
    lines = [] if said is None else said
    wanted = sample() if objects is None else objects
    if not fake.base:
        async with kibana_on_loopback(fake):
            return await brought(fake, wanted, existing, wait_s=wait_s, said=lines, **other)
    async with connected(config(fake, **other), sleep=fake.sleep) as kibana:
        return await import_objects(kibana, wanted, existing, wait_s=wait_s, say=lines.append)
