"""The operating system account that the embedded node runs as.

Elasticsearch refuses to run as root. An ordinary user runs it as themselves; for root there is a
system account of its own, which then must be able to reach every folder that the node uses.
"""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lake.errors import NodeError

ACCOUNT_NAME = "taglake-es"


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine, other than the one who runs us."""

    name: str
    uid: int
    gid: int


def node_account(node_dir: Path, say: Callable[[str], None]) -> Account | None:
    """The account that the node must run as; it is made where it does not exist yet.

    A node that an ordinary user has started before keeps that user also when root starts it, so
    that both can go on using it.

    Args:
        node_dir: The folder ``node`` in the data folder; need not exist.
        say: Told when a user is made.

    Returns:
        None where we are an ordinary user: then the node runs as that user.

    Raises:
        NodeError: We are root and the account cannot be made.
    """
    if os.geteuid() != 0:
        return None
    found = known_account(node_dir)
    if found is not None:
        return found
    say(f"making the system user {ACCOUNT_NAME}, because Elasticsearch refuses to run as root")
    _add_user()
    made = existing_account()
    if made is None:
        raise NodeError(f"the system user {ACCOUNT_NAME} was made but cannot be found")
    return made


def existing_account() -> Account | None:
    """The node's own account, or None where this machine does not have it."""
    try:
        entry = pwd.getpwnam(ACCOUNT_NAME)
    except KeyError:
        return None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def known_account(node_dir: Path) -> Account | None:
    """What ``node_account`` would give, but nothing is made."""
    if os.geteuid() != 0:
        return None
    return _owner(node_dir / "data") or existing_account()


def _owner(folder: Path) -> Account | None:
    try:
        uid = folder.stat().st_uid
        entry = pwd.getpwuid(uid)
    except (OSError, KeyError):
        return None
    return Account(entry.pw_name, uid, entry.pw_gid) if uid != 0 else None


def can_enter(folder: Path, account: Account | None) -> bool:
    """Whether the account may pass through the folder and all above it (``x`` on each).

    Judged by owner, group and mode only; a folder that does not exist yet is judged by the
    nearest one above it that does.
    """
    if account is None:
        return True
    path = nearest(folder)
    return all(_allows(above, account, stat.S_IXOTH) for above in (path, *path.parents))


def nearest(path: Path) -> Path:
    """The path itself, made absolute, or the closest one above it that exists and can be seen."""
    here = path.expanduser().absolute()
    while True:
        try:
            here.stat()
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            here = here.parent
        else:
            return here


def keep_owner(path: Path) -> None:
    """Give what root wrote the owner of its folder, so that this user can go on without root.

    Raises:
        OSError: The system refuses.
    """
    owner = path.parent.stat()
    if os.geteuid() == 0 and path.stat().st_uid != owner.st_uid:
        os.chown(path, owner.st_uid, owner.st_gid)


def can_run(program: Path, account: Account | None) -> bool:
    """Whether the account may execute the program file."""
    if account is None:
        return os.access(program, os.X_OK)
    real = program.resolve()
    return can_enter(real.parent, account) and _allows(real, account, stat.S_IXOTH)


def hand_over(folder: Path, account: Account | None) -> None:
    """Make the account the owner of the folder and everything in it, unless it is already.

    Raises:
        OSError: The system refuses.
    """
    if account is None or folder.stat().st_uid == account.uid:
        return
    for path in folder.rglob("*"):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    # Last, so that a hand-over that was cut short is done again.
    os.chown(folder, account.uid, account.gid)


def _allows(path: Path, account: Account, other_bit: int) -> bool:
    try:
        status = path.stat()
    except PermissionError:
        return False
    if status.st_uid == account.uid:
        return bool(status.st_mode & other_bit << 6)
    if status.st_gid == account.gid:
        return bool(status.st_mode & other_bit << 3)
    return bool(status.st_mode & other_bit)


def _add_user() -> None:
    program = shutil.which("useradd")
    mend = f"Make a system user named {ACCOUNT_NAME}, or run Taglake as an ordinary user."
    if program is None:
        raise NodeError(f"Elasticsearch refuses to run as root and there is no useradd. {mend}")
    options = ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin"]
    result = subprocess.run(
        [program, *options, ACCOUNT_NAME], capture_output=True, text=True, check=False
    )
    # Another command of ours may have made it in the same moment.
    if result.returncode != 0 and existing_account() is None:
        raise NodeError(f"useradd {ACCOUNT_NAME} failed: {result.stderr.strip()}. {mend}")
