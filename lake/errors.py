"""Every error that one part of Taglake raises for another, sorted by what the catcher does.

::

    TaglakeError
    ├── RetryError(after_s)      wait, then call again (only lake.retry does)
    │   ├── RateLimitedError     the other side said "slow down"
    │   └── UnavailableError     time-out, 5xx, lost connection
    ├── SkipError                count it, keep it in the dead letters, carry on
    │   ├── PayloadError         a payload that cannot be normalised
    │   └── RejectedError        a document that Elasticsearch refuses for good
    ├── StopPlatformError        end this platform's work; the others go on
    │   ├── UnauthorizedError    the credentials are missing or dead
    │   └── BlockedError         the platform refuses us: 403, captcha, login wall
    ├── RequestError             the caller asked for something that cannot be answered (HTTP 4xx)
    │   ├── InvalidError         a value that breaks a rule; nothing was changed
    │   ├── NotFoundError        the thing asked for does not exist
    │   └── ConflictError        it changed since the caller read it, or exists already
    └── StopProcessError         one line for the operator, exit status 2, no traceback
        ├── ConfigError          config.yaml, a secret or an option
        ├── NodeError            the embedded node cannot be fetched, started or reached
        └── StorageError         a folder that cannot be written

Anything else is a bug: nobody catches it. A third party's exception becomes one of these in the
module that called the third party. Messages name the thing and the mend, and never hold a secret.
"""

from __future__ import annotations


class TaglakeError(Exception):
    """Any error that Taglake raises on purpose."""


class RetryError(TaglakeError):
    """The call may work later.

    Args:
        message: What failed, in one line.
        after_s: Seconds the other side asked us to wait, or None where it did not say.
    """

    def __init__(self, message: str, *, after_s: float | None = None) -> None:
        super().__init__(message)
        self.after_s = after_s


class RateLimitedError(RetryError):
    """The other side said that we call too often (HTTP 429 and its cousins)."""


class UnavailableError(RetryError):
    """The other side did not answer, or answered 5xx."""


class SkipError(TaglakeError):
    """One item cannot be used; the others can."""


class PayloadError(SkipError):
    """A payload that cannot be normalised: a key is missing or holds something unusable."""


class RejectedError(SkipError):
    """A document that Elasticsearch refused for a reason that no retry mends."""


class StopPlatformError(TaglakeError):
    """This platform cannot go on until somebody acts."""


class UnauthorizedError(StopPlatformError):
    """The credentials are missing, wrong or expired (HTTP 401)."""


class BlockedError(StopPlatformError):
    """The platform refuses to serve us (HTTP 403, a login wall, a captcha, other 4xx).

    Args:
        message: What it refuses, in one line.
        status: The HTTP status where that is all that was told.
    """

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class RequestError(TaglakeError):
    """A question or a command that cannot be carried out as asked."""


class InvalidError(RequestError):
    """A value breaks a rule.

    Args:
        message: The whole finding in one line.
        errors: One entry a finding: ``{"field": …, "message": …}``; empty where it has no field.
    """

    def __init__(self, message: str, *, errors: tuple[dict[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.errors = errors


class NotFoundError(RequestError):
    """The thing asked for does not exist."""


class ConflictError(RequestError):
    """The thing changed since it was read, or exists already."""


class StopProcessError(TaglakeError):
    """The process cannot do what it was started for; the message tells the operator why."""


class ConfigError(StopProcessError):
    """config.yaml, a secret or a command line option is wrong."""


class NodeError(StopProcessError):
    """The embedded node cannot be fetched, started, stopped or reached."""


class StorageError(StopProcessError):
    """A folder or file that must be written cannot be."""
