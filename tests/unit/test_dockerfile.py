"""The Dockerfile by its text: what a linter would say, and whether what it copies is there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "Dockerfile").read_text(encoding="utf-8")
IGNORED = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
VERSION = re.compile(r"[a-z/-]+:\d+\.\d+\.\d+-[a-z-]+")


def _instructions() -> Iterator[tuple[str, str]]:
    joined = re.sub(r"\\\n\s*", "", re.sub(r"^#.*\n", "", LINES, flags=re.M))
    for line in filter(str.strip, joined.splitlines()):
        word, _, rest = line.partition(" ")
        yield word, rest.strip()


INSTRUCTIONS = list(_instructions())


def _all(word: str) -> list[str]:
    return [rest for found, rest in INSTRUCTIONS if found == word]


def _stages() -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Name -> what it is made from, and its instructions."""
    found: dict[str, tuple[str, list[tuple[str, str]]]] = {}
    for word, rest in INSTRUCTIONS:
        if word == "FROM":
            source, _, name = rest.partition(" AS ")
            assert name, f"FROM {rest} has no name"
            found[name] = (source, [])
        else:
            found[list(found)[-1]][1].append((word, rest))
    return found


STAGES = _stages()


def _whole(stage: str) -> list[tuple[str, str]]:
    """A stage's instructions after those of the stages that it is made from."""
    source, own = STAGES[stage]
    return [*(_whole(source) if source in STAGES else []), *own]


def test_only_known_instructions() -> None:
    known = {"FROM", "ENV", "WORKDIR", "RUN", "COPY", "USER", "EXPOSE", "HEALTHCHECK"}

    assert {word for word, _ in INSTRUCTIONS} <= known | {"ENTRYPOINT", "CMD"}


def test_a_base_is_pinned_to_a_full_version() -> None:
    bases = {source for source, _ in STAGES.values() if source not in STAGES}

    assert len(bases) == 1
    assert all(VERSION.fullmatch(base) for base in bases)


def test_the_python_of_the_image_is_one_that_the_project_takes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    [version] = {
        re.sub(r"^python:([\d.]+)-.*", r"\1", one)
        for one, _ in STAGES.values()
        if one not in STAGES
    }
    assert Requirement(f"x{project['requires-python']}").specifier.contains(version)


@pytest.mark.parametrize("stage", ["runtime", "gpu"])
def test_an_image_ends_as_nobody_in_particular(stage: str) -> None:
    instructions = _whole(stage)

    users = [rest for word, rest in instructions if word == "USER"]
    assert users
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", users[-1])
    after = instructions[[word for word, _ in instructions].index("USER") :]
    assert "RUN" not in {word for word, _ in after}


@pytest.mark.parametrize("stage", ["runtime", "gpu"])
def test_an_image_has_a_health_check_and_starts_as_a_list(stage: str) -> None:
    instructions = dict(_whole(stage))

    check, command = instructions["HEALTHCHECK"].split("CMD ", 1)
    assert {"--interval", "--timeout", "--retries"} <= set(re.findall(r"--[a-z]+", check))
    assert json.loads(command)[0] == "python"
    assert json.loads(instructions["ENTRYPOINT"])[0] == "taglake"
    assert json.loads(instructions["CMD"]) == ["api"]
    assert instructions["WORKDIR"].startswith("/")


def test_what_is_built_with_stays_behind() -> None:
    for stage in ("runtime", "gpu"):
        copied = [rest for word, rest in _whole(stage) if word == "COPY"]
        from_builds = [one for one in copied if one.startswith("--from=")]
        assert len(from_builds) == 1
        assert not [one for one in copied if "requirements" in one]
    assert "--without-pip" in " ".join(_all("RUN"))


@pytest.mark.parametrize("run", _all("RUN"))
def test_a_step_is_one_that_a_linter_would_let_pass(run: str) -> None:
    words = shlex.split(run)

    assert not {"sudo", "curl", "wget", "ssh", "chmod"} & set(words)
    assert not re.search(r"\|(?!\|)", run), "a pipe hides a failure"
    assert not re.search(r"(^|&& )cd ", run), "WORKDIR stands instead of cd"
    if "apt-get" in words:
        assert "--no-install-recommends" in words
        assert "/var/lib/apt/lists" in run
    if "install" in words and "pip" in words:
        assert "--require-hashes" in words or "--no-deps" in words


def test_pip_keeps_nothing() -> None:
    assert any("PIP_NO_CACHE_DIR=1" in one for one in _all("ENV"))


def test_no_secret_and_no_other_server_stands_there() -> None:
    assert not _all("ADD") + _all("ARG")
    assert not re.search(r"password|token|secret|https?://", LINES, re.I)


def _sources() -> list[str]:
    found = []
    for rest in _all("COPY"):
        if not rest.startswith("--from="):
            found += rest.split()[:-1]
    return found


@pytest.mark.parametrize("source", _sources())
def test_what_is_copied_is_there_and_not_ignored(source: str) -> None:
    assert (ROOT / source).exists()
    assert f"!{source}" in IGNORED


def test_everything_else_is_ignored() -> None:
    kept = [line.removeprefix("!") for line in IGNORED if line.startswith("!")]

    assert "*" in IGNORED
    assert sorted(kept) == sorted(set(_sources()))
    assert "**/.env" in IGNORED


def test_every_room_of_the_wheel_is_copied() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = wheel["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert {f"{name}/" for name in packages} <= set(_sources())


def _locked(name: str) -> dict[str, set[str]]:
    """Each package's lines of a lock, without their hashes."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / "requirements" / name).read_text().splitlines():
        if match := re.match(r"([a-z0-9-]+)==([^ ]+)", line):
            found.setdefault(match[1], set()).add(match[2])
    return found


def test_the_gpus_lock_changes_nothing_but_the_runtime() -> None:
    core, gpu = _locked("core.lock"), _locked("gpu.lock")

    shared = core.keys() & gpu.keys()
    assert {"numpy", "protobuf"} <= shared
    assert {name: gpu[name] for name in shared} == {name: core[name] for name in shared}
    assert "onnxruntime" not in gpu
    assert gpu["onnxruntime-gpu"] == core["onnxruntime"]
    assert any(name.startswith("nvidia-cudnn") for name in gpu)


def test_hadolint_has_nothing_to_say(tmp_path: Path) -> None:
    linter = Path(sys.executable).with_name("hadolint")
    bad = tmp_path / "Dockerfile"
    bad.write_text("FROM python:latest\nRUN cd /tmp && pip install x\n")

    ours, theirs = (
        subprocess.run([linter, path], capture_output=True, text=True, check=False)
        for path in (ROOT / "Dockerfile", bad)
    )

    assert (ours.returncode, ours.stdout) == (0, "")
    assert theirs.returncode == 1
    assert "DL3007" in theirs.stdout
