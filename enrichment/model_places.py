"""Where a model's files are: a model by the name that people write for it."""

from __future__ import annotations

import re
from pathlib import Path

from lake.config import EnrichmentConfig
from lake.errors import ConfigError, InvalidError

VADER = "vader"
CHAMPION = "champion"
SHIPPED_MODEL = "taglake-small"
"""The model that comes with Taglake: the champion where nobody named one."""

SHIPPED_DIR = Path(__file__).parent / "models"
# Lower case: two names that differ in case alone are one folder on some disks.
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9_-]|\.(?!\.)){0,62}(?<!\.)")
_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+@[\w./-]+")
# The registry's own documents, and words that already mean something.
_RESERVED = frozenset({VADER, CHAMPION, "training", "people", "shipped", "none"})


def checked_name(name: str) -> str:
    """A name that a model may have.

    Raises:
        InvalidError: It is no name, or one that means something else.
    """
    if not _NAME.fullmatch(name):
        raise InvalidError(
            f"{name[:80]!r} is no model name: write lower-case letters, digits, '-', '_' and '.', "
            "at most 63, such as our-model-2"
        )
    if name in _RESERVED:
        raise InvalidError(f"a model cannot be called {name!r}; that word means something else")
    return name


def is_name(text: str) -> bool:
    """Whether a text could be a registered model's name."""
    return bool(_NAME.fullmatch(text)) and text not in _RESERVED - {VADER}


def folder_of(name: str, models_dir: Path) -> Path | None:
    """The folder of a registered or shipped model; None where it is not on this machine."""
    if not is_name(name) or name == VADER:
        return None
    for place in (models_dir / name, SHIPPED_DIR / name):
        if place.is_dir():
            return place
    return None


def place_of(spec: str, settings: EnrichmentConfig, champion: str | None = None) -> Path | None:
    """The folder of the model that a person means; None for VADER, which has none.

    A hub model is downloaded where it is not on this machine yet. A name comes before a folder of
    that name: write ``./name`` for the folder.

    Args:
        spec: ``champion``, ``vader``, a name, a folder, or ``owner/name@revision``.
        settings: Where models are kept.
        champion: The registry's champion; None takes the model that is shipped.

    Raises:
        ConfigError: There is no such model here.
        RetryError: The hub does not answer.
    """
    name = (champion or SHIPPED_MODEL) if spec == CHAMPION else spec
    if name == VADER:
        return None
    found = folder_of(name, settings.models_dir)
    if found is not None:
        return found
    if spec != CHAMPION:
        return _elsewhere(spec, settings)
    if champion is None:
        raise ConfigError(f"the shipped model is missing: {SHIPPED_DIR / SHIPPED_MODEL}")
    raise ConfigError(
        f"the champion {champion} is not on this machine: copy its folder to "
        f"{settings.models_dir / champion}"
    )


def _elsewhere(spec: str, settings: EnrichmentConfig) -> Path:
    """The folder of a model that is in no place of the registry's."""
    if spec and _is_folder(folder := Path(spec)):
        return folder
    if _HUB.fullmatch(spec):
        # A library that only those who download need.
        from enrichment.hub import download

        return download(spec, settings.models_dir)
    raise ConfigError(
        f"there is no model {spec[:200]!r}: write champion, vader, a name of 'taglake model list', "
        "a folder, or a hub model as owner/name@revision"
    )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # a name that is too long, a folder that may not be entered
        return False
