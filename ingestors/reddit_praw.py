"""The only module that uses praw: one app's connection, for calls in a worker thread.

praw (https://praw.readthedocs.io) signs in, renews tokens and asks. Three habits of its lower half
prawcore are kept from it: it would sleep in the thread until a limit resets, it would try failures
again by itself, and it stumbles over headers that are not as it expects. So its HTTP session is a
``_Wire``, which sorts out what is no success before prawcore sees it, and takes the limits' headers
off; waiting and trying again are done outside, where they can be cancelled.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from configparser import Error as ConfigFileError
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ingestors.reddit_answers import Refusal, error_in
from lake.errors import (
    BlockedError,
    ConfigError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from lake.http_answer import decoded, shown
from lake.meter import meter
from lake.times import now

if TYPE_CHECKING:
    import praw
    import requests

_TOKEN_PATH = "/api/v1/access_token"  # noqa: S105 - a path, not a token
_LIMITS = ("x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-used")


@dataclass(frozen=True, slots=True)
class Access:
    """What lets one app in, and where.

    Args:
        client_id: The app's id.
        client_secret: Its secret.
        user_agent: Says who calls, as Reddit demands.
        reddit_url: Where tokens are made.
        oauth_url: Where everything else is.
        timeout_s: Longest silence of one call.
    """

    client_id: str
    client_secret: str
    user_agent: str
    reddit_url: str
    oauth_url: str
    timeout_s: float


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer with a JSON body, decoded, and when it was received."""

    body: Any
    received_at: datetime


def require() -> None:
    """Sees to it that praw is there.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        import praw  # noqa: F401 - an extra: only who uses Reddit has it
    except ImportError as exc:
        raise ConfigError(
            "platforms.reddit needs the package praw; pip install 'taglake[reddit]'"
        ) from exc


class Line:
    """One app's connection to Reddit; not for two threads at once.

    Args:
        access: What lets it in.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._wire: _Wire | None = None
        self._reddit: praw.Reddit | None = None

    def ask(self, path: str, params: Mapping[str, str], what: str | None) -> Reply:
        """The JSON that a GET brings, asked for once; blocks, so only in a worker thread.

        Args:
            path: Below the API's address.
            params: The query, to which praw adds ``raw_json=1``.
            what: What is asked for by name, for people; None: nothing in particular.

        Raises:
            RateLimitedError: Too many calls.
            UnavailableError: No whole answer.
            UnauthorizedError: The app or its token is not accepted.
            NotFoundError: ``what`` is not there.
            InvalidError: Reddit shows ``what`` to no app, or does not understand the question.
            BlockedError: Any other refusal.
        """
        asked: dict[str, str | int] = dict(params)
        with _translated(self._access.oauth_url + path, what):
            reddit = self._reddit = self._reddit or self._opened()
            body = reddit.request(method="GET", path=path, params=asked)
        received_at = now()
        if (status := error_in(body)) is not None:
            url = self._access.oauth_url + path
            raise Refusal(url, status, {}, str(body), False, received_at).error(what)
        if not isinstance(body, dict | list):
            raise UnavailableError(f"{self._access.oauth_url}{path} answered nothing")
        return Reply(body, received_at)

    def heard(self) -> list[tuple[int, Mapping[str, str]]]:
        """Status and headers (names in lower case) of each answer since the last time."""
        if self._wire is None:
            return []
        told, self._wire.told = self._wire.told, []
        return told

    def close(self) -> None:
        """Ends its connections."""
        if self._wire is not None:
            self._wire.close()

    def _opened(self) -> praw.Reddit:
        import praw
        import requests

        self._wire = _Wire(requests.Session(), self._access.timeout_s)
        # Everything is named, so that neither praw.ini nor the environment has a say.
        return praw.Reddit(
            "DEFAULT",
            requestor_kwargs={"session": self._wire},
            client_id=self._access.client_id,
            client_secret=self._access.client_secret,
            user_agent=self._access.user_agent,
            reddit_url=self._access.reddit_url,
            oauth_url=self._access.oauth_url,
            redirect_uri=None,
            refresh_token=None,
            username=None,
            password=None,
            check_for_async=False,
            check_for_updates=False,
        )


class _Refused(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.status)
        self.refusal = refusal


class _Wire:
    """Plays the ``requests.Session`` that prawcore makes its calls with.

    Args:
        session: Makes the calls.
        timeout_s: Longest silence; prawcore would take its own.
    """

    def __init__(self, session: requests.Session, timeout_s: float) -> None:
        session.trust_env = False  # no proxies, and no .netrc that takes the token's place
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session = session
        self._timeout_s = timeout_s
        self.headers = session.headers
        self.told: list[tuple[int, Mapping[str, str]]] = []

    def request(self, method: str, url: str, **sent: Any) -> requests.Response:
        """One call; what is no success is raised, so that prawcore neither sorts nor repeats it."""
        import requests

        meter().calls += 1
        try:
            response = self._session.request(method, url, **sent | {"timeout": self._timeout_s})
        except requests.Timeout as exc:
            raise UnavailableError(
                f"{shown(url)} did not answer within {self._timeout_s:g} s"
            ) from exc
        except (requests.TooManyRedirects, requests.exceptions.InvalidURL) as exc:
            raise BlockedError(f"{shown(url)} leads nowhere ({type(exc).__name__})") from exc
        except (requests.RequestException, OSError) as exc:
            raise UnavailableError(f"{shown(url)}: {type(exc).__name__}") from exc
        headers = {name.lower(): value for name, value in response.headers.items()}
        signs_in = urlsplit(url).path == _TOKEN_PATH
        if not signs_in:
            self.told.append((response.status_code, headers))
        status = response.status_code
        if not 200 <= status < 300:
            refusal = Refusal(shown(url), status, headers, response.text, signs_in, now())
            raise _Refused(refusal)
        if signs_in:
            decoded(url, response.content, headers.get("content-type", ""))
        for name in _LIMITS:
            response.headers.pop(name, None)
        return response

    def close(self) -> None:
        """See ``requests.Session.close``."""
        self._session.close()


@contextmanager
def _translated(url: str, what: str | None) -> Iterator[None]:
    """Makes praw's and prawcore's exceptions ours."""
    from praw.exceptions import PRAWException
    from prawcore import exceptions as core

    try:
        yield
    except core.RequestException as exc:
        raise _cause(exc.original_exception, url, what) from exc
    except core.OAuthException as exc:
        raise UnauthorizedError(f"reddit gives the app no token: {exc.error}") from exc
    except core.BadJSON as exc:
        kind = exc.response.headers.get("content-type", "")
        decoded(url, exc.response.content, kind)  # tells a page for people from a cut-off answer
        raise UnavailableError(f"{shown(url)} answered JSON that is damaged") from exc
    except (core.PrawcoreException, PRAWException) as exc:
        raise BlockedError(f"praw gave up on {shown(url)}: {type(exc).__name__}") from exc
    except ConfigFileError as exc:
        raise ConfigError(f"praw cannot read its praw.ini ({type(exc).__name__})") from exc
    except (KeyError, TypeError, ValueError, RecursionError) as exc:
        # prawcore takes a token's parts and some headers without a look.
        raise UnavailableError(
            f"praw cannot read what {shown(url)} answered ({type(exc).__name__})"
        ) from exc


def _cause(original: Exception, url: str, what: str | None) -> TaglakeError:
    """What prawcore wrapped: our own error, or a refusal that waits to be sorted."""
    if isinstance(original, _Refused):
        return original.refusal.error(what)
    if isinstance(original, TaglakeError):
        return original
    return UnavailableError(f"{shown(url)}: {type(original).__name__}")
