"""A Java that the embedded node can run on: found on this machine, else fetched."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lake.account import Account, can_enter, can_run
from lake.errors import NodeError

OLDEST = 17
# The node's entitlement check looks these up when it starts; a trimmed Java may lack them.
NEEDED_MODULES = frozenset({"jdk.attach", "jdk.jdi", "jdk.jlink", "jdk.zipfs"})
ADVICE = (
    f"Install Java {OLDEST} or newer (on Debian or Ubuntu: apt install openjdk-17-jre-headless) "
    "or set ES_JAVA_HOME to one."
)

_VERSION = re.compile(r"java\.version = (?P<version>(?P<major>\d+)\S*)")
_HOME = re.compile(r"java\.home = (?P<home>.+)")
_APT_PACKAGE = "openjdk-17-jre-headless"
_ASK_TIMEOUT_S = 30.0
_APT_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class Java:
    """A Java runtime that the node can use."""

    home: Path
    version: str
    source: str
    """Where it was found: ES_JAVA_HOME, JAVA_HOME, PATH, cjdk or apt."""


def find_java(cache: Path, account: Account | None, say: Callable[[str], None]) -> Java:
    """A Java for the node: from this machine, else fetched, else installed.

    Args:
        cache: The folder to fetch one into.
        account: The account that will run it.
        say: Told what is fetched.

    Raises:
        NodeError: ``ES_JAVA_HOME`` is set to something unusable, or no way leads to a Java.
    """
    return local_java(account) or _fetched(cache, account, say) or _installed(account, say)


def local_java(account: Account | None) -> Java | None:
    """The first usable Java of ``ES_JAVA_HOME``, ``JAVA_HOME`` and ``PATH``, or None.

    Raises:
        NodeError: ``ES_JAVA_HOME`` is set to something unusable: who sets it means it.
    """
    for source, program in _candidates():
        found = examine(program, account, source=source)
        if isinstance(found, Java):
            return found
        if source == "ES_JAVA_HOME":
            home = os.environ["ES_JAVA_HOME"]
            raise NodeError(f"ES_JAVA_HOME={home} cannot be used: {found}. {ADVICE}")
    return None


def examine(program: Path, account: Account | None, *, source: str) -> Java | str:
    """Ask a ``java`` program what it is.

    Returns:
        The Java, or the reason in a few words why the node cannot use it.
    """
    try:
        answer = subprocess.run(
            [program, "-XshowSettings:properties", "--list-modules"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_ASK_TIMEOUT_S,
        )
    except (OSError, subprocess.TimeoutExpired) as exc:
        return f"{program} cannot be run ({type(exc).__name__})"
    version = _VERSION.search(answer.stderr)
    home = _HOME.search(answer.stderr)
    if version is None or home is None:
        return f"{program} is not a Java {OLDEST} or newer"
    return _judged(Java(Path(home["home"]), version["version"], source), answer.stdout, account)


def _judged(java: Java, modules: str, account: Account | None) -> Java | str:
    if int(java.version.split(".")[0].split("-")[0]) < OLDEST:
        return f"it is Java {java.version}, and {OLDEST} or newer is needed"
    missing = NEEDED_MODULES - {line.split("@")[0] for line in modules.split()}
    if missing:
        return f"Java {java.version} lacks the modules {', '.join(sorted(missing))}"
    if not can_run(java.home / "bin" / "java", account):
        who = account.name if account else "the current user"
        return f"the user {who} may not run {java.home}/bin/java"
    return java


def _candidates() -> Iterator[tuple[str, Path]]:
    for name in ("ES_JAVA_HOME", "JAVA_HOME"):
        value = os.environ.get(name)
        if value:
            yield name, Path(value) / "bin" / "java"
    for folder in os.get_exec_path():
        program = shutil.which("java", path=folder)
        if program is not None:
            yield "PATH", Path(program)


def _fetched(cache: Path, account: Account | None, say: Callable[[str], None]) -> Java | None:
    # Imported here: it is needed only where there is no Java.
    import cjdk
    import requests

    folder = cache / "java"
    if not can_enter(folder, account):
        return None
    say(f"no Java {OLDEST} or newer here; fetching one into {folder} (about 190 MB)")
    try:
        home = cjdk.java_home(
            vendor="temurin", version=str(OLDEST), cache_dir=folder, progress=False
        )
    except (cjdk.CjdkError, requests.RequestException, OSError) as exc:
        say(f"Java cannot be fetched ({type(exc).__name__})")
        return None
    found = examine(home / "bin" / "java", account, source="cjdk")
    return found if isinstance(found, Java) else None


def _installed(account: Account | None, say: Callable[[str], None]) -> Java:
    apt = shutil.which("apt-get")
    if os.geteuid() != 0 or apt is None:
        raise NodeError(f"there is no Java {OLDEST} or newer and none can be fetched. {ADVICE}")
    say(f"installing {_APT_PACKAGE}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", _APT_PACKAGE]):
        try:
            subprocess.run(
                [apt, "-qq", *command],
                env=environment,
                capture_output=True,
                check=command[0] == "install",
                timeout=_APT_TIMEOUT_S,
            )
        except subprocess.SubprocessError as exc:
            raise NodeError(f"apt-get cannot install {_APT_PACKAGE}. {ADVICE}") from exc
    found = local_java(account)
    if found is None:
        raise NodeError(f"{_APT_PACKAGE} was installed, but no usable java is on PATH. {ADVICE}")
    return found
