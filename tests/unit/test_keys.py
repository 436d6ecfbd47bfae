"""Keys: what they look like, what is kept of them, whom they let in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from api.auth import is_loopback, needed_role
from api.route_path import route_path, shown_path
from lake.errors import InvalidError
from lake.key import (
    NOBODY,
    ROLES,
    allows,
    holds_key,
    key_of,
    made_key,
    parts_of,
    source_of,
)
from lake.templates import load_templates

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_a_key_fits_its_own_secret_alone() -> None:
    key, text = made_key("board", "read", by="ann", now=NOW)
    other, other_text = made_key("board", "read", by="ann", now=NOW)
    parts, others = parts_of(text), parts_of(other_text)

    assert parts is not None
    assert others is not None
    assert parts[0] == key.id != other.id
    assert key.fits(parts[1])
    assert not key.fits(others[1])
    assert not key.fits(parts[1][:-1] + ("A" if parts[1][-1] != "A" else "B"))
    assert not key.fits("")
    assert not NOBODY.fits(parts[1])


def test_what_is_kept_of_a_key_holds_no_secret_and_its_own_salt() -> None:
    key, text = made_key("board", "read", by="ann", now=NOW, expires_at=NOW + timedelta(days=1))
    parts = parts_of(text)
    kept = orjson.dumps(source_of(key)).decode()

    assert parts is not None
    assert parts[1] not in kept
    assert key.salt != made_key("board", "read", by="ann", now=NOW)[0].salt
    # The same secret under another salt is kept as something else.
    assert not replace(key, salt="00" * 16).fits(parts[1])
    assert key_of(source_of(key)) == key
    mapped = load_templates("")["keys"]["template"]["mappings"]["properties"]
    revoked = source_of(replace(key, revoked_at=NOW))
    assert set(revoked) == set(mapped)


def test_a_secret_has_256_random_bits() -> None:
    texts = {made_key("x", "read", by="ann", now=NOW)[1] for _ in range(50)}

    assert len(texts) == 50
    assert all(len(text.split("_", 2)[2]) == 43 for text in texts)  # 32 bytes as base64url


@pytest.mark.parametrize(
    "text",
    [
        *("", "tl_", "tl__", "tl_0123456789ab_", "tl_0123456789ab_short", "hello"),
        "tl_0123456789AB_" + "x" * 43,
        "tl_0123456789ab_" + "x" * 44,
        "tl_0123456789ab_" + "x" * 42 + "é",
        " tl_0123456789ab_" + "x" * 43,
        "tl_0123456789ab_" + "x" * 43 + "\n",
    ],
)
def test_what_is_no_key_has_no_parts(text: str) -> None:
    assert parts_of(text) is None


def test_a_key_is_found_wherever_it_stands() -> None:
    _, text = made_key("x", "read", by="ann", now=NOW)

    assert holds_key(f"/v1/{text}/more")
    assert holds_key(text[:30])  # what is left of one tells enough
    assert not holds_key("/v1/campaigns/tl_spring_2026")


def test_a_key_is_live_until_it_is_revoked_or_its_time_is_up() -> None:
    key, _ = made_key("x", "write", by="ann", now=NOW, expires_at=NOW + timedelta(hours=1))
    late = NOW + timedelta(hours=1)

    assert key.state(late - timedelta(milliseconds=1)) == "live"
    assert key.state(late) == "expired"
    assert replace(key, revoked_at=NOW).state(NOW) == "revoked"
    assert replace(key, expires_at=None).state(late + timedelta(days=9_000)) == "live"


def test_each_role_may_do_all_that_the_ones_before_it_may() -> None:
    table = [[allows(role, needed) for needed in ROLES] for role in ROLES]

    assert ROLES == ("read", "write", "admin")
    assert table == [[True, False, False], [True, True, False], [True, True, True]]


@pytest.mark.parametrize("name", ["", "  \n ", "x" * 101])
def test_a_key_needs_a_name(name: str) -> None:
    with pytest.raises(InvalidError, match="--name"):
        made_key(name, "read", by="ann", now=NOW)


def test_a_key_that_is_never_taken_is_not_made() -> None:
    with pytest.raises(InvalidError, match="--expires"):
        made_key("x", "read", by="ann", now=NOW, expires_at=NOW)


@pytest.mark.parametrize(
    ("method", "path", "role"),
    [
        ("GET", "/v1/campaigns", "read"),
        ("HEAD", "/v1/campaigns/x/summary", "read"),
        ("OPTIONS", "/v1/campaigns", "read"),
        ("POST", "/v1/campaigns", "write"),
        ("PATCH", "/v1/campaigns/x", "write"),
        ("PUT", "/v1/campaigns/x", "write"),
        ("DELETE", "/v1/labels/x", "write"),
        ("POST", "/v1/push/mastodon", "write"),
        ("BREW", "/v1/campaigns", "write"),
        ("GET", "/v1/erasures", "admin"),
        ("POST", "/v1/erasures/x", "admin"),
        ("GET", "/v1/keys", "admin"),
        ("GET", "/v1/keysmith", "read"),
    ],
)
def test_what_each_request_needs(method: str, path: str, role: str) -> None:
    assert needed_role(method, path) == role


@pytest.mark.parametrize(
    ("address", "is_ours"),
    [
        *(("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True)),
        *(("10.0.0.1", False), ("::ffff:10.0.0.1", False), ("0.0.0.0", False), ("", False)),
        *(("localhost", False), ("unknown", False), ("2001:db8::1", False)),
    ],
)
def test_which_addresses_are_of_this_machine(address: str, is_ours: bool) -> None:
    assert is_loopback(address) is is_ours


@pytest.mark.parametrize(
    ("path", "root", "seen"),
    [
        ("/v1/x", "", "/v1/x"),
        ("/lake/v1/x", "/lake", "/v1/x"),
        ("/lakeside/v1/x", "/lake", "/lakeside/v1/x"),
        ("/lake/v1/x", "/lake/", "/v1/x"),
    ],
)
def test_a_path_is_seen_as_routes_see_it(path: str, root: str, seen: str) -> None:
    assert route_path({"path": path, "root_path": root}) == seen


def test_a_path_in_a_log_is_one_plain_line_without_a_key() -> None:
    _, text = made_key("x", "read", by="ann", now=NOW)

    def shown(path: str) -> str:
        return shown_path({"path": path})

    assert shown("/v1/a\nb\x1b[31m é") == "/v1/a%0Ab%1B%5B31m%20%C3%A9"
    assert text not in shown(f"/v1/{text}")
    assert len(shown("/" + "x" * 5_000)) == 200
