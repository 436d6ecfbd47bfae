"""What the command line answers is what the API answers, byte for byte; and each has a table."""

from __future__ import annotations

import asyncio
import json

from api.app import create_app
from lake.config import Config
from lake.store import Store
from tests.fakes.campaign_posts import END, START, random_posts, random_scores, seed_run, seed_store
from tests.fakes.running_api import running_api
from tests.lakes import CommandLine

PART = {"from": "2025-03-30", "to": "2025-04-08T12:00:00Z", "platform": "mastodon"}
AS_OF = "2025-04-20T00:00:00Z"
_PREFIX = "/v1/campaigns/{campaign_id}/"
# What each table shows at least.
SHOWN = {
    "authenticity": "busiest authors",
    "comments": "posts by comments",
    "coverage": "█ watched",
    "forecast": "forecast",
    "hashtags": "#other",
    "influencers": "authors by score",
    "peaks": "peaks in",
    "posts": "post 1",
    "sentiment": "net sentiment",
    "share-of-voice": "Rival [x>y]",
    "spikes": "spiking posts",
    "summary": "potential reach",
    "timeline": "2025-04-01",
    "windows": "covered days",
}


async def test_the_command_line_prints_the_apis_own_bytes_or_a_table(
    taglake: CommandLine, store: Store
) -> None:
    posts = random_posts(20_250_401)
    await seed_store(store, posts, random_scores(7, posts))
    for platform in ("mastodon", "x"):
        await seed_run(store, platform, "acme", START, END)
    app = create_app(store, Config())
    paths = [path for path in app.openapi()["paths"] if path.startswith(_PREFIX)]
    questions = [path.removeprefix(_PREFIX) for path in paths if not path.endswith("/export")]
    scope = [word for name, value in PART.items() for word in (f"--{name}", value)]
    moment = ("--as-of", AS_OF)

    async with running_api(app) as api:
        campaign = await api.create()
        for question in questions:
            where = f"/v1/campaigns/{campaign}/{question}"
            params = PART | {"as_of": AS_OF} | ({"limit": "20"} if question == "posts" else {})
            async with api.session.get(where, params=params) as answer:
                assert answer.status == 200, await answer.text()
                served = await answer.read()
            printed, shown = await asyncio.gather(
                taglake("campaign", question, campaign, *scope, *moment, "--json"),
                taglake("campaign", question, campaign),
            )

            assert printed.status == 0, printed.err
            ours, theirs = printed.json(), json.loads(served)
            if question == "posts":  # each has a view of its own
                assert (ours.pop("next") is None) == (theirs.pop("next") is None)
            else:
                assert printed.out.encode() == served + b"\n"
            assert ours == theirs
            assert shown.status == 0, f"{question}: {shown.err}"
            assert SHOWN[question] in shown.out
            assert "\x1b" not in shown.out
            assert "None" not in shown.out


async def test_a_wrong_part_is_one_clear_line_and_status_2(
    taglake: CommandLine, store: Store
) -> None:
    async with running_api(create_app(store, Config())) as api:
        campaign = await api.create()
    summary = ("campaign", "summary", campaign)
    wrong = {
        ("--from", "2025-04-05", "--to", "2025-04-01"): "is not before",
        ("--from", "soon"): "is no time",
        ("--as-of", "2999-01-01"): "has not come yet",
        ("--frm", "2025-04-01"): "No such option",
    }

    answers = await asyncio.gather(*(taglake(*summary, *arguments) for arguments in wrong))

    for answer, says in zip(answers, wrong.values(), strict=True):
        assert (answer.status, answer.out) == (2, "")
        assert says in answer.err
        assert "Traceback" not in answer.err


async def test_a_tag_and_an_account_are_shown(taglake: CommandLine, store: Store) -> None:
    await seed_store(store, random_posts(20_250_401), {})
    window = ("--from", "2025-04-01", "--to", "2025-04-05")

    tag, account, nobody = await asyncio.gather(
        taglake("tag", "show", "#ACME", *window),
        taglake("profile", "show", "x:@person11"),
        taglake("profile", "show", "x:nobody-at-all"),
    )

    assert (tag.status, account.status, nobody.status) == (0, 0, 2), tag.err + account.err
    assert "#acme" in tag.out
    assert "Person11" in account.out
    assert "the lake knows no account 'nobody-at-all'" in nobody.err
