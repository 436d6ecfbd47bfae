"""What lies in the embedded node's folder, and the configuration written there before a start.

::

    <data folder>/node/          ours
        state.json  credentials.json  start.lock  leases/
        config/ data/ logs/ tmp/ snapshots/     the node's own, in its "home"

The home is that folder too, unless we are root and the node's account cannot reach it; then it is
``/var/lib/taglake/<hash of the data folder>``.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil

from lake.account import Account, can_enter, hand_over, keep_owner, nearest
from lake.errors import StorageError

CLUSTER_NAME = "taglake-embedded"
NODE_NAME = "taglake"
SHARED_HOMES = Path("/var/lib/taglake")
# Below the flood stage (512 MB) Elasticsearch makes every index read-only.
MIN_FREE_BYTES = 600_000_000

_MIB = 1024 * 1024
_HEAP_MOST_MB = 1024
_HEAP_LEAST_MB = 256


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """What an operator can say about the embedded node.

    Args:
        data_dir: The project's data folder; the node keeps everything below ``node`` in it.
        cache_dir: For what can be fetched again; None = the user's cache folder.
        heap_mb: Java heap in MiB; None = a quarter of the memory, between 256 and 1024.
        http_port: None = a free one, chosen at the first start and kept from then on.
        index_prefix: The roles give rights to the indices of this prefix only.
        start_timeout_s: How long a start may take until it counts as failed.
    """

    data_dir: Path
    cache_dir: Path | None = None
    heap_mb: int | None = None
    http_port: int | None = None
    index_prefix: str = "taglake-"
    start_timeout_s: float = 120


@dataclass(frozen=True, slots=True)
class NodeFolders:
    """Where the files of one data folder's node are."""

    control: Path
    home: Path

    @property
    def state(self) -> Path:
        """What is known about the running node, and its sticky port."""
        return self.control / "state.json"

    @property
    def credentials(self) -> Path:
        """Names and passwords; readable only by who runs us."""
        return self.control / "credentials.json"

    @property
    def lock(self) -> Path:
        """Held while somebody decides to start or stop the node."""
        return self.control / "start.lock"

    @property
    def leases(self) -> Path:
        """One file for each command that uses the node."""
        return self.control / "leases"

    @property
    def config(self) -> Path:
        """Elasticsearch's configuration; written anew at each start."""
        return self.home / "config"

    @property
    def data(self) -> Path:
        """The indices."""
        return self.home / "data"

    @property
    def logs(self) -> Path:
        """``node.log`` and ``console.log``."""
        return self.home / "logs"

    @property
    def tmp(self) -> Path:
        """Java's temporary folder; it must not contain the configuration."""
        return self.home / "tmp"

    @property
    def snapshots(self) -> Path:
        """The one place where snapshot repositories may be."""
        return self.home / "snapshots"

    @property
    def pid_file(self) -> Path:
        """Written by the node itself."""
        return self.tmp / "node.pid"

    @property
    def is_apart(self) -> bool:
        """Whether the node's own folders are outside the data folder."""
        return self.home != self.control


def node_folders(data_dir: Path, account: Account | None) -> NodeFolders:
    """Where the node of this data folder lives; touches nothing."""
    control = data_dir.expanduser().resolve() / "node"
    if account is None:
        return NodeFolders(control, control)
    name = hashlib.sha256(os.fsencode(control.parent)).hexdigest()[:16]
    apart = SHARED_HOMES / name
    # Once apart, always apart: the indices are there, whatever the modes are now.
    if (apart / "data").exists() or not can_enter(control, account):
        return NodeFolders(control, apart)
    return NodeFolders(control, control)


def make_folders(folders: NodeFolders, account: Account | None) -> None:
    """Make what is missing and give the node its own folders.

    Raises:
        StorageError: A folder cannot be made or written; the message names it and its owner.
    """
    try:
        folders.leases.mkdir(parents=True, exist_ok=True)
        keep_owner(folders.leases)
        # The node's account must pass through, but has no business reading our files.
        folders.control.chmod(0o711 if account else 0o700)
        if folders.is_apart:
            folders.home.mkdir(parents=True, exist_ok=True)
            folders.home.chmod(0o711)
        for folder in (folders.config, folders.data, folders.logs, folders.tmp, folders.snapshots):
            folder.mkdir(exist_ok=True)
            hand_over(folder, account)
            folder.chmod(0o700)
        # A name of its own: two commands may look at once.
        with tempfile.NamedTemporaryFile(dir=folders.control, prefix=".probe-"):
            pass
    except OSError as exc:
        raise not_writable(folders.control, exc) from exc


def not_writable(folder: Path, exc: OSError) -> StorageError:
    """The error that names the file or folder, its owner and what to do."""
    wanted = Path(exc.filename) if isinstance(exc.filename, str) else folder
    there = nearest(wanted)
    try:
        owner = there.owner()
    except (KeyError, OSError):
        owner = "an unknown user"
    return StorageError(
        f"cannot write {wanted} ({exc.strerror or exc}); {there} belongs to {owner}. Make it "
        "writable for the user who runs Taglake (chown), or configure another data folder."
    )


def check_free_space(folder: Path, *, needed_bytes: int = MIN_FREE_BYTES) -> None:
    """Raise StorageError where the folder's disk has less free space than needed."""
    free_bytes = shutil.disk_usage(folder).free
    if free_bytes < needed_bytes:
        raise StorageError(
            f"the disk of {folder} has {free_bytes / 1e6:.0f} MB free and the node needs "
            f"{needed_bytes / 1e6:.0f} MB. Free some space, or configure another data folder."
        )


def heap_mb(wanted: int | None, memory_bytes: int) -> int:
    """The Java heap in MiB: ``wanted``, else a quarter of the memory within [256, 1024]."""
    if wanted is not None:
        return wanted
    return max(_HEAP_LEAST_MB, min(_HEAP_MOST_MB, memory_bytes // 4 // _MIB))


def write_config(folders: NodeFolders, settings: NodeSettings, *, http_port: int) -> None:
    """Write elasticsearch.yml, jvm.options and log4j2.properties for the next start.

    Raises:
        OSError: A file cannot be written.
    """
    heap = heap_mb(settings.heap_mb, psutil.virtual_memory().total)
    # JSON is YAML: quotes and escapes any path.
    lines = [f"{k}: {json.dumps(v)}" for k, v in _elasticsearch(folders, http_port).items()]
    texts = {
        "elasticsearch.yml": "\n".join(lines) + "\n",
        "jvm.options": "\n".join(_jvm(folders, heap, os.cpu_count() or 1)) + "\n",
        "log4j2.properties": _LOG4J2,
    }
    for name, text in texts.items():
        write_for_node(folders.config / name, text)


def write_for_node(path: Path, text: str) -> None:
    """Write a file that only the node's account (the owner of the folder) may read.

    Raises:
        OSError: It cannot be written.
    """
    temporary = path.with_name(f".{path.name}.new")
    temporary.touch(mode=0o600)
    temporary.write_text(text, encoding="utf-8")
    keep_owner(temporary)
    temporary.replace(path)


def _elasticsearch(folders: NodeFolders, http_port: int) -> dict[str, object]:
    disk = "cluster.routing.allocation.disk.watermark"
    return {
        "cluster.name": CLUSTER_NAME,
        "node.name": NODE_NAME,
        "discovery.type": "single-node",
        "network.host": "127.0.0.1",
        "http.port": http_port,
        "transport.port": 0,
        "path.data": str(folders.data),
        "path.logs": str(folders.logs),
        "path.repo": [str(folders.snapshots)],
        "xpack.security.enabled": True,
        # Loopback only, so there is nobody to hide the traffic from.
        "xpack.security.http.ssl.enabled": False,
        "xpack.security.transport.ssl.enabled": False,
        "xpack.security.enrollment.enabled": False,
        "xpack.security.autoconfiguration.enabled": False,
        # A wrong `DELETE *` must name what it deletes.
        "action.destructive_requires_name": True,
        # The defaults are shares of the disk: a laptop's disk that is 91 % full, with 80 GB
        # free, would be refused new shards. What counts here is the space that is left.
        f"{disk}.low": "2gb",
        f"{disk}.high": "1gb",
        f"{disk}.flood_stage": "512mb",
    }


def _jvm(folders: NodeFolders, heap: int, cores: int) -> list[str]:
    return [
        f"-Xms{heap}m",
        f"-Xmx{heap}m",
        # Measured on 2 cores: the serial collector starts no faster and saves 90 MB, but its
        # pauses grow with the heap; it pays only where there is no second core.
        "-XX:+UseG1GC" if cores > 1 else "-XX:+UseSerialGC",
        # Elasticsearch touches the whole heap at start; a developer's machine wants it back.
        "-XX:-AlwaysPreTouch",
        "-Djava.io.tmpdir=${ES_TMPDIR}",
        "20-:--add-modules=jdk.incubator.vector",
        "-XX:+ExitOnOutOfMemoryError",
        f"-XX:ErrorFile={folders.logs}/java_error_%p.log",
        "-Dorg.apache.lucene.store.MMapDirectory.sharedArenaMaxPermits=1",
        # Copies the built-in roles into an index that this distribution cannot make; it would
        # log a stack trace at every start.
        "-Des.queryable_built_in_roles_enabled=false",
        # How we recognise our node among the machine's processes.
        mark(folders),
    ]


def mark(folders: NodeFolders) -> str:
    """The Java option that names this node in its process's command line."""
    return f"-Dtaglake.node={folders.home}"


_LOG4J2 = """\
status = error
appender.file.type = RollingFile
appender.file.name = file
appender.file.fileName = ${sys:es.logs.base_path}${sys:file.separator}node.log
appender.file.filePattern = ${sys:es.logs.base_path}${sys:file.separator}node-%i.log.gz
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] [%node_name]%marker %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 16MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 4
rootLogger.level = info
rootLogger.appenderRef.file.ref = file
"""
