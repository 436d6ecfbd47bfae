"""From what people write in the configuration to a model that scores, and keeps scoring.

A worker asks ``Serving`` for the model before each batch. A new champion is taken up within a
minute; one that cannot be loaded is told in one line, and the old one goes on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from enrichment.model_folder import read_folder
from enrichment.model_places import CHAMPION, SHIPPED_DIR, SHIPPED_MODEL, place_of
from enrichment.sentiment import Model, ScoringError
from enrichment.vader import Vader
from lake.config import EnrichmentConfig
from lake.errors import ConfigError, TaglakeError
from lake.model_record import Champion
from lake.retry import Backoff, retrying

logger = logging.getLogger(__name__)

_BACKOFF = Backoff(base_s=0.5, cap_s=10.0)
_LOOK_S = 30.0
_AGAIN_S = 300.0
_PROBE = ("What a lovely day!", "")

Load = Callable[[str, EnrichmentConfig, Champion | None], Model]


def resolve(spec: str, settings: EnrichmentConfig, champion: str | None = None) -> Model:
    """The model that a person means, loaded and tried on a text. Blocking.

    Args:
        spec: ``champion``, ``vader``, a name, a folder, or ``owner/name@revision``.
        settings: Where models are kept, and what they run on.
        champion: The registry's champion; None takes the model that is shipped.

    Raises:
        ConfigError: There is no such model, or its folder is broken; the message tells the mend.
        RetryError: The hub does not answer.
    """
    place = place_of(spec, settings, champion)
    if place is None:
        return Vader()
    return load_folder(place, settings)


def load_folder(folder: Path, settings: EnrichmentConfig) -> Model:
    """The model in a folder, tried on a text. Blocking.

    Raises:
        ConfigError: The folder is broken; the message names what is wrong.
    """
    # Loads onnxruntime: a process that scores with VADER does without.
    from enrichment.onnx import OnnxModel

    model = OnnxModel(folder, device=settings.device, threads=settings.threads)
    try:
        model.score(_PROBE)
    except ScoringError as exc:
        raise ConfigError(f"{folder}: the model cannot score a plain text: {exc}") from exc
    return model


def load_champion(spec: str, settings: EnrichmentConfig, champion: Champion | None) -> Model:
    """As ``resolve``; the champion's files must be those that were promoted. Blocking.

    The shipped model may be another than the promoted one: it comes with Taglake's own version.

    Raises:
        ConfigError: See ``resolve``.
        RetryError: See ``resolve``.
    """
    place = place_of(spec, settings, champion.name if champion else None)
    if place is None:
        return Vader()
    promoted = champion.digest if champion and place.parent != SHIPPED_DIR else None
    if promoted is not None and read_folder(place).digest != promoted:
        raise ConfigError(
            f"{place}: these are not the files that were promoted; copy the folder again"
        )
    return load_folder(place, settings)


@dataclass(frozen=True, slots=True)
class _Served:
    """A model, and what the registry named when it was loaded."""

    model: Model
    name: str
    digest: str | None


class Serving:
    """The model that scores the next batch.

    Args:
        settings: ``model`` says which one; the rest where it is and what it runs on.
        champion: Reads the registry's champion, such as ``ModelRecords.champion``.
        look_s: Seconds between two looks at the registry.
        again_s: Seconds before a champion that could not be loaded is tried again.
        load: Loads a model; blocking.
    """

    def __init__(
        self,
        settings: EnrichmentConfig,
        champion: Callable[[], Awaitable[Champion | None]],
        *,
        look_s: float = _LOOK_S,
        again_s: float = _AGAIN_S,
        load: Load = load_champion,
    ) -> None:
        self._settings = settings
        self._champion = champion
        self._look_s = look_s
        self._again_s = again_s
        self._load = load
        self._served: _Served | None = None
        self._first = asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None
        self._looked_at = 0.0
        self._failed: tuple[str, float] | None = None
        self._told: str | None = None

    async def model(self) -> Model:
        """What to score the next batch with; waits only the first time.

        Raises:
            ConfigError: At the first call alone: the configured model cannot be loaded, or neither
                the champion nor any before it nor the shipped model can.
            RetryError: At the first call alone: the configured hub model cannot be fetched.
        """
        if self._served is None:
            async with self._first:
                if self._served is None:
                    self._served = await self._start()
                    _tell_device(self._served.model)
                    self._looked_at = time.monotonic()
        elif self._is_due():
            self._looked_at = time.monotonic()
            self._looking = asyncio.create_task(self._look())
        return self._served.model

    async def close(self) -> None:
        """Ends a look at the registry that goes on."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def _is_due(self) -> bool:
        if self._settings.model != CHAMPION:
            return False
        is_looking = self._looking is not None and not self._looking.done()
        return not is_looking and time.monotonic() - self._looked_at >= self._look_s

    async def _start(self) -> _Served:
        spec = self._settings.model
        if spec != CHAMPION:
            return _Served(await self._loaded(spec, None), spec, None)
        champion = await retrying(self._champion, backoff=_BACKOFF, attempts=None)
        try:
            return await self._champion_loaded(champion)
        except TaglakeError as exc:
            self._note_failure(champion, exc, "another stands in")
            return await self._stand_in(champion, exc)

    async def _stand_in(self, champion: Champion | None, failure: TaglakeError) -> _Served:
        """The last champion that can be loaded, or the shipped model: scoring must not stop."""
        if champion is None:
            raise failure
        for name in dict.fromkeys((*champion.previous, SHIPPED_MODEL)):
            try:
                served = _Served(await self._loaded(name, None), name, None)
            except TaglakeError as exc:
                logger.warning("model cannot be loaded", extra={"model": name, "why": _line(exc)})
            else:
                logger.warning("scoring with another model", extra={"model": name})
                return served
        raise failure

    async def _look(self) -> None:
        """Takes up the registry's champion where it is another; else all stays as it is."""
        try:
            champion = await self._champion()
        except TaglakeError as exc:
            self._tell("the model registry cannot be read", exc)
            return
        if not self._is_news(champion):
            return
        try:
            self._served = await self._champion_loaded(champion)
        except TaglakeError as exc:
            self._note_failure(champion, exc, "the old model goes on")
        else:
            self._failed, self._told = None, None
            logger.info("new champion", extra={"model": self._served.name})

    def _is_news(self, champion: Champion | None) -> bool:
        name, digest = _named(champion)
        served = self._served
        if served is not None and (served.name, served.digest) == (name, digest):
            return False
        is_known_broken = self._failed is not None and self._failed[0] == f"{name} {digest}"
        return not is_known_broken or time.monotonic() - (self._failed or ("", 0.0))[1] > (
            self._again_s
        )

    async def _champion_loaded(self, champion: Champion | None) -> _Served:
        name, digest = _named(champion)
        return _Served(await self._loaded(CHAMPION, champion), name, digest)

    async def _loaded(self, spec: str, champion: Champion | None) -> Model:
        try:
            return await asyncio.to_thread(self._load, spec, self._settings, champion)
        except OSError as exc:
            raise ConfigError(f"the model {spec} cannot be read: {exc}") from exc

    def _note_failure(self, champion: Champion | None, exc: TaglakeError, instead: str) -> None:
        name, digest = _named(champion)
        self._failed = (f"{name} {digest}", time.monotonic())
        self._tell(f"the champion {name} cannot be loaded; {instead}", exc)

    def _tell(self, what: str, exc: TaglakeError) -> None:
        """One line, not again while it stays the same."""
        if self._told != f"{what} {exc}":
            self._told = f"{what} {exc}"
            logger.warning("champion not taken up", extra={"what": what, "why": _line(exc)})


def _tell_device(model: Model) -> None:
    """A worker says once why it goes without CUDA, where there may be a GPU."""
    why = getattr(model, "why_not_cuda", None)
    if why is None:
        return
    # Loads ONNX Runtime, as the model has done.
    from enrichment.onnx_providers import is_gpu_wanted, runtime

    if is_gpu_wanted(runtime()):
        logger.info("scoring on the CPU", extra={"model": model.name, "why": why})


def _named(champion: Champion | None) -> tuple[str, str | None]:
    return (champion.name, champion.digest) if champion else (SHIPPED_MODEL, None)


def _line(exc: TaglakeError) -> str:
    return " ".join(str(exc).split())
