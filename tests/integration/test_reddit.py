from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from ingestors.platform import Target
from lake.errors import RetryError
from lake.times import from_text, now
from tests.fakes import reddit_faults as faults
from tests.fakes.reddit import FakeReddit, Fault, run_reddit
from tests.fakes.reddit_poll import VANS, last_cursor, names, poll

HTML = "<!doctype html><html><head><title>Too Many Requests</title></head></html>"
FAULTS: dict[str, Fault] = {
    "429 with retry-after": faults.refusing(429, headers={"retry-after": "0"}),
    "429 with a reset": faults.refusing(429, headers={"x-ratelimit-reset": "0"}),
    "429 with a date": faults.refusing(
        429, headers={"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}
    ),
    "429 without a header, as a page": faults.saying(HTML, "text/html", 429),
    "429 in a good answer": faults.saying('{"message": "Too Many Requests", "error": 429}'),
    "500": faults.refusing(500),
    "502 with nothing": faults.saying("", status=502),
    "503 as a page": faults.saying(HTML, "text/html", 503),
    "520": faults.refusing(520),
    "522": faults.refusing(522),
    "a dead token": faults.killing_tokens,
    "401 that says nothing": faults.saying("", status=401),
    "cut off": faults.cut_off,
    "nothing": faults.saying(""),
    "nothing at all": faults.saying("", status=204),
    "no list": faults.saying('{"kind": "Listing", "data": {"children": null}}'),
    "no object": faults.saying("3"),
    "too deep": faults.saying("[" * 100_000),
    "a page that leads to itself": faults.leading_back,
}


@pytest.fixture
async def fake() -> AsyncIterator[FakeReddit]:
    async with run_reddit() as server:
        yield server


async def test_a_first_poll_gives_every_submission_once(fake: FakeReddit) -> None:
    posted = fake.add(230)

    pages = await poll(fake)

    assert names(pages) == posted[::-1]
    assert [page.cursor is None for page in pages] == [True, True, False]
    assert {page.overlaps for page in pages} == {None}
    [path] = {path for path, _ in fake.calls}
    assert path == "/r/all/search"
    asked = fake.calls[0][1]
    assert (asked["q"], asked["sort"], asked["t"]) == ('"vans"', "new", "all")
    assert (asked["restrict_sr"], asked["include_over_18"]) == ("false", "off")
    assert "after" not in asked
    assert fake.calls[1][1]["after"] == posted[-100]


async def test_reddit_is_told_who_calls_and_signs_in_once(fake: FakeReddit) -> None:
    fake.add(230)

    await poll(fake)

    assert fake.sign_ins == 1
    [agent] = fake.agents
    assert agent.startswith("python:taglake:v1")


async def test_the_options_shape_the_search(fake: FakeReddit) -> None:
    fake.add(300)

    pages = await poll(fake, subreddits=["r/shoes", "skating"], include_over_18=True, max_pages=1)

    [(path, asked)] = fake.calls
    assert path == "/r/shoes+skating/search"
    assert (asked["restrict_sr"], asked["include_over_18"]) == ("true", "on")
    assert len(names(pages)) == 100


async def test_a_later_poll_goes_back_to_what_is_known(fake: FakeReddit) -> None:
    fake.add(50)
    cursor = last_cursor(await poll(fake))
    new = fake.add(130)
    fake.calls.clear()

    pages = await poll(fake, cursor)

    assert set(new) <= set(names(pages))
    assert [page.overlaps for page in pages] == [None, True]
    assert last_cursor(pages) == last_cursor(await poll(fake))
    assert fake.calls[0][1]["t"] == "day"


async def test_a_poll_with_nothing_new_moves_no_cursor(fake: FakeReddit) -> None:
    fake.add(50)
    cursor = last_cursor(await poll(fake))

    pages = await poll(fake, cursor)

    assert last_cursor(pages) is None
    assert pages[-1].overlaps is True


async def test_an_unused_tag_gives_an_empty_page(fake: FakeReddit) -> None:
    pages = await poll(fake)

    assert [list(page.payloads) for page in pages] == [[]]
    assert last_cursor(pages) is None


async def test_a_search_that_ends_before_what_is_known_shows_a_gap(fake: FakeReddit) -> None:
    fake.add(10)
    cursor = last_cursor(await poll(fake))
    new = fake.add(400)

    pages = await poll(fake, cursor)

    assert names(pages) == new[:-251:-1]
    assert pages[-1].overlaps is False
    assert last_cursor(pages) is not None


async def test_a_known_submission_that_went_away_is_no_gap(fake: FakeReddit) -> None:
    [gone] = fake.add(1)
    cursor = last_cursor(await poll(fake))
    fake.things[gone]["selftext"] = fake.things[gone]["title"] = "nothing of the sort"
    fake.add(30)

    pages = await poll(fake, cursor)

    assert pages[-1].overlaps is True


async def test_a_walk_that_is_cut_short_by_its_cap_shows_a_gap(fake: FakeReddit) -> None:
    fake.add(10)
    cursor = last_cursor(await poll(fake))
    fake.add(150)

    pages = await poll(fake, cursor, max_pages=1)

    assert [page.overlaps for page in pages] == [False]


async def test_what_the_search_learnt_of_late_is_found(fake: FakeReddit) -> None:
    fake.add(200)
    cursor = last_cursor(await poll(fake))
    late = fake.add(1, first_s=20.5)

    assert set(late) <= set(names(await poll(fake, cursor, lookback_s=190)))
    assert not set(late) & set(names(await poll(fake, cursor)))


async def test_a_window_gives_what_was_created_in_it(fake: FakeReddit) -> None:
    posted = fake.add(220)
    start, end = (fake.start + timedelta(seconds=s) for s in (30, 60))

    pages = await poll(fake, target=Target("reddit", "hashtag", "vans", (start, end)))

    assert names(pages) == posted[59:29:-1]
    assert {(page.cursor, page.overlaps) for page in pages} == {(None, None)}
    assert len(pages) == 2


async def test_a_window_that_the_search_does_not_reach_says_so(fake: FakeReddit) -> None:
    fake.add(400)
    start, end = (fake.start + timedelta(seconds=s) for s in (0, 400))

    pages = await poll(fake, target=Target("reddit", "hashtag", "vans", (start, end)))

    assert len(names(pages)) == 250
    assert pages[-1].overlaps is False


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_no_fault_loses_or_doubles_a_submission(
    fake: FakeReddit, fault: Fault, place: int
) -> None:
    posted = fake.add(230)
    fake.faults.extend([None] * place + [fault])

    pages = await poll(fake)

    assert names(pages) == posted[::-1]
    assert from_text(last_cursor(pages) or "") == fake.start + timedelta(seconds=229)
    assert not fake.faults


async def test_silence_ends_in_time_and_is_asked_again(fake: FakeReddit) -> None:
    posted = fake.add(3)
    fake.faults.append(faults.silent)

    pages = await poll(fake, timeout_s=0.5)

    assert names(pages) == posted[::-1]
    assert len(fake.calls) == 2


async def test_an_empty_page_with_more_goes_on(fake: FakeReddit) -> None:
    posted = fake.add(150)
    fake.faults.extend([None, faults.empty_with_more(posted[40])])

    pages = await poll(fake)

    assert names(pages) == posted[:49:-1] + posted[39::-1]
    assert [len(page.payloads) for page in pages] == [100, 0, 40]


async def test_what_a_page_repeats_comes_once(fake: FakeReddit) -> None:
    posted = fake.add(230)
    fake.faults.extend([None, faults.going_on_too_early])

    assert names(await poll(fake)) == posted[::-1]


async def test_empty_pages_that_always_promise_more_are_no_endless_loop(
    fake: FakeReddit,
) -> None:
    fake.faults.extend(faults.empty_with_more(f"t3_{n}") for n in range(20))

    with pytest.raises(RetryError, match="repeats itself"):
        await poll(fake)

    assert len(fake.calls) < 10


async def test_pages_in_a_circle_are_no_endless_loop(fake: FakeReddit) -> None:
    fake.faults.extend(faults.empty_with_more(f"t3_{n % 2}") for n in range(20))

    with pytest.raises(RetryError, match="circle"):
        await poll(fake)


async def test_a_cursor_that_is_none_starts_anew(fake: FakeReddit) -> None:
    posted = fake.add(3)

    assert names(await poll(fake, "rubbish")) == posted[::-1]


async def test_a_date_in_the_future_does_not_blind_the_next_poll(fake: FakeReddit) -> None:
    fake.add(1)
    fake.add(1, first_s=9e6)

    cursor = last_cursor(await poll(fake))

    assert cursor is not None
    assert from_text(cursor) <= now()


async def test_what_is_no_thing_is_kept_as_unreadable(fake: FakeReddit) -> None:
    body = '{"kind": "Listing", "data": {"after": null, "children": [3, {"kind": "t5"}]}}'
    fake.faults.append(faults.saying(body))

    [page] = await poll(fake)

    assert [part.text for part in page.unreadable] == ["3", '{"kind":"t5"}']
    assert page.payloads == []


async def test_the_walk_is_of_the_tag_that_was_asked_for(fake: FakeReddit) -> None:
    fake.add(2)

    pages = await poll(fake, target=Target("reddit", "hashtag", "#Vans"))

    [body, _] = [payload.body for payload in pages[0].payloads]
    assert (body["hashtag"], body["keyword_match"]) == (VANS.value, True)
    assert body["thing"]["data"] == fake.things["t3_s000001"]
