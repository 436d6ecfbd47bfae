"""One API key: what it looks like, how it is kept, what it allows.

A key is ``tl_<id>_<secret>``. The id is public: it stands in lists, logs and the audit. The secret
is 256 random bits, shown once and kept only as an HMAC-SHA256 of it under a salt of the key's own.
A slow hash (scrypt, PBKDF2) makes passwords that people choose dearer to guess. Nobody guesses 256
random bits, and a slow hash would let whoever sends wrong keys burn the server's processor.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from lake import times
from lake.errors import InvalidError
from lake.records import Json
from lake.text import clean

Role = Literal["read", "write", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""What a key may be for; each role may do all that those before it may."""

_FORM = re.compile(r"tl_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")
_ANYWHERE = re.compile(r"tl_[0-9a-f]{12}_")
_ID_BYTES = 6
_SECRET_BYTES = 32
_SALT_BYTES = 16
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Key:
    """What the lake keeps of a key.

    Args:
        id: 12 hex digits; public.
        name: What people call it.
        role: What it allows.
        salt: Hex digits; another one for each key.
        hash: HMAC-SHA256 of the secret under the salt, as hex digits.
        created_at: When it was made.
        created_by: By which user of the command line.
        expires_at: From when on it is no longer taken; None for never.
        revoked_at: From when on it is no longer taken, because somebody said so.
    """

    id: str
    name: str
    role: Role
    salt: str
    hash: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None

    def fits(self, secret: str) -> bool:
        """Whether ``secret`` is this key's; takes as long whatever it is."""
        return hmac.compare_digest(_hashed(secret, self.salt), self.hash)

    def state(self, now: datetime) -> Literal["live", "expired", "revoked"]:
        """Whether it is taken now, and if not why."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and now >= self.expires_at:
            return "expired"
        return "live"


NOBODY = Key(
    id="0" * 2 * _ID_BYTES,
    name="",
    role="read",
    salt="0" * 2 * _SALT_BYTES,
    hash="0" * 64,
    created_at=times.from_epoch_s(0),
    created_by="",
)
"""The key that a secret of an unknown id is compared with, so that the time tells nothing."""


def made_key(
    name: str, role: Role, *, by: str, now: datetime, expires_at: datetime | None = None
) -> tuple[Key, str]:
    """A new key, and its text, which is kept nowhere.

    Raises:
        InvalidError: The name is empty or too long, or the key would never be taken.
    """
    name = clean(" ".join(name.split()))
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise InvalidError(f"--name: must have 1 to {_LONGEST_NAME} characters")
    if expires_at is not None and expires_at <= now:
        raise InvalidError("--expires: must be later than now")
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    salt = secrets.token_hex(_SALT_BYTES)
    key = Key(
        secrets.token_hex(_ID_BYTES), name, role, salt, _hashed(secret, salt), now, by, expires_at
    )
    return key, f"tl_{key.id}_{secret}"


def parts_of(text: str) -> tuple[str, str] | None:
    """The id and the secret of a key's text; None where it is no such text."""
    found = _FORM.fullmatch(text)
    return (found[1], found[2]) if found else None


def holds_key(text: str) -> bool:
    """Whether a key, or what was one, stands somewhere in ``text``."""
    return _ANYWHERE.search(text) is not None


def allows(role: Role, needed: Role) -> bool:
    """Whether a key of one role may do what needs another."""
    return ROLES.index(role) >= ROLES.index(needed)


def source_of(key: Key) -> Json:
    """The key's document."""
    moments = {
        name: times.to_text(moment)
        for name in ("created_at", "expires_at", "revoked_at")
        if (moment := getattr(key, name)) is not None
    }
    words = {name: getattr(key, name) for name in ("name", "role", "salt", "hash", "created_by")}
    return {"id": key.id, **words, **moments}


def key_of(source: Json) -> Key:
    """The key of a document."""
    moments = {
        name: times.from_text(source[name])
        for name in ("created_at", "expires_at", "revoked_at")
        if source.get(name) is not None
    }
    return Key(**{**source, **moments})


def _hashed(secret: str, salt: str) -> str:
    return hmac.new(bytes.fromhex(salt), secret.encode(), "sha256").hexdigest()
