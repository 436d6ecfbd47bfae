"""What only a model's own files can tell: how it cares for texts, and what it runs on here."""

from __future__ import annotations

from enrichment.loading import load_folder
from enrichment.model_folder import read_folder
from enrichment.model_places import VADER, folder_of
from lake.config import EnrichmentConfig
from lake.errors import TaglakeError
from lake.records import Json


def details(name: str, settings: EnrichmentConfig) -> Json:
    """A model's files as they are on this machine; why it cannot be used where it cannot."""
    if name == VADER:
        return {"provider": "no model file: a lexicon with rules"}
    place = folder_of(name, settings.models_dir)
    if place is None:
        return {
            "cannot be used": f"its folder is not on this machine: {settings.models_dir / name}"
        }
    found: Json = {"folder": str(place)}
    try:
        folder = read_folder(place)
        found |= {
            "max_tokens": folder.max_tokens,
            "features": list(folder.features),
            "text": folder.text.model_dump(),
            "figures": (folder.manifest or {}).get("figures") or {},
        }
        model = load_folder(place, settings)
    except TaglakeError as exc:
        return found | {"cannot be used": str(exc)}
    return found | {"provider": getattr(model, "provider", None)}
