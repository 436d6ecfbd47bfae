"""``taglake.json``, the manifest of a model folder."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from enrichment.text_care import TextCare
from lake.errors import ConfigError

MANIFEST = "taglake.json"


class ModelFolderError(ConfigError):
    """A model's folder is broken, or holds something that cannot be used."""


class Manifest(BaseModel):
    """What our own model folders say of themselves; unknown keys are for people.

    Args:
        format: The manifest's own version.
        name: The model's name.
        precision: ``int8`` or ``fp32``.
        max_tokens: The most tokens of a text that the model was trained to read.
        text: How texts were cared for in training.
        features: Inputs besides the tokens.
        labels: What each label means, where its own word does not tell.
        files: SHA-256 of the files, by their path in the folder.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format: Literal[1] = 1
    name: Annotated[str, Field(pattern=r"^[\w.@/-]{1,200}$")] | None = None
    precision: Literal["int8", "fp32"] | None = None
    max_tokens: Annotated[int, Field(ge=4, le=8_192)] | None = None
    text: TextCare = TextCare()
    features: tuple[Literal["vader"], ...] = ()
    labels: dict[str, Literal["negative", "neutral", "positive"]] | None = None
    files: dict[str, Annotated[str, Field(pattern=r"^[0-9a-fA-F]{64}$")]] = {}

    @field_validator("files")
    @classmethod
    def _inside(cls, files: dict[str, str]) -> dict[str, str]:
        for name in files:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or "\\" in name:
                raise ValueError(f"{name} is outside the folder")
        return files


def read_manifest(folder: Path) -> tuple[dict[str, Any] | None, Manifest]:
    """A folder's manifest as it was written, and what it means; the defaults where it has none.

    Raises:
        ModelFolderError: It is broken; the message lists every finding.
    """
    file = folder / MANIFEST
    if not file.is_file():
        return None, Manifest()
    try:
        raw = json.loads(file.read_text(encoding="utf-8"))
        return raw, Manifest.model_validate(raw)
    except ValidationError as exc:
        findings = "; ".join(
            f"{'.'.join(str(part) for part in found['loc']) or 'it'}: {found['msg']}"
            for found in exc.errors()
        )
        raise ModelFolderError(f"{file} cannot be used: {findings}") from exc
    except (ValueError, RecursionError) as exc:
        raise ModelFolderError(f"{file} is no JSON ({exc}): copy the folder again") from exc
