"""``taglake key`` from outside, and the server that believes it."""

from __future__ import annotations

import asyncio
import socket
from asyncio.subprocess import Process

import aiohttp

from lake.audit import Audit, this_user
from lake.store import Store
from tests.fakes.api_keys import bearer
from tests.lakes import CommandLine


async def test_a_key_is_made_shown_once_listed_and_revoked(
    taglake: CommandLine, store: Store
) -> None:
    none = await taglake("key", "list")
    plain = await taglake("key", "create", "--name", "the [red]board", "--role", "read")
    full = await taglake(
        "key", "create", "--name", "ci", "--role", "write", "--expires", "90d", "--json"
    )
    made = full.json()
    text = plain.out.strip()
    listed = await taglake("key", "list")
    revoked = await taglake("key", "revoke", made["id"])
    again = await taglake("key", "revoke", made["id"])
    rows = (await taglake("key", "list", "--json")).json()["keys"]

    assert "no keys" in none.out
    assert (plain.status, full.status, revoked.status, again.status) == (0, 0, 0, 0)
    assert text.startswith("tl_")
    assert len(text.splitlines()) == 1
    assert made["key"].startswith(f"tl_{made['id']}_")
    assert "the [red]board" in listed.out
    for secret in (text, made["key"]):
        assert secret[16:] not in listed.out + listed.err + str(rows) + revoked.out
    by_id = {row["id"]: row for row in rows}
    assert by_id[text[3:15]]["state"] == "live"
    assert by_id[text[3:15]]["expires_at"] is None
    ci = by_id[made["id"]]
    assert (ci["name"], ci["role"], ci["state"], ci["last_used"]) == (
        "ci",
        "write",
        "revoked",
        None,
    )
    assert ci["created_by"] == this_user()
    await store.refresh()
    entries = await Audit(store.client, store.layout).last(action="key.")
    assert sorted((entry.action, entry.subject) for entry in entries) == [
        *sorted([("key.create", made["id"]), ("key.create", text[3:15])]),
        ("key.revoke", made["id"]),
        ("key.revoke", made["id"]),
    ]
    assert {entry.actor for entry in entries} == {this_user()}


async def test_mistakes_with_keys_are_one_line(taglake: CommandLine) -> None:
    create = ("key", "create", "--name", "x", "--role")
    for arguments, says in (
        ((*create, "owner"), "owner"),
        ((*create, "read", "--expires", "3y"), "--expires"),
        ((*create, "read", "--expires", "0d"), "--expires"),
        (("key", "create", "--name", " ", "--role", "read"), "--name"),
        (("key", "revoke", "nope"), "there is no key 'nope'"),
    ):
        answer = await taglake(*arguments)

        assert (answer.status, says in answer.err) == (2, True), (arguments, answer.err)
        assert "Traceback" not in answer.err
        assert answer.out == ""


async def _listens(process: Process) -> None:
    assert process.stderr is not None
    async with asyncio.timeout(120):
        while b"API at" not in await process.stderr.readline():
            pass


async def test_a_server_logs_no_key_wherever_it_was_sent(taglake: CommandLine) -> None:
    text = (await taglake("key", "create", "--name", "x", "--role", "read")).out.strip()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = taglake.config
    config.write_text(config.read_text() + "log: {level: debug, format: json}\n")
    process = await taglake.start("api", "--port", str(port))
    await _listens(process)
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
        found = []
        for path, headers in (
            ("/v1/campaigns", bearer(text)),
            ("/v1/campaigns", {}),
            (f"/v1/campaigns?api_key={text}", {}),
            (f"/v1/{text}", bearer(text)),
            ("/v1/campaigns", {"Authorization": text}),
        ):
            async with session.get(path, headers=headers) as answer:
                found.append(answer.status)
                assert text not in await answer.text() or path.startswith(f"/v1/{text}")
    process.terminate()
    assert process.stderr is not None
    log = (await process.stderr.read()).decode()
    await process.wait()

    assert found == [200, 401, 400, 404, 401]
    assert '"answered"' in log
    assert text[16:] not in log
