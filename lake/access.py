"""Where the lake is and as whom we enter it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Access:
    """An address and, where it is not in the configuration, a user.

    Args:
        url: Where Elasticsearch listens.
        user: Name to sign in with; None takes the configuration's.
        password: The user's; never shown.
    """

    url: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
