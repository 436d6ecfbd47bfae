from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from ingestors.platforms.reddit import connect
from lake.errors import (
    BlockedError,
    ConfigError,
    InvalidError,
    NotFoundError,
    StopPlatformError,
    TaglakeError,
    UnauthorizedError,
    UnavailableError,
)
from tests.fakes import reddit_faults as faults
from tests.fakes.reddit import APP, FakeReddit, Fault, run_reddit
from tests.fakes.reddit_poll import VANS, names, of, options, poll

HTML = "<!doctype html><html><body>blocked by network security</body></html>"
SCOPE = {"WWW-Authenticate": 'Bearer realm="reddit", error="insufficient_scope"'}
SECOND = {"client_id": "app-two", "client_secret": "s3cret-two"}
SUBREDDITS = "/subreddits/search?q=nowhere"
NAMED = {"subreddits": ["nowhere"]}


@pytest.fixture
async def fake() -> AsyncIterator[FakeReddit]:
    async with run_reddit() as server:
        server.add(3)
        yield server


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.refusing(403, {"error": 403}, SCOPE), BlockedError),
        (faults.saying(HTML, "text/html", 403), BlockedError),
        (faults.saying(HTML, "text/html"), BlockedError),
        (faults.refusing(403, {"error": 403}), BlockedError),
        (faults.saying('{"message": "Forbidden", "error": 403}'), BlockedError),
        (faults.saying("", status=451), BlockedError),
        (faults.refusing(404), BlockedError),
        (faults.sending_to("/login/"), BlockedError),
        (faults.refusing(409), BlockedError),
        (faults.refusing(415, {}), BlockedError),
    ],
)
async def test_a_refusal_stops_the_platform(
    fake: FakeReddit, fault: Fault, error: type[TaglakeError]
) -> None:
    fake.faults.append(fault)

    with pytest.raises(error) as refused:
        await poll(fake)

    assert isinstance(refused.value, StopPlatformError)
    assert "vans" not in str(refused.value)
    assert len(fake.calls) == 1


PRIVATE = {"reason": "private", "message": "Forbidden", "error": 403}
BANNED = {"reason": "banned", "message": "Not Found", "error": 404}


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (faults.sending_to(SUBREDDITS), NotFoundError, "has no subreddit among nowhere"),
        (faults.refusing(404, BANNED), NotFoundError, "banned"),
        (faults.refusing(403, PRIVATE), InvalidError, "private"),
        (faults.refusing(403, PRIVATE | {"reason": "quarantined"}), InvalidError, "quarantined"),
        (faults.refusing(403, {"error": 403}), InvalidError, "no reason given"),
        (faults.saying("", status=451), InvalidError, "nowhere"),
        (faults.refusing(400, {"reason": "BAD"}), InvalidError, "does not understand"),
    ],
)
async def test_a_refusal_of_one_subreddit_ends_that_target_only(
    fake: FakeReddit, fault: Fault, error: type[TaglakeError], said: str
) -> None:
    fake.faults.append(fault)

    async with connect(options(fake, **NAMED)) as platform:
        with pytest.raises(error, match=said):
            [page async for page in platform.pages(VANS, None)]
        after = [page async for page in platform.pages(VANS, None)]

    assert len(names(after)) == 3


@pytest.mark.parametrize(
    "fault",
    [faults.refusing(403, {"error": 403}, SCOPE), faults.saying(HTML, "text/html", 403)],
)
async def test_a_refusal_of_the_app_is_not_laid_on_the_subreddit(
    fake: FakeReddit, fault: Fault
) -> None:
    fake.faults.append(fault)

    with pytest.raises(BlockedError):
        await poll(fake, **NAMED)


async def test_a_private_submission_is_not_taken_for_a_deleted_one(fake: FakeReddit) -> None:
    fake.faults.append(faults.refusing(403, PRIVATE))

    with pytest.raises(InvalidError, match="does not show submission t3_s000000"):
        await poll(fake, target=of("comments", "t3_s000000"))


async def test_a_wrong_secret_is_a_refusal_that_hides_it(fake: FakeReddit) -> None:
    with pytest.raises(UnauthorizedError, match="mend client_id and client_secret") as refused:
        await poll(fake, client_secret="wrong-secret")

    assert "wrong-secret" not in str(refused.value)
    assert (fake.sign_ins, fake.calls) == (1, [])


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('{"error": "unsupported_grant_type"}', UnauthorizedError),
        ('{"access_token": "x", "expires_in": "soon", "scope": "*"}', UnavailableError),
        ('{"access_token": "x"}', UnavailableError),
        ("[3]", UnavailableError),
        ("{", UnavailableError),
        ("", UnavailableError),
    ],
)
async def test_a_sign_in_that_brings_no_token_is_one_kind_of_error(
    fake: FakeReddit, body: str, error: type[TaglakeError]
) -> None:
    fake.token_faults.extend([faults.saying(body)] * 4)

    with pytest.raises(error):
        await poll(fake)

    assert fake.calls == []


async def test_a_sign_in_that_answers_a_page_is_a_block(fake: FakeReddit) -> None:
    fake.token_faults.append(faults.saying(HTML, "text/html"))

    with pytest.raises(BlockedError, match="login wall"):
        await poll(fake)


async def test_a_sign_in_is_tried_again_after_an_outage(fake: FakeReddit) -> None:
    fake.token_faults.extend([faults.refusing(503), faults.saying(HTML, "text/html", 429)])

    assert len(names(await poll(fake))) == 3


async def test_a_token_that_is_never_accepted_is_asked_for_twice_only(fake: FakeReddit) -> None:
    fake.faults.extend([faults.killing_tokens] * 10)

    with pytest.raises(UnauthorizedError):
        await poll(fake)

    assert fake.sign_ins == 2


async def test_a_missing_package_is_told_with_its_mend(
    fake: FakeReddit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "praw", None)

    with pytest.raises(ConfigError, match=r"pip install 'taglake\[reddit\]'"):
        await poll(fake)


async def test_no_file_and_no_variable_has_a_say(
    fake: FakeReddit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    host = fake.base.removeprefix("http://").partition(":")[0]
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {host} login eve password evil\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("praw_client_id", "eve")
    monkeypatch.setenv("praw_site", "eve")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")

    assert len(names(await poll(fake))) == 3
    assert fake.callers == [APP]


async def test_a_praw_ini_that_lies_about_has_no_say(
    fake: FakeReddit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ini = "[DEFAULT]\nclient_id=eve\nclient_secret=evil\nusername=eve\npassword=evil\n"
    (tmp_path / "praw.ini").write_text(ini)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("praw.config.Config.CONFIG", None)  # praw reads it once a process

    assert len(names(await poll(fake))) == 3
    assert fake.callers == [APP]


async def test_a_praw_ini_that_cannot_be_read_is_told(
    fake: FakeReddit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "praw.ini").write_text("client_id=eve\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("praw.config.Config.CONFIG", None)

    with pytest.raises(ConfigError, match=r"praw\.ini"):
        await poll(fake)
