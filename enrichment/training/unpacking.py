"""A packed model folder back into networks that can be trained: nothing but the ONNX is needed."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from enrichment.training.corpus import SENTIMENT, SENTIMENT_CLASSES
from enrichment.training.network import Ensemble, Network, Shape
from enrichment.training.packing import MEMBERS, ONNX
from lake.errors import ConfigError


def is_packed(folder: Path) -> bool:
    """Whether a folder holds a model that ``packing`` wrote."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(config, dict) and MEMBERS in config


def unpack(folder: Path) -> tuple[Ensemble, Tokenizer]:
    """The networks and the tokenizer of a packed folder.

    The int8 weights are taken times their scales: they answer as the folder does, within
    what rounding its activations changes.

    Raises:
        ConfigError: The folder is broken or was packed by another version.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        tasks = {SENTIMENT: SENTIMENT_CLASSES}
        network = Ensemble([Network(_shape(one), tasks) for one in config[MEMBERS]])
        weights = _weights(folder / ONNX)
        network.load_state_dict(
            {name: torch.from_numpy(weights[name].copy()) for name in network.state_dict()}
        )
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
        message = f"{folder} cannot be trained further: {type(error).__name__}: {error}"
        raise ConfigError(message) from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return network, tokenizer


def _shape(written: dict[str, Any]) -> Shape:
    """The shape in ``config.json``."""
    known = {field.name for field in fields(Shape)}
    values = {name: value for name, value in written.items() if name in known}
    return Shape(**{**values, "spans": tuple(values["spans"])})


def _weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """The parameters of an ONNX file by name, int8 ones as the numbers that they stand for."""
    # Takes half a second to import.
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import numpy_helper

    try:
        graph = onnx.load(str(path)).graph
    except DecodeError as error:
        message = f"{path.name} is no ONNX file, or was cut off"
        raise ValueError(message) from error
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    found = {}
    for name, array in stored.items():
        plain = name.removesuffix("_quantized")
        if plain == name:
            found[name] = array
            continue
        scale, zero = stored[f"{plain}_scale"], stored[f"{plain}_zero_point"]
        centred = array.astype(np.float32) - zero.astype(np.float32)
        found[plain] = (centred * scale).astype(np.float32)
    # Of parameters that are equal number by number the file holds one; the others point to it.
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in found:
            found.setdefault(node.output[0], found[node.input[0]])
    return found
