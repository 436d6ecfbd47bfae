"""What every test may use: one real Elasticsearch node, and a lake of the test's own in it."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from lake.access import Access
from lake.client import open_client
from lake.config import Config, ElasticsearchConfig, WriterConfig
from lake.node import use_node
from lake.node_files import NodeSettings
from lake.node_start import NodeAccess
from lake.store import Store, open_store
from lake.templates import install_templates
from tests.lakes import CommandLine, LakeOfTest

ROOT = Path(__file__).parents[1]
SHARED = ROOT / "../shared"


@pytest.fixture(scope="session", autouse=True)
def _clean_environment() -> None:
    """No setting of the machine reaches a test."""
    for name in [name for name in os.environ if name.startswith("TAGLAKE_")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def node() -> Iterator[NodeAccess]:
    """A real Elasticsearch, started once; a missing one is a failure, never a skip."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # as root the node has an account of its own
        with use_node(NodeSettings(data_dir=Path(folder), heap_mb=1024), _say) as access:
            yield access


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


@pytest.fixture
async def lake_of_test(node: NodeAccess, tmp_path: Path) -> AsyncIterator[LakeOfTest]:
    """An empty lake with its templates; its indices are deleted afterwards."""
    prefix = f"test-{uuid4().hex[:12]}-"
    config = Config(
        elasticsearch=ElasticsearchConfig(url=node.url, index_prefix=prefix),
        writer=WriterConfig(dead_letter_dir=tmp_path / "dead-letters"),
    )
    admin = node.users["admin"]
    access = Access(node.url, admin.user, admin.password)
    client = open_client(node.url, config.elasticsearch, user=admin.user, password=admin.password)
    try:
        await install_templates(client, prefix)
        yield LakeOfTest(config, access, tmp_path)
        found = await client.indices.get(index=f"{prefix}*", allow_no_indices=True)
        if found.body:
            await client.indices.delete(index=",".join(found.body))
        await client.indices.delete_index_template(name=f"{prefix}*")
    finally:
        await client.close()


@pytest.fixture
async def store(lake_of_test: LakeOfTest) -> AsyncIterator[Store]:
    """A store in an empty lake."""
    async with open_store(lake_of_test.config, lake_of_test.access) as opened:
        yield opened


@pytest.fixture
def taglake(lake_of_test: LakeOfTest) -> CommandLine:
    """The command line, as processes of its own, in this test's lake."""
    secret = {"TAGLAKE_TEST_PASSWORD": lake_of_test.access.password or ""}
    return CommandLine(lake_of_test.config_file(), ROOT, secret)
