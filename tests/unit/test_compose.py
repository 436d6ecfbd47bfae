"""docker-compose.yml by its text: nothing here needs Docker."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from lake.cluster_users import BUILT_IN, USERS, variable
from lake.config import load_config
from taglake.__main__ import taglake

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
JOBS = {"certs", "setup", "dashboards", "cli"}
OURS = sorted(name for name, one in SERVICES.items() if str(one["image"]).startswith("taglake"))
VARIABLE = re.compile(r"\$\{([A-Z_]+)(?::?([-?])([^}]*))?\}")
SECRET = re.compile(r"PASSWORD|KEY|TOKEN|SECRET")
EXAMPLE = dict(
    line.split("=", 1)
    for line in (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
)
every = pytest.mark.parametrize("name", sorted(SERVICES))


@every
def test_a_service_is_bounded_and_says_whether_it_starts_again(name: str) -> None:
    one = SERVICES[name]

    limits = one["deploy"]["resources"]["limits"]
    assert {"cpus", "memory", "pids"} <= set(limits)
    assert one["restart"] == ("no" if name in JOBS else "unless-stopped")
    assert "no-new-privileges:true" in one["security_opt"]
    assert one["logging"]["options"]["max-size"]


@every
def test_a_service_has_a_health_check_and_a_job_has_none(name: str) -> None:
    check = SERVICES[name]["healthcheck"]

    if name in JOBS:
        assert check == {"disable": True}
    else:
        assert check["test"][0] in ("CMD", "CMD-SHELL")
        assert {"interval", "timeout", "retries", "start_period"} <= set(check)


@every
def test_an_image_is_of_a_version_and_names_no_server(name: str) -> None:
    image = VARIABLE.sub(lambda found: found[3], SERVICES[name]["image"])

    repository, _, tag = image.partition(":")
    assert re.fullmatch(r"\d+\.\d+\.\d+", tag)
    assert "." not in repository.split("/")[0]


def test_every_part_of_the_elastic_stack_has_the_same_version() -> None:
    images = {name: SERVICES[name]["image"].partition(":")[2] for name in SERVICES}

    elastic = {images[name] for name in ("certs", "elasticsearch", "kibana", "metricbeat")}
    assert elastic == {"${ELASTIC_VERSION:-8.19.21}"}
    assert EXAMPLE["ELASTIC_VERSION"] == "8.19.21"


@every
def test_a_secret_is_a_variable_without_a_default(name: str) -> None:
    for key, value in (SERVICES[name].get("environment") or {}).items():
        if not SECRET.search(key):
            continue
        found = VARIABLE.fullmatch(str(value))
        assert found is not None, f"{key} is written down"
        assert found[2] == "?", f"{key} has a default"


def test_every_variable_is_in_the_example_and_every_line_there_is_used() -> None:
    used = {found[1] for found in VARIABLE.finditer(TEXT)}

    assert used == set(EXAMPLE)
    defaults = {found[1]: found[3] for found in VARIABLE.finditer(TEXT) if found[2] == "-"}
    assert {name: EXAMPLE[name] for name in defaults} == defaults
    assert all(not value for name, value in EXAMPLE.items() if SECRET.search(name))


@every
def test_a_port_is_bound_where_the_example_says_and_that_is_this_machine(name: str) -> None:
    ports = SERVICES[name].get("ports", [])

    assert all(port.startswith("${BIND_ADDRESS:-127.0.0.1}:") for port in ports)


def test_only_people_meet_ports() -> None:
    assert {name for name in SERVICES if SERVICES[name].get("ports")} == {
        "elasticsearch", "kibana", "api"
    }  # fmt: skip


def test_every_volume_is_named_and_used() -> None:
    mounts = [mount for one in SERVICES.values() for mount in one.get("volumes", [])]

    sources = [mount.split(":")[0] for mount in mounts]
    named = {source for source in sources if not source.startswith("./")}
    assert named == set(COMPOSE["volumes"])
    files = [source for source in sources if source.startswith("./")]
    assert all((ROOT / source).is_file() for source in files)
    assert all(mount.endswith(":ro") for mount in mounts if mount.startswith("./"))
    keys = {name for name, one in SERVICES.items() if any(
        mount.startswith("certs:") for mount in one.get("volumes", [])
    )}  # fmt: skip
    assert keys == {"certs", "elasticsearch"}


@pytest.mark.parametrize("name", OURS)
def test_our_containers_may_do_little(name: str) -> None:
    one = SERVICES[name]

    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert "user" not in one
    assert "privileged" not in one


@pytest.mark.parametrize("name", OURS)
def test_a_command_exists_in_the_command_line(name: str) -> None:
    words = [word for word in SERVICES[name]["command"] if not word.startswith("-")]
    options = [word for word in SERVICES[name]["command"] if word.startswith("-")]

    command: click.Command = taglake
    context = click.Context(taglake)
    for word in words:
        assert isinstance(command, click.Group)
        found = command.get_command(context, word)
        assert found is not None, f"there is no taglake {' '.join(words)}"
        command = found
    known = {text for parameter in command.params for text in parameter.opts} | {"--help"}
    assert set(options) <= known


@pytest.mark.parametrize("name", OURS)
def test_the_configuration_finds_its_values_in_each_container(name: str) -> None:
    environment = {key: str(value) for key, value in SERVICES[name]["environment"].items()}

    config = load_config(ROOT / "docker" / "config.yaml", environment)

    user = config.elasticsearch.user
    assert user in {*USERS, "elastic"}
    assert config.enrichment.device == ("cuda" if name == "enrich-gpu" else "auto")
    written = (config.writer.dead_letter_dir, config.api.spool_dir, config.enrichment.models_dir)
    assert all(path.is_relative_to("/var/lib/taglake") for path in (*written, config.node.data_dir))
    assert config.api.require_keys


def test_each_program_signs_in_as_itself_and_the_superuser_only_sets_up() -> None:
    users = {name: SERVICES[name]["environment"]["TAGLAKE_ELASTICSEARCH_USER"] for name in OURS}

    assert users == {
        "setup": "elastic",
        "dashboards": "taglake_dashboards",
        "cli": "taglake_admin",
        "api": "taglake_api",
        "ingest": "taglake_ingest",
        "enrich": "taglake_enrich",
        "enrich-gpu": "taglake_enrich",
    }
    for name, user in users.items():
        wanted = "ELASTIC_PASSWORD" if user == "elastic" else variable(user)
        assert f"${{{wanted}:?" in SERVICES[name]["environment"]["TAGLAKE_ELASTICSEARCH_PASSWORD"]


def test_the_setup_is_given_a_password_for_every_user() -> None:
    assert {variable(user) for user in (*USERS, *BUILT_IN)} <= set(SERVICES["setup"]["environment"])


@every
def test_what_a_service_waits_for_can_happen(name: str) -> None:
    for other, wait in (SERVICES[name].get("depends_on") or {}).items():
        wanted = "service_completed_successfully" if other in JOBS else "service_healthy"
        assert wait["condition"] == wanted
        assert not set(SERVICES[other].get("profiles", [])) - set(
            SERVICES[name].get("profiles", [])
        )


def test_profiles_are_extras_and_the_gpu_is_asked_for() -> None:
    profiles = {name: one.get("profiles") for name, one in SERVICES.items() if "profiles" in one}

    assert profiles == {"enrich-gpu": ["gpu"], "metricbeat": ["monitoring"], "cli": ["cli"]}
    [device] = SERVICES["enrich-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": 1, "capabilities": ["gpu"]}


def test_security_and_tls_are_on() -> None:
    settings = SERVICES["elasticsearch"]["environment"]

    for part in ("security", "security.http.ssl", "security.transport.ssl"):
        assert settings[f"xpack.{part}.enabled"] == "true"
    assert SERVICES["kibana"]["environment"]["ELASTICSEARCH_HOSTS"].startswith("https://")


def _made_env(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", folder / "docker" / "make-env.sh"], capture_output=True, text=True, check=False
    )


def test_make_env_fills_every_secret_once_and_leaves_an_env_alone(tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    for name in (".env.example", "docker/make-env.sh"):
        (tmp_path / name).write_text((ROOT / name).read_text(encoding="utf-8"))

    first = _made_env(tmp_path)
    made = (tmp_path / ".env").read_text()
    second = _made_env(tmp_path)

    assert (first.returncode, second.returncode) == (0, 1)
    assert "exists already" in second.stderr
    assert (tmp_path / ".env").read_text() == made
    assert (tmp_path / ".env").stat().st_mode & 0o077 == 0
    values = dict(
        line.split("=", 1) for line in made.splitlines() if "=" in line and line[0] != "#"
    )
    secrets = [value for name, value in values.items() if SECRET.search(name)]
    assert all(re.fullmatch("[0-9a-f]{32}", value) for value in secrets)
    assert len(set(secrets)) == len(secrets)
    assert {name: values[name] for name, value in EXAMPLE.items() if value} == {
        name: value for name, value in EXAMPLE.items() if value
    }


@pytest.mark.parametrize("name", ["certs.sh", "make-env.sh"])
def test_a_script_is_whole_and_may_be_run(name: str) -> None:
    path = ROOT / "docker" / name

    shell = "bash" if "bash" in path.read_text().splitlines()[0] else "sh"
    checked = subprocess.run([shell, "-n", path], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert os.access(path, os.X_OK)
