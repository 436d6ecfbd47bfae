"""The model that serves: a new champion is taken up, a broken one never stops the scoring."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from enrichment import model_places
from enrichment.loading import Serving
from enrichment.sentiment import Model, Sentiment
from lake.config import EnrichmentConfig
from lake.errors import ConfigError, UnavailableError
from lake.model_record import Champion

AT = datetime(2026, 11, 21, tzinfo=UTC)
SETTINGS = EnrichmentConfig()


class Named:
    """A model that knows its name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def score(
        self, texts: Sequence[str], *, vader: Sequence[Sentiment] | None = None
    ) -> list[Sentiment]:
        return [Sentiment("neutral", 0.0, 0.0, 1.0, 0.0) for _ in texts]


class Place:
    """A registry and the folders beside it, as a test wants them."""

    def __init__(self, champion: str | None = None, previous: tuple[str, ...] = ()) -> None:
        self.champion = None if champion is None else Champion(champion, AT, "ann", None, previous)
        self.is_away = False
        self.broken: set[str] = set()
        self.loaded: list[str] = []
        self.looks = 0
        self.gate = threading.Event()
        self.gate.set()

    async def read(self) -> Champion | None:
        self.looks += 1
        if self.is_away:
            raise UnavailableError("reading the champion: Elasticsearch does not answer")
        return self.champion

    def load(self, spec: str, settings: EnrichmentConfig, champion: Champion | None) -> Model:
        name = spec
        if spec == "champion":
            name = champion.name if champion else model_places.SHIPPED_MODEL
        assert self.gate.wait(30)
        self.loaded.append(name)
        if name in self.broken:
            raise ConfigError(f"{name}/model.onnx: is cut off;\ncopy it again")
        return Named(name)

    def serving(self, settings: EnrichmentConfig = SETTINGS, **options: Any) -> Serving:
        options = {"look_s": 0.0, "again_s": 0.0} | options
        return Serving(settings, self.read, load=self.load, **options)

    def name(self, name: str) -> None:
        before = self.champion
        previous = (before.name, *before.previous) if before else ()
        self.champion = Champion(name, AT + timedelta(days=1), "bob", name, previous)


async def _until(serving: Serving, holds: Callable[[str], bool]) -> str:
    """The served model's name once it is as wished; batches go on meanwhile."""
    async with asyncio.timeout(30):
        while not holds(name := (await serving.model()).name):  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    await serving.close()
    return name


async def _looked(serving: Serving, place: Place, more: int = 3) -> str:
    """The served model's name after some further looks at the registry."""
    wanted = place.looks + more
    name = await _until(serving, lambda _: place.looks >= wanted)
    await serving.close()
    return name


async def test_without_a_registry_the_shipped_model_serves() -> None:
    assert (await Place().serving().model()).name == "taglake-small"


async def test_a_new_champion_is_taken_up() -> None:
    place = Place("one")
    serving = place.serving()
    first = (await serving.model()).name

    place.name("two")

    assert first == "one"
    assert await _until(serving, lambda name: name == "two") == "two"
    assert place.loaded == ["one", "two"]


async def test_the_old_model_serves_while_the_new_one_is_loaded() -> None:
    place = Place("one")
    serving = place.serving()
    await serving.model()
    place.gate.clear()
    place.name("two")

    held = [(await serving.model()).name for _ in range(5)]
    place.gate.set()

    assert held == ["one"] * 5
    assert await _until(serving, lambda name: name == "two")


async def test_the_registry_is_looked_at_now_and_then() -> None:
    place = Place("one")
    serving = place.serving(look_s=3600.0)

    for _ in range(100):
        await serving.model()

    assert place.looks == 1


async def test_a_champion_that_is_broken_is_told_once_and_the_old_one_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    place = Place("one")
    serving = place.serving()
    await serving.model()
    place.broken = {"two"}
    place.name("two")

    with caplog.at_level(logging.WARNING, "enrichment.loading"):
        name = await _looked(serving, place, 10)

    assert name == "one"
    assert place.loaded.count("two") > 1  # it is tried again
    [line] = caplog.records
    assert vars(line)["what"] == "the champion two cannot be loaded; the old model goes on"
    assert vars(line)["why"] == "two/model.onnx: is cut off; copy it again"
    place.broken = set()
    assert await _until(serving, lambda name: name == "two")


async def test_a_broken_champion_is_not_loaded_at_every_look() -> None:
    place = Place("one")
    serving = place.serving(again_s=3600.0)
    await serving.model()
    place.broken = {"two"}
    place.name("two")

    await _looked(serving, place, 10)
    place.name("three")

    assert await _until(serving, lambda name: name == "three")
    assert place.loaded == ["one", "two", "three"]


async def test_a_registry_that_is_away_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    place = Place("one")
    serving = place.serving()
    await serving.model()
    place.is_away = True

    with caplog.at_level(logging.WARNING, "enrichment.loading"):
        name = await _looked(serving, place, 10)

    assert (name, len(caplog.records)) == ("one", 1)
    place.is_away = False
    place.name("two")
    assert await _until(serving, lambda name: name == "two")


@pytest.mark.parametrize(
    ("broken", "serves"),
    [({"new"}, "one"), ({"new", "one"}, "two"), ({"new", "one", "two"}, "taglake-small")],
)
async def test_a_start_with_a_broken_champion_falls_back(
    broken: set[str], serves: str, caplog: pytest.LogCaptureFixture
) -> None:
    place = Place("new", ("one", "two"))
    place.broken = broken
    serving = place.serving()

    with caplog.at_level(logging.WARNING, "enrichment.loading"):
        name = (await serving.model()).name

    assert name == serves
    assert len(caplog.records) == len(broken) + 1
    assert vars(caplog.records[-1])["model"] == serves
    place.broken = set()
    assert await _until(serving, lambda name: name == "new")


async def test_with_nothing_to_serve_the_start_fails() -> None:
    place = Place("new")
    place.broken = {"new", "taglake-small"}

    with pytest.raises(ConfigError, match=r"new/model\.onnx"):
        await place.serving().model()


async def test_a_start_waits_for_the_registry() -> None:
    place = Place("one")
    place.is_away = True
    waiting = asyncio.create_task(place.serving().model())
    async with asyncio.timeout(30):
        while place.looks < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
    is_waiting = not waiting.done()

    place.is_away = False

    assert is_waiting
    assert (await waiting).name == "one"


async def test_a_configured_model_that_is_broken_stops_the_start() -> None:
    place = Place("one")
    place.broken = {"mine"}

    with pytest.raises(ConfigError, match=r"mine/model\.onnx"):
        await place.serving(SETTINGS.model_copy(update={"model": "mine"})).model()


async def test_a_configured_model_stays_whatever_the_registry_says() -> None:
    place = Place("one")
    serving = place.serving(SETTINGS.model_copy(update={"model": "mine"}))

    names = {(await serving.model()).name for _ in range(20)}

    assert (names, place.looks, place.loaded) == ({"mine"}, 0, ["mine"])


async def test_batches_that_start_at_once_share_one_model() -> None:
    place = Place("one")
    serving = place.serving()

    models = await asyncio.gather(*(serving.model() for _ in range(8)))

    assert len({id(model) for model in models}) == 1
    assert place.loaded == ["one"]
