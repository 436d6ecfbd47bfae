"""What ``taglake doctor`` looks at; each check starts and changes nothing."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal

import psutil

from enrichment.hub import address, is_address
from enrichment.model_folder import read_folder
from enrichment.model_places import CHAMPION, place_of
from enrichment.onnx_providers import report
from lake.access import Access
from lake.account import known_account, nearest
from lake.client import open_client
from lake.config import ElasticsearchConfig, EnrichmentConfig
from lake.distribution import COORDINATES, SHA512, VERSION, cache_folder, installed
from lake.errors import ConfigError, NodeError, TaglakeError
from lake.java import ADVICE, OLDEST, local_java
from lake.node import node_status
from lake.node_files import MIN_FREE_BYTES, NodeSettings, heap_mb, node_folders
from lake.node_process import port_is_free, port_owner
from lake.node_users import ADMIN, read_users
from lake.templates import installed_versions, load_templates

Level = Literal["ok", "warn", "fail"]

_OLDEST_PYTHON = (3, 11)
# Beside its heap the node needs memory for Java itself and for what it keeps in direct buffers.
_BESIDE_HEAP_MB = 500
_ROOMY_BYTES = 5_000_000_000
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found, and what to do about it.

    Args:
        check: What was looked at.
        status: ``fail`` = Taglake will not work so; ``warn`` = it will, with a limit.
        detail: What was found.
        advice: What to do; None where nothing needs to be done.
    """

    check: str
    status: Level
    detail: str
    advice: str | None = None


Check = Callable[[NodeSettings], Finding]


def python_version(_settings: NodeSettings) -> Finding:
    """The Python that runs us."""
    found = ".".join(str(part) for part in sys.version_info[:3])
    if sys.version_info[:2] < _OLDEST_PYTHON:
        return Finding("python", "fail", found, "Install Python 3.11 or newer.")
    return Finding("python", "ok", found)


def java(settings: NodeSettings) -> Finding:
    """A Java for the node."""
    try:
        found = local_java(known_account(settings.data_dir / "node"))
    except NodeError as exc:
        return Finding("java", "fail", str(exc).removesuffix(ADVICE).rstrip(" ;:."), ADVICE)
    if found is None:
        detail = f"no Java {OLDEST} or newer here; the first start will try to fetch one"
        return Finding("java", "warn", detail, ADVICE)
    return Finding("java", "ok", f"{found.version} at {found.home} (by {found.source})")


def disk(settings: NodeSettings) -> Finding:
    """Free space where the data goes."""
    folder = nearest(settings.data_dir)
    free_bytes = shutil.disk_usage(folder).free
    detail = f"{free_bytes / _MB:.0f} MB free at {folder}"
    if free_bytes < MIN_FREE_BYTES:
        needed = f"{MIN_FREE_BYTES / _MB:.0f} MB"
        return Finding("disk", "fail", detail, f"Free at least {needed}; the node needs them.")
    if free_bytes < _ROOMY_BYTES:
        return Finding("disk", "warn", detail, "Enough to start; free some space before it fills.")
    return Finding("disk", "ok", detail)


def memory(settings: NodeSettings) -> Finding:
    """Memory for the node."""
    found = psutil.virtual_memory()
    heap = heap_mb(settings.heap_mb, found.total)
    detail = f"{found.available / _MB:.0f} MB available, the node's heap is {heap} MiB"
    if node_status(settings).pid is None and found.available / _MB < heap + _BESIDE_HEAP_MB:
        return Finding("memory", "warn", detail, "Close programs, or set a smaller node.heap_mb.")
    return Finding("memory", "ok", detail)


def port(settings: NodeSettings) -> Finding:
    """The node's address."""
    status = node_status(settings)
    last = int(status.url.rsplit(":", 1)[1]) if status.url else None
    wanted = settings.http_port or last
    if status.pid is not None:
        return Finding("port", "ok", f"{last}, used by the node")
    if wanted is None:
        return Finding("port", "ok", "a free one will be chosen at the first start")
    if port_is_free(wanted):
        return Finding("port", "ok", f"{wanted} is free")
    detail = f"{wanted} is taken by {port_owner(wanted)}"
    if settings.http_port is None:
        return Finding("port", "warn", detail, "The next start will choose another one.")
    return Finding("port", "fail", detail, "End that process, or change node.http_port.")


def data_folder(settings: NodeSettings) -> Finding:
    """Whether we may write the data folder."""
    folder = settings.data_dir.expanduser().absolute()
    there = nearest(folder)
    if not there.is_dir():
        advice = "Move that file away, or configure another node.data_dir."
        return Finding("data folder", "fail", f"{there} is not a folder", advice)
    try:
        with TemporaryFile(dir=there):  # asked of the file system: root may write, says os.access
            pass
    except OSError:
        advice = f"Make {there} writable (chown), or configure another node.data_dir."
        return Finding("data folder", "fail", f"{folder} cannot be written", advice)
    return Finding("data folder", "ok", f"{folder} can be written")


def distribution(settings: NodeSettings) -> Finding:
    """The unpacked Elasticsearch."""
    cache = cache_folder(settings.cache_dir, known_account(settings.data_dir / "node"))
    found = installed(cache)
    if found is None:
        detail = f"{COORDINATES} is not in {cache}; the first start fetches it (107 MB)"
        return Finding("elasticsearch", "warn", detail, "Have the internet at the first start.")
    if not (found / "bin" / "elasticsearch").is_file():
        detail = f"{found} is damaged: bin/elasticsearch is missing"
        return Finding("elasticsearch", "fail", detail, f"Delete {found}; it is fetched anew.")
    return Finding("elasticsearch", "ok", f"{VERSION} in {found}, SHA-512 {SHA512[:12]}…")


def node(settings: NodeSettings) -> Finding:
    """The node's process."""
    status = node_status(settings)
    if status.pid is None:
        return Finding("node", "ok", "not running; a command that needs it starts it")
    detail = f"process {status.pid} at {status.url}, Elasticsearch {status.version}"
    if not status.answers:
        advice = "Look at `taglake node logs`; then `taglake node stop` and start it again."
        return Finding("node", "fail", f"{detail}, does not answer", advice)
    if status.version != VERSION:
        advice = f"Restart it (taglake node stop) to get {VERSION}."
        return Finding("node", "warn", f"{detail}, answers", advice)
    return Finding("node", "ok", f"{detail}, answers")


def leases(settings: NodeSettings) -> Finding:
    """Who uses the node."""
    status = node_status(settings)
    users = ", ".join(f"process {pid}" for pid in status.leases) or "no command"
    if status.pid is not None and not status.leases and not status.pinned:
        advice = "A command was killed and left it; the next one, or `taglake node stop`, ends it."
        return Finding("leases", "warn", "the node runs but no command uses it", advice)
    return Finding("leases", "ok", f"the node is used by {users}")


def model_runtime(_settings: NodeSettings) -> Finding:
    """What sentiment models run on."""
    try:
        found = report()
    except ConfigError as exc:
        return Finding("models", "fail", str(exc), "Until then, write enrichment.model: vader.")
    return Finding("models", "warn" if found.advice else "ok", found.detail, found.advice)


def sentiment_model(config: EnrichmentConfig) -> Finding:
    """The files of the model that posts are scored with; nothing is loaded or fetched."""
    spec = config.model
    try:
        hub = address(spec) if "@" in spec and is_address(spec) else None
        if hub and not (config.models_dir / hub.folder).is_dir() and not Path(spec).is_dir():
            detail = f"{hub} is not here yet; the first start fetches it"
            return Finding("model", "warn", detail, "Have the internet at the first start.")
        place = place_of(spec, config)
        found = None if place is None else read_folder(place)
    except ConfigError as exc:
        advice = "Set another enrichment.model; `taglake model list` shows some."
        return Finding("model", "fail", str(exc), advice)
    if found is None:
        return Finding("model", "ok", "vader, which is built in")
    if spec == CHAMPION:
        detail = "the champion that the lake names; until one is named, or where it is broken, "
        return Finding("model", "ok", f"{detail}{found.name} ({found.precision})")
    return Finding("model", "ok", f"{found.name} ({found.precision}) in {found.path}")


async def templates(settings: NodeSettings | None, config: ElasticsearchConfig) -> Finding:
    """The index templates of the lake, against ours.

    Args:
        settings: The embedded node's; None where the lake is a cluster of the user's.
        config: How to reach the cluster.
    """
    if settings is not None and not node_status(settings).answers:
        detail = "cannot be seen while no node answers; they are installed when one starts"
        return Finding("index templates", "ok", detail)
    try:
        access = _access(settings, config)
        client = open_client(access.url, config, user=access.user, password=access.password)
        try:
            there = await installed_versions(client, config.index_prefix)
        finally:
            await client.close()
    except TaglakeError as exc:
        advice = "Check elasticsearch.url and its user, and that the cluster runs."
        return Finding("index templates", "fail", str(exc), advice)
    ours = {name: body["version"] for name, body in load_templates(config.index_prefix).items()}
    return _compared(ours, there)


def _access(settings: NodeSettings | None, config: ElasticsearchConfig) -> Access:
    if settings is None:
        return Access(config.url)
    folders = node_folders(settings.data_dir, known_account(settings.data_dir / "node"))
    admin = read_users(folders)[ADMIN]
    return Access(node_status(settings).url or "", admin.user, admin.password)


def _compared(ours: dict[str, int], there: dict[str, int]) -> Finding:
    newer = sorted(name for name, version in ours.items() if there.get(name, 0) > version)
    stale = sorted(name for name, version in ours.items() if there.get(name, 0) < version)
    if newer:
        detail = f"newer than this program: {', '.join(newer)}"
        return Finding("index templates", "fail", detail, "Update Taglake.")
    if stale:
        detail = f"missing or older: {', '.join(stale)}"
        advice = "The next command that opens the lake installs them."
        return Finding("index templates", "warn", detail, advice)
    return Finding("index templates", "ok", f"{len(ours)} installed, all up to date")


MACHINE: tuple[Check, ...] = (python_version, disk, data_folder, model_runtime)
EMBEDDED: tuple[Check, ...] = (java, memory, port, distribution, node, leases)


def look(settings: NodeSettings, *, embedded: bool) -> Iterator[Finding]:
    """The findings about this machine, and about the embedded node where it is used."""
    for check in (*MACHINE, *(EMBEDDED if embedded else ())):
        yield check(settings)
