"""The Elasticsearch program itself: fetched by its coordinates, checked, unpacked once.

Source: the minimal distribution that Elastic publishes to the central Maven repository.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import platformdirs

from lake.account import Account, can_enter
from lake.errors import NodeError, StorageError
from lake.filelock import locked

VERSION = "8.19.21"
GROUP = "org.elasticsearch.distribution.integ-test-zip"
ARTIFACT = "elasticsearch"
COORDINATES = f"{GROUP}:{ARTIFACT}:{VERSION} (zip)"
SHA512 = (
    "cf6b0a93860d329937ae7f913ec5073b0c726c77639764b93fc83a304aa1dd9d"
    "4defcfa2849948eea3b0b47c2065f994908603939fc2a4774c9c4d868c5ec1dd"
)
SHARED_CACHE = Path("/var/cache/taglake")

_FOLDER = f"elasticsearch-{VERSION}"
_LOCK_WAIT_S = 600.0


def cache_folder(wanted: Path | None, account: Account | None) -> Path:
    """The folder for what can be fetched again: ``wanted``, else the user's cache folder.

    Where the node's account cannot pass through it (root's home is closed to others), it is
    ``/var/cache/taglake``.
    """
    folder = wanted or Path(platformdirs.user_cache_dir("taglake"))
    return folder.absolute() if can_enter(folder, account) else SHARED_CACHE


def installed(cache: Path) -> Path | None:
    """The unpacked distribution in this cache, or None where it must be fetched first."""
    home = cache / _FOLDER
    return home if _is_ours(home) else None


def install(cache: Path, say: Callable[[str], None]) -> Path:
    """Fetch, check and unpack the distribution, unless that is done already.

    Safe for several processes at once and against being killed: the folder appears whole, by a
    rename, or not at all.

    Returns:
        The folder that holds ``bin`` and ``lib``; readable by every user of the machine.

    Raises:
        NodeError: It cannot be fetched, or what came is not what our checksum says.
        StorageError: The cache folder cannot be written.
    """
    found = installed(cache)
    if found is not None:
        return found
    try:
        cache.mkdir(parents=True, exist_ok=True, mode=0o755)
        with locked(cache / f"{_FOLDER}.lock", timeout_s=_LOCK_WAIT_S, say=say):
            return installed(cache) or unpack(fetch(say), cache, say)
    except OSError as exc:
        raise StorageError(
            f"cannot unpack Elasticsearch into {cache}: {exc.strerror or exc}. "
            "Free space there, make it writable, or configure another cache folder."
        ) from exc


def fetch(say: Callable[[str], None], *, sha512: str = SHA512) -> Path:
    """The distribution's zip file, with the checksum verified.

    A file that is not what it should be (a download that was cut off, say) is deleted and
    fetched once more.

    Raises:
        NodeError: No network, or the second file is wrong too; that one is deleted as well.
    """
    wrong = ""
    for _ in range(2):
        archive = _resolve(say)
        found = _sha512(archive)
        if found == sha512:
            return archive
        archive.unlink(missing_ok=True)
        wrong = found
        say(f"the fetched {archive.name} is damaged; it was deleted")
    raise NodeError(
        f"{COORDINATES} has the SHA-512 {wrong}, but {sha512} was expected; the file was deleted. "
        "Try again; if it happens again, something between here and the repository changes it."
    )


def _resolve(say: Callable[[str], None]) -> Path:
    # Imported here: it takes a while and is needed once in the life of a machine.
    from jgo.maven import MavenContext

    artifact = MavenContext().project(GROUP, ARTIFACT).at_version(VERSION).artifact(packaging="zip")
    kept_at = artifact.cached_path
    if kept_at is None or not kept_at.exists():
        say(f"fetching Elasticsearch {VERSION} (107 MB)")
    try:
        return Path(artifact.resolve())
    except (RuntimeError, OSError) as exc:  # requests' exceptions are OSErrors
        # The library names hosts and paths; the first line of the cause is enough.
        cause = type(exc).__name__
        raise NodeError(
            f"cannot fetch {COORDINATES} ({cause}). Connect to the internet once, or put the zip "
            f"file at {kept_at}; or set elasticsearch.url to a cluster that runs."
        ) from exc


def _sha512(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha512").hexdigest()


def unpack(archive: Path, cache: Path, say: Callable[[str], None]) -> Path:
    """Unpack the zip file into the cache; the caller holds the lock.

    Returns:
        The folder that holds ``bin`` and ``lib``.

    Raises:
        NodeError: The file is not a zip file.
        OSError: The cache cannot be written.
    """
    say(f"unpacking Elasticsearch {VERSION} into {cache}")
    for left_over in cache.glob(f"{_FOLDER}.unpacking-*"):
        shutil.rmtree(left_over)
    temporary = Path(tempfile.mkdtemp(prefix=f"{_FOLDER}.unpacking-", dir=cache))
    try:
        with zipfile.ZipFile(archive) as content:
            content.extractall(temporary)
    except zipfile.BadZipFile as exc:
        raise NodeError(f"{archive} is not a zip file. Delete it and try again.") from exc
    unpacked = temporary / _FOLDER
    _open_to_all(unpacked)
    (unpacked / ".sha512").write_text(SHA512)
    home = cache / _FOLDER
    if home.exists():  # of another build, or changed by hand
        shutil.rmtree(home)
    unpacked.rename(home)
    temporary.rmdir()
    return home


def _open_to_all(folder: Path) -> None:
    """Set the modes that the zip file means; unpacking drops them, and a umask may be strict."""
    for root, _, files in os.walk(folder):
        here = Path(root)
        here.chmod(0o755)
        runs = here.name == "bin"
        for name in files:
            (here / name).chmod(0o755 if runs else 0o644)


def _is_ours(home: Path) -> bool:
    try:
        return (home / ".sha512").read_text() == SHA512
    except OSError:
        return False
