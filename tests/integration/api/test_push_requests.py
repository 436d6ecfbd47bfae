"""What the push route accepts and refuses, without a lake: everything goes to the spool."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from api.app import create_app
from lake.config import Config
from tests.fakes.lakeless_api import TOKEN, api_without_lake, away, spooled
from tests.fakes.running_api import Api, running_api

TYPE = {"Content-Type": "application/x-ndjson"}
ZIPPED = TYPE | {"Content-Encoding": "gzip"}
URL = "/v1/push/mastodon"


def line(number: int = 1, **changes: Any) -> bytes:
    entry = {"kind": "status", "payload": {"id": str(number)}} | changes
    return json.dumps(entry).encode() + b"\n"


async def push(api: Api, body: bytes, **headers: str) -> tuple[int, Any]:
    async with api.session.post(URL, data=io.BytesIO(body), headers=TYPE | headers) as answer:
        return answer.status, await answer.json()


async def test_what_is_accepted_is_on_the_disk_when_the_answer_comes(tmp_path: Path) -> None:
    full = {
        "observed_at": "2026-01-02T03:04:05+01:00",
        "target": "mastodon:hashtag:vans",
        "source": "example.social",
    }
    async with api_without_lake(tmp_path) as api:
        first = await push(api, line(1, **full) + b"\n" + line(2))
        # Nothing of this text or number can be told in plain JSON; it must arrive as it was.
        odd = b'{"kind": "status", "payload": {"id": 123456789012345678901234, "t": "\\ud83d"}}'
        second = await push(api, odd)

        one, two, three = spooled(tmp_path)

    assert first == (202, {"accepted": 2, "refused_lines": 0, "refused": []})
    assert second[1]["accepted"] == 1
    assert (one["platform"], one["kind"], one["source"]) == ("mastodon", "status", full["source"])
    assert (one["target"], one["observed_at"]) == (full["target"], "2026-01-02T02:04:05.000Z")
    assert (two["target"], two["collector"]) == ("mastodon:push:remote", "remote")
    assert two["observed_at"] == two["received_at"]
    assert one["seq"] < two["seq"] < three["seq"]
    assert json.loads(three["payload"]) == json.loads(odd)["payload"]


async def test_a_clock_that_runs_ahead_is_not_believed(tmp_path: Path) -> None:
    async with api_without_lake(tmp_path) as api:
        await push(api, line(observed_at="2999-01-01T00:00:00Z"))

        [kept] = spooled(tmp_path)

    assert kept["observed_at"] == kept["received_at"]


async def test_bad_lines_are_told_and_kept_and_refuse_no_other(tmp_path: Path) -> None:
    deep: Any = {}
    for _ in range(120):
        deep = {"x": deep}
    bad = {
        2: (b"{\n", "no JSON"),
        3: (b"[1]\n", "no object"),
        4: (line(kind=None), "kind is missing"),
        5: (line(kind=7), "kind must be"),
        6: (line(payload=[1]), "payload must be an object"),
        7: (line(payload=deep), "nested deeper"),
        8: (b'{"payload":' + b"[" * 6_000 + b"\n", "nested deeper"),
        9: (line(observed_at="soon"), "observed_at: not an ISO 8601"),
        10: (line(target="bluesky:hashtag:vans"), "target must be"),
        11: (line(target="mastodon:moon:vans"), "target must be"),
        12: (line(source="x" * 300), "source must be"),
        13: (line(colour="red"), "'colour' is no key"),
        14: (b'{"kind": "\xff"}\n', "no JSON"),
    }
    body = line(1) + b"".join(text for text, _ in bad.values()) + line(99)
    async with api_without_lake(tmp_path) as api:
        status, answer = await push(api, body)

        kept = spooled(tmp_path)

    assert (status, answer["accepted"], answer["refused_lines"]) == (202, 2, len(bad))
    assert [each["line"] for each in answer["refused"]] == list(bad)
    for each in answer["refused"]:
        assert bad[each["line"]][1] in each["reason"], each
    letters = [one for one in kept if "refused" in one]
    assert [one["place"] for one in letters] == [f"line {number}" for number in bad]
    assert [one["refused"] for one in letters] == [each["reason"] for each in answer["refused"]]
    assert letters[0]["payload"] == "{"


async def test_at_most_a_hundred_refusals_are_listed(tmp_path: Path) -> None:
    async with api_without_lake(tmp_path) as api:
        _, answer = await push(api, b"{}\n" * 150)

    assert (answer["accepted"], answer["refused_lines"]) == (0, 150)
    assert [each["line"] for each in answer["refused"]] == list(range(1, 101))


async def test_a_line_that_is_too_long_is_refused_alone(tmp_path: Path) -> None:
    long = line(payload={"text": "x" * 2_100_000})
    async with api_without_lake(tmp_path, push_bytes=9_000_000) as api:
        _, answer = await push(api, long + line(2))

        kept = spooled(tmp_path)

    assert (answer["accepted"], answer["refused"][0]["line"]) == (1, 1)
    assert len(kept[0]["payload"]) == 20_000


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (422, b"", TYPE),
        (422, b"\n\n", TYPE),
        (422, b"hello\nworld\n", TYPE),
        (422, b"<html></html>", TYPE),
        (422, b"{}\n" * 20_001, TYPE),
        (415, line(), {"Content-Type": "application/json"}),
        (415, line(), TYPE | {"Content-Encoding": "br"}),
        (400, line(), ZIPPED),
        (400, gzip.compress(line() * 50, mtime=0)[:-9], ZIPPED),
        (413, line() * 5_000, TYPE),
        (413, line() * 30_000, TYPE),
        (413, gzip.compress(line() * 5_000, mtime=0), ZIPPED),
    ],
)
async def test_a_whole_push_that_cannot_be_read_is_a_problem_and_nothing_is_kept(
    tmp_path: Path, status: int, body: bytes, headers: dict[str, str]
) -> None:
    async with api_without_lake(tmp_path, push_bytes=100_000) as api:
        found, problem = await api.refusal("POST", URL, data=io.BytesIO(body), headers=headers)

    assert found == status, problem
    assert not (tmp_path / "spool").exists()


async def test_a_gzip_bomb_is_refused_before_it_goes_off(tmp_path: Path) -> None:
    bomb = gzip.compress(b"\n" * 400_000_000, 1)
    assert len(bomb) < 5_000_000

    async with api_without_lake(tmp_path, push_bytes=5_000_000) as api:
        tracemalloc.start()
        try:
            status, _ = await api.refusal("POST", URL, data=io.BytesIO(bomb), headers=ZIPPED)
            _, most_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()

    assert status == 413
    assert most_bytes < 100_000_000


async def test_gzip_is_understood_in_one_part_and_in_several(tmp_path: Path) -> None:
    async with api_without_lake(tmp_path) as api:
        _, one = await push(api, gzip.compress(line(1)), **ZIPPED)
        _, several = await push(api, gzip.compress(line(1)) + gzip.compress(line(2)), **ZIPPED)

    assert (one["accepted"], several["accepted"]) == (1, 2)


async def test_gzip_in_very_many_parts_keeps_nobody_else_waiting(tmp_path: Path) -> None:
    many = gzip.compress(b"") * 600_000 + gzip.compress(line(1))
    async with api_without_lake(tmp_path, push_bytes=20_000_000) as api:
        # Minutes where what is left is copied for each part; seconds where it is not.
        async with asyncio.timeout(60):
            _, answer = await push(api, many, **ZIPPED)

    assert answer["accepted"] == 1


async def test_only_who_has_a_token_may_push(tmp_path: Path) -> None:
    tokens = [SecretStr("another-token-of-ours"), SecretStr(TOKEN)]
    wrong = ["", "Bearer", "Bearer ", f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}"]
    async with api_without_lake(tmp_path, push_tokens=tokens) as api:
        for word in wrong:
            headers = TYPE | {"Authorization": word}
            async with api.session.post(URL, data=line(), headers=headers) as answer:
                problem = await answer.text()

                assert (answer.status, "Bearer" in answer.headers["WWW-Authenticate"]) == (
                    401,
                    True,
                ), word
                assert TOKEN not in problem
        # The answer is 401 whatever else is wrong: who has no token learns nothing.
        assert (await api.refusal("POST", "/v1/push/nope", data=b"x"))[0] == 401
        large = io.BytesIO(line() * 50_000)
        assert (await api.refusal("POST", URL, data=large, headers=TYPE))[0] == 401

        status, _ = await push(api, line(), Authorization=f"bearer {TOKEN}")

    assert status == 202


@pytest.mark.parametrize("name", ["nope", "Mastodon", "archive", "..%2f", "%00", "x" * 5_000])
async def test_a_platform_that_there_is_not_is_404_and_names_those_that_there_are(
    tmp_path: Path, name: str
) -> None:
    async with api_without_lake(tmp_path) as api:
        status = await api.raw_status("POST", f"/v1/push/{name}")
        _, problem = await api.refusal("POST", "/v1/push/nope", data=line(), headers=TYPE)

    assert status == 404
    assert "bluesky, mastodon" in problem["detail"]


async def test_a_collectors_name_is_a_word(tmp_path: Path) -> None:
    async with api_without_lake(tmp_path) as api:
        bad = f"{URL}?collector=a%20b"
        status, problem = await api.refusal("POST", bad, data=line(), headers=TYPE)
        async with api.session.post(f"{URL}?collector=attic-1", data=line(), headers=TYPE):
            pass

        [kept] = spooled(tmp_path)

    assert (status, problem["errors"][0]["field"]) == (422, "collector")
    assert (kept["collector"], kept["target"]) == ("attic-1", "mastodon:push:attic-1")


async def test_a_full_spool_is_503_with_retry_after_and_keeps_nothing_of_the_push(
    tmp_path: Path,
) -> None:
    async with api_without_lake(tmp_path, spool_bytes=2_000) as api:
        first = await push(api, line(1))
        before = spooled(tmp_path)
        headers = TYPE
        async with api.session.post(URL, data=line(2) * 9, headers=headers) as answer:
            refused = answer.status, answer.headers["Retry-After"], answer.content_type

        assert spooled(tmp_path) == before
        again = await push(api, line(3))

    assert first[0] == again[0] == 202
    assert refused == (503, "30", "application/problem+json")


async def test_without_platforms_nothing_can_be_pushed() -> None:
    async with running_api(create_app(away, Config())) as api:
        assert (await api.refusal("POST", URL, data=line(), headers=TYPE))[0] == 404


async def test_the_documentation_shows_the_route_whole(tmp_path: Path) -> None:
    async with api_without_lake(tmp_path) as api:
        document = await api.get("/openapi.json")

    operation = document["paths"]["/v1/push/{platform}"]["post"]
    statuses = {"202", "400", "401", "403", "404", "413", "415", "422", "429", "503"}
    assert set(operation["responses"]) == statuses
    assert operation["responses"]["202"]["content"]["application/json"]["example"]["accepted"] == 2
    example = operation["requestBody"]["content"]["application/x-ndjson"]["example"]
    assert json.loads(example)["kind"] == "status"
    assert "pushToken" in document["components"]["securitySchemes"]
