from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from ingestors.connections import platform_names
from lake.config import Config, load_config
from lake.errors import ConfigError

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "config.yaml"


def test_the_sample_file_says_what_the_defaults_are() -> None:
    from_file = load_config(SAMPLE, {})

    without_file = Config()
    folders = {"node": {"data_dir"}, "writer": {"dead_letter_dir"}, "api": {"spool_dir"}}
    folders["enrichment"] = {"models_dir"}
    assert from_file.model_dump(exclude={"platforms": True, **folders}) == (
        without_file.model_dump(exclude={"platforms": True, **folders})
    )
    assert from_file.node.data_dir == ROOT / "data"


def test_the_sample_file_names_every_key() -> None:
    text = SAMPLE.read_text(encoding="utf-8")

    def keys(model: type[BaseModel]) -> list[str]:
        return list(model.model_fields)

    for section, field in Config.model_fields.items():
        assert f"\n{section}:" in text
        model = field.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            assert [key for key in keys(model) if f"{key}:" not in text] == []


def _section_of_the_sample(name: str) -> dict[str, Any]:
    """A platform's section; one that is commented out counts without its ``# ``."""
    lines = SAMPLE.read_text(encoding="utf-8").splitlines()
    start = next(n for n, line in enumerate(lines) if line in (f"  {name}:", f"  # {name}:"))
    prefix = lines[start].partition(name)[0]
    section = []
    for line in lines[start + 1 :]:
        if not line.startswith(f"{prefix}  "):
            break
        section.append(line.removeprefix(prefix))
    found: dict[str, Any] = yaml.safe_load("\n".join(section))
    return found


@pytest.mark.parametrize("name", [name for name in platform_names() if name != "archive"])
def test_a_platforms_section_of_the_sample_file_names_every_key_with_its_default(name: str) -> None:
    fields = import_module(f"ingestors.platforms.{name}").Options.model_fields

    section = _section_of_the_sample(name)

    secrets = {key for key, value in section.items() if str(value).startswith("${")}
    hidden = {key for key, field in fields.items() if "Secret" in str(field.annotation)}
    commented = {key for key in fields if f"# {key}: " in SAMPLE.read_text(encoding="utf-8")}
    assert set(section) | commented == set(fields) | commented
    assert secrets <= hidden
    for key in set(section) - secrets:
        default = fields[key].get_default()
        assert section[key] == (list(default) if isinstance(default, tuple) else default), key


def _config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(text)
    return path


def test_every_mistake_is_reported_at_once_with_its_place(tmp_path: Path) -> None:
    path = _config(tmp_path, "api: {port: 99999, prot: 1}\nelasticsearch: {url: ftp://x}\nx: 1\n")

    with pytest.raises(ConfigError) as caught:
        load_config(path, {})

    lines = str(caught.value).splitlines()
    assert len(lines) == 4
    assert any("api.prot: unknown key" in line for line in lines)
    assert any("api.port" in line for line in lines)
    assert any("elasticsearch.url: must be 'embedded'" in line for line in lines)


def test_a_missing_secret_is_named_and_a_value_is_never_shown(tmp_path: Path) -> None:
    path = _config(tmp_path, "elasticsearch: {password: '${NOT_THERE}', user: [hunter2]}\n")

    with pytest.raises(ConfigError, match="NOT_THERE is not set") as caught:
        load_config(path, {})
    with pytest.raises(ConfigError) as wrong:
        load_config(path, {"NOT_THERE": "hunter2"})

    assert "elasticsearch.password" in str(caught.value)
    assert "hunter2" not in str(wrong.value)


def test_a_secret_comes_from_the_environment_and_hides(tmp_path: Path) -> None:
    path = _config(tmp_path, "elasticsearch: {password: '${WORD}'}\n")

    config = load_config(path, {"WORD": "hunter2"})

    assert config.elasticsearch.password is not None
    assert config.elasticsearch.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(config)


@pytest.mark.parametrize("token", ["", "short", "fifteen-letters"])
def test_a_push_token_that_can_be_guessed_is_refused_and_not_shown(
    tmp_path: Path, token: str
) -> None:
    path = _config(tmp_path, "api:\n  push_tokens:\n    - ${PUSH}\n")

    with pytest.raises(ConfigError, match=r"api\.push_tokens\.0") as caught:
        load_config(path, {"PUSH": token})
    config = load_config(path, {"PUSH": "sixteen-letters!"})

    assert not token or token not in str(caught.value)
    assert config.api.spool_dir == tmp_path / "data" / "spool"
    assert "sixteen" not in repr(config)


@pytest.mark.parametrize("text", ["- a\n", "api: [", "\x00", "42"])
def test_a_file_that_is_no_mapping_is_one_clear_line(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(_config(tmp_path, text), {})

    assert str(caught.value).startswith(str(tmp_path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "line", ["interval_s: .inf", "blocked_s: 1.0e+300", "sync_s: .inf", "refresh_ages_h: [-1]",
             "refresh_ages_h: [.inf]", "posts_per_poll: .inf", "refresh_s: .nan"]
)  # fmt: skip
def test_a_time_that_no_calendar_holds_is_refused_at_the_start(tmp_path: Path, line: str) -> None:
    with pytest.raises(ConfigError, match=r"ingest\.") as caught:
        load_config(_config(tmp_path, f"ingest: {{{line}}}\n"), {})

    assert line.partition(":")[0] in str(caught.value)


def test_an_empty_file_and_a_bare_platform_take_the_defaults(tmp_path: Path) -> None:
    assert load_config(_config(tmp_path, ""), {}).ingest == Config().ingest
    assert load_config(_config(tmp_path, "platforms:\n  mastodon:\n"), {}).platforms == {
        "mastodon": {}
    }
