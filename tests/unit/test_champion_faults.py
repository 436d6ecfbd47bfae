"""Every way in which a champion's folder can be broken: one clear line, and the old one serves."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from enrichment import loading
from enrichment.loading import Serving, resolve
from enrichment.model_folder import read_folder
from lake.config import EnrichmentConfig
from lake.errors import ConfigError, RetryError
from lake.model_record import Champion
from tests.fakes.bag_models import GOOD, bag_model

AT = datetime(2026, 11, 21, tzinfo=UTC)


class Registry:
    """Names a champion."""

    def __init__(self, champion: Champion) -> None:
        self.champion = champion
        self.looks = 0

    async def read(self) -> Champion:
        self.looks += 1
        return self.champion


@pytest.fixture
def settings(tmp_path: Path) -> EnrichmentConfig:
    bag_model(tmp_path / "old", GOOD)
    return EnrichmentConfig(models_dir=tmp_path, threads=1)


def _cut_off(folder: Path) -> None:
    onnx = folder / "model.onnx"
    onnx.write_bytes(onnx.read_bytes()[:-100])


def _garbage(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"no model at all")


def _no_onnx(folder: Path) -> None:
    (folder / "model.onnx").unlink()


def _no_config(folder: Path) -> None:
    (folder / "config.json").unlink()


def _no_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def _gone(folder: Path) -> None:
    shutil.rmtree(folder)


def _unknown_labels(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    config["id2label"] = {"0": "cats", "1": "dogs", "2": "birds"}
    (folder / "config.json").write_text(json.dumps(config))


def _other_tokenizer(folder: Path) -> None:
    """One whose words are more than the model has rows for."""
    words = {f"word{n}": "neutral" for n in range(50)}
    other = bag_model(folder.with_name("other"), words)
    shutil.copy(other / "tokenizer.json", folder)


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "cut off": (_cut_off, "model.onnx"),
    "garbage": (_garbage, "model.onnx"),
    "no ONNX": (_no_onnx, "ONNX"),
    "no config": (_no_config, "config.json"),
    "no tokenizer": (_no_tokenizer, "tokenizer"),
    "wrong tokenizer": (_other_tokenizer, "token"),
    "other labels": (_unknown_labels, "'cats'"),
    "not here": (_gone, "not on this machine: copy its folder"),
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_broken_champion_is_told_in_a_line_and_the_old_one_serves(
    fault: str, settings: EnrichmentConfig, caplog: pytest.LogCaptureFixture
) -> None:
    spoil, says = FAULTS[fault]
    spoil(bag_model(settings.models_dir / "new", GOOD, sure=5.0))
    registry = Registry(Champion("old", AT, "ann"))
    serving = Serving(settings, registry.read, look_s=0.0, again_s=3600.0)
    before = await serving.model()
    registry.champion = Champion("new", AT, "ann", None, ("old",))

    with caplog.at_level(logging.WARNING, "enrichment.loading"):
        after = await _looked(serving, registry, caplog)

    assert after is before
    assert [one.label for one in after.score(["lovely", "bad"])] == ["positive", "negative"]
    [line] = [one for one in caplog.records if one.name == "enrichment.loading"]
    why = vars(line)["why"]
    assert says in why
    assert "\n" not in why


async def _looked(serving: Serving, registry: Registry, caplog: pytest.LogCaptureFixture) -> object:
    """The model after the registry's champion was tried."""
    async with asyncio.timeout(60):
        while not caplog.records or registry.looks < 4:
            await serving.model()
            await asyncio.sleep(0.005)
    await serving.close()
    return await serving.model()


@pytest.mark.parametrize("fault", ["cut off", "wrong tokenizer", "not here"])
async def test_a_start_with_a_broken_champion_takes_the_one_before(
    fault: str, settings: EnrichmentConfig
) -> None:
    FAULTS[fault][0](bag_model(settings.models_dir / "new", GOOD))
    registry = Registry(Champion("new", AT, "ann", None, ("old",)))

    model = await Serving(settings, registry.read).model()

    assert model.name.startswith("old@")


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_configured_folder_that_is_broken_stops_the_start(
    fault: str, settings: EnrichmentConfig
) -> None:
    folder = bag_model(settings.models_dir / "new", GOOD)
    FAULTS[fault][0](folder)
    named = settings.model_copy(update={"model": str(folder)})
    registry = Registry(Champion("old", AT, "ann"))

    with pytest.raises(ConfigError) as caught:
        await Serving(named, registry.read).model()

    assert "\n" not in str(caught.value)


async def test_files_that_changed_since_the_promotion_do_not_score(
    settings: EnrichmentConfig,
) -> None:
    folder = bag_model(settings.models_dir / "new", GOOD)
    digest = read_folder(folder).digest
    champion = Champion("new", AT, "ann", digest, ("old",))
    as_promoted = await Serving(settings, Registry(champion).read).model()
    shutil.rmtree(folder)
    bag_model(folder, GOOD, sure=9.0)

    changed = await Serving(settings, Registry(champion).read).model()

    assert (as_promoted.name[:4], changed.name[:4]) == ("new@", "old@")
    with pytest.raises(ConfigError, match="not the files that were promoted"):
        loading.load_champion("champion", settings, champion)


def test_a_hub_that_does_not_answer_is_told_and_not_waited_for(
    settings: EnrichmentConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")

    with pytest.raises((RetryError, ConfigError), match="owner/name"):
        resolve("owner/name@" + "a" * 40, settings)
