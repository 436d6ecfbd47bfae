"""Whether Reddit still shows what somebody wrote, and who took it away if not. Pure.

What was removed stays in answers as a shell: ``removed_by_category`` names who did it, and the text
is replaced by ``[removed]``, ``[deleted]``, ``[deleted by user]`` or ``[ Removed by moderator ]``.
Only the author being ``[deleted]`` is no removal: the account went and the text stayed.
"""

from __future__ import annotations

import re

from ingestors.fields import string
from lake.records import Json

_SHELL = re.compile(r"\[\s*(deleted|removed)(?:\s+by\s+([^\[\]]*?))?\s*\]", re.IGNORECASE)
_BY_AUTHOR = "deleted by its author"
_BY_MODERATORS = "removed by moderators"
_BY_REDDIT = "removed by Reddit"
_BY_LAW = "removed for legal reasons"
_REASONS = {
    "author": _BY_AUTHOR,
    "deleted": _BY_AUTHOR,
    "moderator": _BY_MODERATORS,
    "automod_filtered": _BY_MODERATORS,
    "reddit": _BY_REDDIT,
    "admin": _BY_REDDIT,
    "anti_evil_ops": _BY_REDDIT,
    "community_ops": _BY_REDDIT,
    "content_takedown": _BY_LAW,
    "copyright_takedown": _BY_LAW,
    "legal": _BY_LAW,
}


def removal(data: Json, *texts: str) -> str | None:
    """Why a thing is no longer shown, in a few words; None where it is.

    Args:
        data: The thing's data.
        texts: Its keys that hold what people wrote.
    """
    for key in ("removed_by_category", "removal_reason"):
        category = string(data.get(key))
        if category and (key == "removed_by_category" or category in _REASONS):
            return _REASONS.get(category, f"removed ({category[:40]})")
    for key in texts:
        if shell := _SHELL.fullmatch(string(data.get(key)) or ""):
            return _said_by(shell)
    return None


def _said_by(shell: re.Match[str]) -> str:
    verb, who = shell[1].lower(), (shell[2] or "").lower()
    if "reddit" in who:
        return _BY_REDDIT
    return _BY_AUTHOR if verb == "deleted" else _BY_MODERATORS
