"""Who signs in at Kibana: options, the environment and config.yaml together."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import SecretStr

from lake.config import KibanaConfig
from lake.errors import ConfigError
from taglake.kibana_reach import reached

FILE = KibanaConfig(user="ana", password=SecretStr("of-the-file"))
KEYED = KibanaConfig(api_key=SecretStr("key-of-the-file"))


def _signs_in(config: KibanaConfig) -> tuple[str | None, str | None, str | None]:
    secrets = (config.password, config.api_key)
    return config.user, *(one and one.get_secret_value() for one in secrets)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("config", "user", "environment", "wanted"),
    [
        (FILE, None, {}, ("ana", "of-the-file", None)),
        (FILE, "ana", {}, ("ana", "of-the-file", None)),
        (FILE, "ben", {}, ("ben", None, None)),
        (FILE, "ben", {"PASSWORD": "bens"}, ("ben", "bens", None)),
        (FILE, None, {"PASSWORD": "new"}, ("ana", "new", None)),
        (FILE, None, {"API_KEY": "key"}, ("ana", "of-the-file", "key")),
        (KEYED, None, {}, (None, None, "key-of-the-file")),
        (KEYED, "ben", {"PASSWORD": "bens"}, ("ben", "bens", None)),
        (KEYED, "ben", {}, ("ben", None, None)),
        (KibanaConfig(), None, {}, (None, None, None)),
    ],
)
def test_a_secret_goes_with_the_user_that_it_belongs_to(
    monkeypatch: pytest.MonkeyPatch,
    config: KibanaConfig,
    user: str | None,
    environment: dict[str, str],
    wanted: tuple[str | None, str | None, str | None],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"TAGLAKE_KIBANA_{name}", value)

    found = reached(config, {"url": None, "space": None, "user": user, "ca_file": None})

    assert _signs_in(found) == wanted


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"url": "kibana.example.org"}, "kibana: url: must start with http:// or https://"),
        ({"url": "https://ana:word-in-url@k.example"}, "kibana: url: must hold no user"),
        ({"space": "Marketing Team"}, "kibana: space: "),
    ],
)
def test_an_unusable_value_is_one_line_without_secrets(options: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        reached(FILE, options)

    assert "word-in-url" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_address_may_have_a_path_and_an_at_sign_in_it() -> None:
    found = reached(FILE, {"url": "https://k.example/base@2/"})

    assert found.url == "https://k.example/base@2"
