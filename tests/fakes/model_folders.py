"""Model folders made here: a classifier of a few words, whose logits one can add up by hand.

A text's logits are the sum of its words' rows; so ``good`` is positive and ``bad`` is negative,
and a word that is not in the list counts nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

Json = dict[str, Any]
THREE = ("negative", "neutral", "positive")
# How far each word pulls, from -1 (the first label) to 1 (the last one).
PULLS = {"good": 1.0, "great": 1.0, "bad": -1.0, "awful": -1.0, "plain": 0.0, "meh": -0.3}
MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
STRENGTH = 4.0


def make_folder(
    path: Path,
    *,
    labels: Sequence[str] = THREE,
    words: Mapping[str, Sequence[float]] | None = None,
    manifest: Json | None = None,
    vader: bool = False,
    positions: int | None = None,
    external: bool = False,
    config: Json | None = None,
) -> Path:
    """A whole model folder.

    Args:
        path: The folder; made here.
        labels: The model's labels in the order of its outputs.
        words: A row of logits for each word; None takes ``PULLS``.
        manifest: ``taglake.json``; its hashes are filled in.
        vader: Whether the model adds VADER's compound to the last label and takes it off the first.
        positions: The longest text that the model can read, in tokens.
        external: Whether the weights are in a file beside the ONNX file.
        config: What config.json says besides.
    """
    path.mkdir(parents=True, exist_ok=True)
    rows = dict(words or {word: row_of(pull, len(labels)) for word, pull in PULLS.items()})
    vocabulary = [*MARKS, *rows]
    id2label = {str(place): label for place, label in enumerate(labels)}
    said = {"id2label": id2label, "model_type": "bert", "vocab_size": len(vocabulary)}
    (path / "config.json").write_text(json.dumps(said | (config or {})), encoding="utf-8")
    make_tokenizer(path, vocabulary)
    nothing = [[0.0] * len(labels)] * len(MARKS)
    table = np.array([*nothing, *rows.values()], np.float32)
    make_onnx(path / "model.onnx", table, vader=vader, positions=positions, external=external)
    if manifest is not None:
        write_manifest(path, manifest)
    return path


def row_of(pull: float, labels: int) -> list[float]:
    """A word's logits: highest at the label that its pull points at."""
    at = (pull + 1) / 2 * (labels - 1)
    return [STRENGTH * (1 - abs(place - at)) for place in range(labels)]


def write_manifest(path: Path, manifest: Json) -> None:
    """``taglake.json`` with the hashes of the files as they are."""
    files = {
        name: hashlib.sha256((path / name).read_bytes()).hexdigest()
        for name in ("model.onnx", "tokenizer.json")
    }
    whole = {"format": 1, "files": files} | manifest
    (path / "taglake.json").write_text(json.dumps(whole), encoding="utf-8")


def make_tokenizer(path: Path, vocabulary: Sequence[str]) -> None:
    """A tokenizer of whole words in lower case, between marks as BERT's."""
    numbers = {word: number for number, word in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordLevel(numbers, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(path / "tokenizer.json"))
    said = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "cls_token": "[CLS]",
        "sep_token": "[SEP]",
        "model_max_length": 64,
    }
    (path / "tokenizer_config.json").write_text(json.dumps(said), encoding="utf-8")


def make_onnx(
    file: Path,
    table: np.ndarray[Any, np.dtype[np.float32]],
    *,
    vader: bool = False,
    positions: int | None = None,
    external: bool = False,
    inputs: Sequence[str] = ("input_ids", "attention_mask"),
    output: str = "logits",
    batch: str | int = "batch",
) -> None:
    """The classifier: the sum of the table's rows of a text's pieces."""
    labels = table.shape[1]
    weights = [numpy_helper.from_array(table, "table")]
    weights.append(numpy_helper.from_array(np.array([1], np.int64), "one"))
    weights.append(numpy_helper.from_array(np.array([2], np.int64), "two"))
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "two"], ["column"]),
        helper.make_node("Mul", ["rows", "column"], ["real"]),
        helper.make_node("ReduceSum", ["real", "one"], ["sum"], keepdims=0),
    ]
    last = "sum"
    if positions is not None:
        zeros = np.zeros((positions + 1, labels), np.float32)
        weights.append(numpy_helper.from_array(zeros, "positions"))
        nodes.append(helper.make_node("CumSum", ["attention_mask", "one"], ["number"]))
        nodes.append(helper.make_node("Gather", ["positions", "number"], ["placed"]))
        nodes.append(helper.make_node("ReduceSum", ["placed", "one"], ["places"], keepdims=0))
        nodes.append(helper.make_node("Add", [last, "places"], ["moved"]))
        last = "moved"
    if vader:
        pull = np.zeros((4, labels), np.float32)
        pull[3, 0], pull[3, -1] = -STRENGTH, STRENGTH
        weights.append(numpy_helper.from_array(pull, "pull"))
        nodes.append(helper.make_node("MatMul", ["vader", "pull"], ["told"]))
        nodes.append(helper.make_node("Add", [last, "told"], ["both"]))
        last = "both"
    nodes.append(helper.make_node("Identity", [last], [output]))
    shapes = [
        helper.make_tensor_value_info(name, TensorProto.INT64, [batch, "tokens"]) for name in inputs
    ]
    if vader:
        shapes.append(helper.make_tensor_value_info("vader", TensorProto.FLOAT, [batch, 4]))
    logits = helper.make_tensor_value_info(output, TensorProto.FLOAT, [batch, labels])
    graph = helper.make_graph(nodes, "words", shapes, [logits], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    if external:
        onnx.save(
            model, file, save_as_external_data=True, location=f"{file.name}_data", size_threshold=64
        )
    else:
        onnx.save(model, file)
