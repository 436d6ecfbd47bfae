"""Trained networks into a model folder: int8 ONNX, tokenizer, labels, manifest, card."""

from __future__ import annotations

import json
import shutil
import tempfile
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from enrichment.label_schemes import LABELS
from enrichment.text_care import TextCare
from enrichment.training.network import Ensemble
from enrichment.training.pieces import MAX_TOKENS, save_pieces
from enrichment.training.rounded_graph import round_weights

INPUTS = ["input_ids", "attention_mask", "vader"]
# Where config.json holds the shapes: transformers warns of model types that it does not know.
MEMBERS = "taglake_members"
ONNX, MANIFEST, CARD = "model.onnx", "taglake.json", "README.md"
_OPSET = 18


@dataclass(frozen=True, slots=True)
class About:
    """What a folder says of itself besides its files.

    Args:
        name: Of the model.
        care: How its texts were cared for.
        figures: Measured on texts that it has not learned from.
        card: The model card, Markdown.
        base: The model that it was fine-tuned from.
    """

    name: str
    care: TextCare
    figures: Mapping[str, Any]
    card: str
    base: str | None = None


def pack(network: Ensemble, tokenizer: Tokenizer, out: Path, about: About) -> Path:
    """Write a model folder, whole or not at all; one that is there is replaced.

    Args:
        network: Its heads already calibrated.
        tokenizer: Its pieces.
        out: The folder to write.
        about: What the manifest and the card say.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as made:
        folder = Path(made) / out.name
        folder.mkdir()
        write_onnx(network, folder / ONNX)
        save_pieces(tokenizer, folder)
        _write_json(folder / "config.json", _config(network))
        (folder / CARD).write_text(about.card, encoding="utf-8")
        _write_json(folder / MANIFEST, _manifest(folder, about))
        if out.exists():
            shutil.move(out, Path(made) / "before")
        folder.rename(out)
    return out


def write_onnx(network: Ensemble, path: Path) -> None:
    """Export a network, its weights rounded as ``rounded_graph`` tells."""
    # Takes half a second to import.
    import onnx

    with tempfile.TemporaryDirectory() as made:
        plain = Path(made) / "plain.onnx"
        export_plain(network, plain)
        model = onnx.load(str(plain))
    round_weights(model)
    onnx.save(model, str(path))


def export_plain(network: Ensemble, path: Path) -> None:
    """The network in 32-bit ONNX, its parameters under their own names."""
    ids = torch.ones((2, 5), dtype=torch.int64)
    inputs = (ids, torch.ones_like(ids), torch.zeros((2, 4)))
    axes = {name: {0: "batch", 1: "tokens"} for name in INPUTS[:2]}
    # The exporter that traces keeps the parameters' names and needs nothing beyond torch; it says
    # at length that a newer one exists and that sizes taken as numbers are fixed, as ours are.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            inputs,
            str(path),
            input_names=INPUTS,
            output_names=["logits"],
            dynamic_axes=axes | {"vader": {0: "batch"}, "logits": {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,
        )


def _config(network: Ensemble) -> dict[str, Any]:
    """What Hugging Face folders say: the labels by their number, and the networks' shapes."""
    shapes = [asdict(member.shape) for member in network.networks()]
    return {
        "architectures": ["TaglakeNetwork"],
        "id2label": {str(place): label for place, label in enumerate(LABELS)},
        "label2id": {label: place for place, label in enumerate(LABELS)},
        "max_position_embeddings": MAX_TOKENS,
        "vocab_size": shapes[0]["vocabulary"],
        "hidden_size": sum(shape["width"] for shape in shapes),
        MEMBERS: shapes,
    }


def _manifest(folder: Path, about: About) -> dict[str, Any]:
    """``taglake.json``."""
    named = (ONNX, "tokenizer.json", "tokenizer_config.json", "config.json")
    return {
        "format": 1,
        "name": about.name,
        "precision": "int8",
        "max_tokens": MAX_TOKENS,
        "text": about.care.model_dump(),
        "features": ["vader"],
        "base": about.base,
        "created_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "files": {name: sha256((folder / name).read_bytes()).hexdigest() for name in named},
        "figures": dict(about.figures),
    }


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Readable JSON, in UTF-8."""
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
