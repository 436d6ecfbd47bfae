"""A model's folder: what it says of itself, and a checked copy of it among the others."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from enrichment.loading import load_folder
from enrichment.model_folder import read_folder
from lake import times
from lake.config import EnrichmentConfig
from lake.errors import ConflictError, StorageError
from lake.model_record import ModelRecord, Origin


def described(
    folder: Path, name: str, origin: Origin, by: str, *, base: str | None = None
) -> ModelRecord:
    """A folder's record, as it would be registered.

    Raises:
        ConfigError: The folder is broken; the message names what is wrong.
    """
    found = read_folder(folder)
    manifest = found.manifest or {}
    made = manifest.get("created_at")
    return ModelRecord(
        name=name,
        origin=origin,
        added_at=times.now(),
        added_by=by,
        digest=found.digest,
        base=base or manifest.get("base"),
        precision=found.precision,
        labels=dict(zip(found.id2label.values(), found.sides, strict=True)),
        size_bytes=_size(folder),
        created_at=times.from_text(made) if isinstance(made, str) else None,
    )


def copied(
    folder: Path, name: str, digest: str | None, settings: EnrichmentConfig
) -> tuple[Path, bool]:
    """The model's folder among the others, and whether it was copied there now.

    The copy is loaded and tried before it gets its name, so a folder with a name is whole.

    Raises:
        ConfigError: The model cannot be loaded.
        ConflictError: Another model's folder is in that place.
        StorageError: It cannot be copied.
    """
    place = settings.models_dir / name
    if place.exists():
        if described(place, name, "added", "").digest != digest:
            raise ConflictError(
                f"{place} holds another model; choose another name with --name, or remove it"
            )
        load_folder(place, settings)
        return place, False
    temporary: Path | None = None
    try:
        settings.models_dir.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=settings.models_dir, prefix=f".{name}."))
        shutil.copytree(folder, temporary, dirs_exist_ok=True)
        load_folder(temporary, settings)
        temporary.chmod(0o755)
        temporary.rename(place)
    except (OSError, shutil.Error) as exc:
        raise StorageError(f"{folder} cannot be copied to {place}: {exc}") from exc
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
    return place, True


def removed(place: Path) -> None:
    """Takes back a copy."""
    shutil.rmtree(place, ignore_errors=True)


def name_for(folder: Path) -> str:
    """A name made of a folder's own; empty where nothing of it can be used."""
    name = folder.resolve().name.lower()
    kept = (sign if sign.isascii() and (sign.isalnum() or sign in "-_.") else "-" for sign in name)
    return "".join(kept).strip("-_.")[:63]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
