"""A model's folder: what is in it, checked as far as that goes without running it.

Our own folders have a manifest, ``taglake.json``; a folder as the Hugging Face hub has it needs
none. Which ONNX file is taken, first to last:

1. the one that the manifest names;
2. where int8 was asked for: ``model_int8.onnx``, ``model_quantized.onnx``, ``model_qint8*.onnx``,
   ``model_quint8*.onnx``; then ``model.onnx``; where it was not, ``model.onnx`` comes first;
3. any other file that ends in ``.onnx``, by name.

The folder itself is looked at before its ``onnx`` folder.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enrichment.label_rules import Side, UnknownLabelsError, sides
from enrichment.model_digest import digest_of, holds_int8, sha256_of
from enrichment.model_manifest import MANIFEST, Manifest, ModelFolderError, read_manifest
from enrichment.text_care import TextCare

Json = dict[str, Any]
_INT8 = ("model_int8.onnx", "model_quantized.onnx", "model_qint8*.onnx", "model_quint8*.onnx")
_FP32 = ("model.onnx",)
_TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json", "sentencepiece.bpe.model", "*.model")
# No encoder that classifies texts of this length gains by more; time and memory grow with it.
LONGEST_TOKENS = 512

__all__ = [
    "LONGEST_TOKENS",
    "ModelFolder",
    "ModelFolderError",
    "checked_labels",
    "max_tokens_of",
    "read_folder",
]


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model as its folder describes it.

    Args:
        path: The folder.
        name: What the manifest calls the model, else the folder's own name.
        onnx: The ONNX file.
        id2label: The model's own labels by the number of its output, from 0 on without a gap.
        sides: What each label counts as, in the same order.
        precision: ``fp32``, ``int8`` or what else the file's name says, such as ``fp16``.
        max_tokens: The most tokens of a text that the model reads, its marks included.
        vocabulary: How many different pieces the model has; None where config.json does not say.
        text: How texts are cared for before they are tokenised.
        features: Inputs besides the tokens: ``vader`` or nothing.
        digest: SHA-256 over all that a score depends on; 64 hexadecimal digits.
        manifest: ``taglake.json`` as it was written; None where there is none.
    """

    path: Path
    name: str
    onnx: Path
    id2label: Mapping[int, str]
    sides: tuple[Side, ...]
    precision: str
    max_tokens: int
    vocabulary: int | None
    text: TextCare
    features: tuple[str, ...]
    digest: str
    manifest: Json | None


def read_folder(path: Path, *, precision: str | None = None) -> ModelFolder:
    """Reads and checks a model's folder; reads all of its files to do so.

    Args:
        path: The folder.
        precision: ``int8`` or ``fp32`` takes a file of that precision where there are several.

    Raises:
        ModelFolderError: Something is missing or damaged; the message names it and the mend.
    """
    if not path.is_dir():
        raise ModelFolderError(f"{path} is no folder: give the folder that holds the model")
    try:
        return _read(path, precision)
    except OSError as exc:
        raise ModelFolderError(f"{path}: {exc.strerror or exc}: make its files readable") from exc


def _read(path: Path, precision: str | None) -> ModelFolder:
    raw, manifest = read_manifest(path)
    config = _config(path)
    id2label = _labels(path, config)
    label_sides = _sides(path, id2label, manifest)
    onnx = _onnx_file(path, manifest, precision)
    _check_tokenizer(path)
    hashes = {file: sha256_of(file) for file in _files(path, onnx)}
    _check_hashes(path, manifest, hashes)
    return ModelFolder(
        path=path,
        name=manifest.name or path.resolve().name,
        onnx=onnx,
        id2label=id2label,
        sides=label_sides,
        precision=manifest.precision or _precision(onnx),
        max_tokens=max_tokens_of(path),
        vocabulary=size if isinstance(size := config.get("vocab_size"), int) else None,
        text=manifest.text,
        features=manifest.features,
        digest=digest_of(path, hashes, manifest),
        manifest=raw,
    )


def checked_labels(path: Path) -> tuple[Side, ...]:
    """The side of each label of the model in a folder, which need not hold an ONNX file yet.

    Raises:
        ModelFolderError: There is no such folder, or its labels are none that a rule knows.
    """
    if not path.is_dir():
        raise ModelFolderError(f"{path} is no folder: give the folder that holds the model")
    _, manifest = read_manifest(path)
    return _sides(path, _labels(path, _config(path)), manifest)


def max_tokens_of(path: Path) -> int:
    """The most tokens that the model in a folder reads of a text.

    Raises:
        ModelFolderError: Its configuration cannot be read.
    """
    _, manifest = read_manifest(path)
    return min(manifest.max_tokens or _max_tokens(path, _config(path)), LONGEST_TOKENS)


def read_json(file: Path) -> Json:
    """A JSON object in a file of a model's folder.

    Raises:
        ModelFolderError: It is broken or no object.
    """
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as exc:
        raise ModelFolderError(f"{file} is no JSON ({exc}): copy the folder again") from exc
    if not isinstance(found, dict):
        raise ModelFolderError(f"{file} holds no JSON object: copy the folder again")
    return found


def _config(path: Path) -> Json:
    if not (path / "config.json").is_file():
        raise ModelFolderError(
            f"{path} has no config.json: it is no model folder, or only a part of one was copied"
        )
    return read_json(path / "config.json")


def _labels(path: Path, config: Json) -> dict[int, str]:
    """The labels in the order of the outputs."""
    found = config.get("id2label")
    if not isinstance(found, dict) or not found:
        raise ModelFolderError(
            f"{path / 'config.json'} has no id2label: the model is no classifier, or was saved "
            'without its labels; write them, such as "id2label": {"0": "negative", …}'
        )
    try:
        labels = {int(place): str(label) for place, label in found.items()}
    except ValueError as exc:
        raise ModelFolderError(
            f"{path / 'config.json'}: id2label: {exc}; keys are 0, 1, 2 …"
        ) from exc
    if sorted(labels) != list(range(len(found))):
        raise ModelFolderError(
            f"{path / 'config.json'}: id2label numbers its labels {sorted(labels)}; write 0 to "
            f"{len(found) - 1}"
        )
    return dict(sorted(labels.items()))


def _sides(path: Path, id2label: dict[int, str], manifest: Manifest) -> tuple[Side, ...]:
    try:
        return sides(list(id2label.values()), manifest.labels)
    except UnknownLabelsError as exc:
        labels = ", ".join(repr(label[:40]) for label in exc.labels[:12])
        first = json.dumps(exc.labels[0][:40])
        raise ModelFolderError(
            f"{path}: the labels {labels} cannot be read as a sentiment: {exc.why}. Say in "
            f'{path / MANIFEST} what each label means: {{"format": 1, "labels": {{{first}: '
            '"negative", …}} with negative, neutral and positive'
        ) from exc


def _onnx_file(path: Path, manifest: Manifest, precision: str | None) -> Path:
    named = [path / name for name in manifest.files if name.endswith(".onnx")]
    if named:
        wanted = [file for file in named if _precision_by_name(file) == precision]
        return _there((wanted or named)[0])
    order = (*_INT8, *_FP32) if precision == "int8" else (*_FP32, *_INT8)
    for folder in (path, path / "onnx"):
        for pattern in (*order, "*.onnx"):
            found = sorted(file for file in folder.glob(pattern) if file.is_file())
            if found:
                return found[0]
    raise ModelFolderError(
        f"{path} has no ONNX file: make one with `taglake model export {path} --int8`"
    )


def _there(file: Path) -> Path:
    if not file.is_file():
        raise ModelFolderError(f"{file} is missing, and {MANIFEST} names it: copy the folder again")
    return file


def _check_tokenizer(path: Path) -> None:
    if not any(file.is_file() for name in _TOKENIZERS for file in path.glob(name)):
        raise ModelFolderError(
            f"{path} has no tokenizer (tokenizer.json): copy it from where the model comes from"
        )


def _files(path: Path, onnx: Path) -> list[Path]:
    """What a score depends on: the configuration, the tokenizer's files, the ONNX and its data."""
    beside = [file for file in onnx.parent.glob(f"{onnx.name}*") if file.is_file()]
    patterns = ("config.json", "*token*.json", "merges.txt", *_TOKENIZERS)
    found = {file for name in patterns for file in path.glob(name) if file.is_file()}
    return sorted(found | set(beside))


def _check_hashes(path: Path, manifest: Manifest, hashes: dict[Path, str]) -> None:
    for name, wanted in manifest.files.items():
        file = _there(path / name)
        if (hashes.get(file) or sha256_of(file)) != wanted.lower():
            raise ModelFolderError(
                f"{file} is not the file that {MANIFEST} names (its SHA-256 differs): it was "
                "changed or cut off; copy the folder again"
            )


def _precision(onnx: Path) -> str:
    """The precision of an ONNX file that no manifest speaks of."""
    named = _precision_by_name(onnx)
    return "int8" if named == "fp32" and holds_int8(onnx) else named


def _precision_by_name(onnx: Path) -> str:
    stem = onnx.stem.lower()
    if "int8" in stem or "quantized" in stem:
        return "int8"
    return next((name for name in ("fp16", "q4", "bnb4", "uint8") if name in stem), "fp32")


def _max_tokens(path: Path, config: Json) -> int:
    """What the tokenizer and the model's positions allow."""
    file = path / "tokenizer_config.json"
    said = [read_json(file).get("model_max_length")] if file.is_file() else []
    positions = config.get("max_position_embeddings")
    if isinstance(positions, int):
        # RoBERTa and its kin number positions from the padding's id + 1 on.
        pad = config.get("pad_token_id")
        after = pad + 1 if "roberta" in str(config.get("model_type")) and pad is not None else 0
        said.append(positions - after)
    known = [int(length) for length in said if isinstance(length, int | float) and length > 0]
    return min([*known, LONGEST_TOKENS])
