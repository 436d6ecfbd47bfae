"""``taglake cluster setup`` against the security API on loopback."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from lake.cluster_users import BUILT_IN, USERS, chosen_passwords, cluster_roles, variable
from lake.errors import ConfigError
from lake.node_users import GRANTS, roles
from lake.templates import load_templates
from tests.fakes.security_api import PASSWORD, SUPERUSER, FakeSecurity, security_on_loopback
from tests.lakes import Called, CommandLine

ROOT = Path(__file__).parents[2]
WORDS = {variable(user): f"word-of-{user}" for user in (*USERS, *BUILT_IN)}


async def called(
    fake: FakeSecurity, folder: Path, words: Mapping[str, str], *arguments: str
) -> Called:
    config = folder / "config.yaml"
    config.write_text(
        f"elasticsearch: {{url: '{fake.base}', user: {SUPERUSER}, password: '${{ROOT_WORD}}', "
        "index_prefix: acme-}\n"
    )
    secret = {"ROOT_WORD": PASSWORD} | words
    return await CommandLine(config, ROOT, secret)("cluster", "setup", *arguments)


async def test_roles_users_and_templates_are_made_once_elasticsearch_is_up(tmp_path: Path) -> None:
    fake = FakeSecurity(not_ready=2)
    async with security_on_loopback(fake):
        first = await called(fake, tmp_path, WORDS, "--json")
        second = await called(fake, tmp_path, WORDS, "--json")

    assert first.status == second.status == 0, first.err
    assert first.err.count("waiting: looking whether Elasticsearch is up") == 2
    assert fake.roles == cluster_roles("acme-")
    assert set(fake.users) == set(USERS)
    assert all(fake.users[name]["roles"] == list(USERS[name]) for name in USERS)
    assert fake.passwords == {user: f"word-of-{user}" for user in (*USERS, *BUILT_IN)}
    assert set(fake.templates) == set(load_templates("acme-"))
    assert first.json()["templates"] == sorted(fake.templates)
    assert second.json()["templates"] == []


async def test_a_user_without_a_password_is_left_alone_and_told(tmp_path: Path) -> None:
    fake = FakeSecurity()
    async with security_on_loopback(fake):
        done = await called(fake, tmp_path, {"TAGLAKE_API_PASSWORD": "long-enough-1"})

    assert done.status == 0, done.err
    assert set(fake.users) == {"taglake_api"}
    assert "left alone, without a password in the environment: analyst, kibana_system" in done.err
    assert "long-enough-1" not in done.out + done.err


async def test_who_may_not_manage_security_is_told_in_one_line(tmp_path: Path) -> None:
    fake = FakeSecurity(allowed=False)
    async with security_on_loopback(fake):
        done = await called(fake, tmp_path, WORDS, "--wait", "0")

    assert done.status == 2
    assert done.err == (
        "taglake: making the role taglake_ingest: Elasticsearch answered 403: not you\n"
    )
    assert not fake.users


def test_the_programs_have_the_rights_that_the_embedded_node_gives_them() -> None:
    found = cluster_roles("acme-")

    for name, role in roles("acme-").items():
        assert found[name] == role
    assert set(found) == {f"taglake_{name}" for name in (*GRANTS, "admin", "kibana")}
    assert {role for several in USERS.values() for role in several} == set(found)
    assert found["taglake_kibana"]["indices"] == []


def test_no_role_reaches_beyond_the_prefix() -> None:
    for role in cluster_roles("acme-").values():
        names = [name for grant in role["indices"] for name in grant["names"]]
        assert all(name.startswith("acme-") for name in names)
        assert "all" not in role["cluster"]
        assert "superuser" not in role["cluster"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({}, "no user has a password in the environment; set one of TAGLAKE_INGEST_PASSWORD"),
        ({"ANALYST_PASSWORD": ""}, "no user has a password"),
        ({"ANALYST_PASSWORD": "eleven-char"}, "ANALYST_PASSWORD: a password needs 12 characters"),
    ],
)
def test_passwords_that_protect_nothing_are_refused(words: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        chosen_passwords(words)

    assert "eleven-char" not in str(caught.value)
