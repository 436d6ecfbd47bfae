"""How the browser's sessions fare: each test here has a browser of its own."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator

import pytest

from ingestors.platform import Page
from ingestors.platforms.tiktok import Options, connect
from lake.errors import BlockedError, ConfigError, RateLimitedError, UnavailableError
from tests.fakes import tiktok_web as fakes
from tests.fakes.tiktok_poll import ids, walk
from tests.fakes.tiktok_web import FakeSite, run_site

LIST = "challenge/item_list"


@pytest.fixture
async def site() -> AsyncIterator[FakeSite]:
    async with run_site() as server:
        yield server


async def test_a_silent_page_is_left_and_the_browser_started_anew(site: FakeSite) -> None:
    posted = site.add(50)
    site.fault(LIST, None, fakes.silent)

    async with connect(site.options(timeout_s=4)) as tiktok:
        assert ids(await walk(tiktok)) == posted

    assert site.visits >= 2
    assert not site.faults[LIST]


async def test_a_lost_session_is_made_again(site: FakeSite) -> None:
    posted = site.add(50)
    site.fault(LIST, None, *[fakes.lost] * 4)  # the browser itself tries some of them again

    async with connect(site.options(attempts=6)) as tiktok:
        assert ids(await walk(tiktok)) == posted

    assert site.visits >= 2


async def test_a_site_that_opens_late_is_opened_by_the_first_call(
    site: FakeSite, caplog: pytest.LogCaptureFixture
) -> None:
    posted = site.add(3)
    site.lost_visits = 2  # the browser itself tries once more

    async with connect(site.options(attempts=9)) as tiktok:
        assert ids(await walk(tiktok)) == posted

    assert site.visits > 2
    assert "the site does not open yet" in caplog.messages


async def test_a_page_that_does_not_sign_is_no_answer(site: FakeSite) -> None:
    site.page = fakes.SIGNING.replace('"X-Bogus"', '"Other"')

    async with connect(site.options(attempts=2)) as tiktok:
        with pytest.raises(UnavailableError, match="X-Bogus"):
            await walk(tiktok)

    assert site.calls == []


async def test_each_token_has_a_session_and_they_share_the_load(site: FakeSite) -> None:
    posted = site.add(100)

    async with connect(site.options(ms_tokens=["one", "two"])) as tiktok:
        assert ids(await walk(tiktok)) == posted

    sent = [query["msToken"] for _, query in site.calls]
    assert {*sent} == {"one", "two"}
    assert site.cookies == sent


async def test_a_captcha_ends_one_session_and_the_last_one_the_platform(site: FakeSite) -> None:
    posted = site.add(40)
    site.fault(LIST, fakes.captcha, fakes.telling(statusCode=10101))

    async with connect(site.options(ms_tokens=["one", "two", "three"])) as tiktok:
        assert ids(await walk(tiktok)) == posted
        left = {query["msToken"] for _, query in site.calls[3:]}
        site.fault("challenge/detail", fakes.saying("<!doctype html><title>Verify</title>"))
        with pytest.raises(BlockedError, match="page for people"):
            await walk(tiktok)
        with pytest.raises(BlockedError):
            await walk(tiktok)

    assert len(left) == 1
    assert site.count("challenge/detail") == 2, "a session was asked that is blocked"


async def test_answers_with_nothing_are_waited_for_longer_and_longer(site: FakeSite) -> None:
    site.fault("challenge/detail", *[fakes.empty] * 3)

    async with connect(site.options(attempts=1, empty_wait_s=3_600, most_empty=2)) as tiktok:
        with pytest.raises(RateLimitedError) as first:
            await walk(tiktok)
        with pytest.raises(RateLimitedError) as second:
            await walk(tiktok)
        state = tiktok.limits.state()

    assert first.value.after_s == 3_600
    assert (second.value.after_s or 0) > 3_000
    assert len(site.calls) == 1, "a session was asked that has to rest"
    assert any(bucket["closed_until"] for bucket in state.values())


async def test_nothing_too_often_is_a_block(site: FakeSite) -> None:
    site.add(1)
    some: list[Page] = []
    site.fault("challenge/detail", fakes.empty, fakes.empty)
    site.fault(LIST, *[fakes.empty] * 3)

    async with connect(site.options(most_empty=3, attempts=9)) as tiktok:
        with pytest.raises(BlockedError, match="3 times in a row"):
            await walk(tiktok, into=some)

    assert len(some) == 1, "an answer in between did not end the row"
    assert site.count(LIST) == 3


async def test_a_missing_browser_names_the_mend_and_locks_nobody_out(site: FakeSite) -> None:
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"playwright install chromium.*executable_path"):
            async with connect(site.options(executable_path="/no/such/browser")):
                raise AssertionError("it was opened")


async def test_a_missing_package_names_the_mend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "TikTokApi", None)

    with pytest.raises(ConfigError, match=r"pip install 'taglake\[tiktok\]'"):
        async with connect(Options(accept_terms_risk=True)):
            raise AssertionError("it was opened")


async def test_without_the_switch_nothing_is_opened() -> None:
    with pytest.raises(ConfigError, match="accept_terms_risk"):
        async with connect(Options()):
            raise AssertionError("it was opened")
