"""Tiny model folders whose answers a test chooses: a bag of words with one class a word."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

LABELS = ("negative", "neutral", "positive")
GOOD = {"bad": "negative", "plain": "neutral", "lovely": "positive"}
"""What a model that is always right knows; a text of no known word is neutral to every model."""

_SURE = 4.0


def bag_model(
    folder: Path, words: Mapping[str, str], labels: Sequence[str] = LABELS, *, sure: float = _SURE
) -> Path:
    """Writes a model that says of a text the class of its words; ``neutral`` where it knows none.

    Args:
        folder: Where; it is made.
        words: Word -> one of ``labels``.
        labels: What the model can say, in the order of its outputs.
        sure: How sure it is; two models with other values are other models.
    """
    folder.mkdir(parents=True)
    _tokenizer(folder, words)
    weights = np.zeros((len(words) + 2, len(labels)), np.float32)
    for place, label in enumerate(words.values(), start=2):
        weights[place, labels.index(label)] = sure
    bias = np.zeros(len(labels), np.float32)
    if "neutral" in labels:
        bias[labels.index("neutral")] = sure / 4
    onnx.save(_graph(weights, bias), folder / "model.onnx")
    config = {
        "model_type": "bert",
        "architectures": ["BertForSequenceClassification"],
        "id2label": {str(place): label for place, label in enumerate(labels)},
        "vocab_size": len(weights),
        "max_position_embeddings": 128,
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def _tokenizer(folder: Path, words: Mapping[str, str]) -> None:
    vocabulary = {"[PAD]": 0, "[UNK]": 1} | {word: n for n, word in enumerate(words, start=2)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.add_special_tokens(["[PAD]", "[UNK]"])
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "model_max_length": 128,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def _graph(weights: np.ndarray, bias: np.ndarray) -> onnx.ModelProto:
    """Logits: the sum of the rows of the tokens that are no padding, and the bias."""
    nodes = [
        helper.make_node("Gather", ["weights", "input_ids"], ["rows"]),
        helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["mask", "last"], ["column"]),
        helper.make_node("Mul", ["rows", "column"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "tokens"], ["summed"], keepdims=0),
        helper.make_node("Add", ["summed", "bias"], ["logits"]),
    ]
    constants = {
        "weights": weights,
        "bias": bias,
        "last": np.array([2], np.int64),
        "tokens": np.array([1], np.int64),
    }
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"])
        for name in ("input_ids", "attention_mask")
    ]
    shape = ["batch", len(bias)]
    output = helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)
    initializers = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "bag", inputs, [output], initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 9
    onnx.checker.check_model(model)
    return model
