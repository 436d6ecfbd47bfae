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
from enrichment.training.rounded_graph import weights_of
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

    They answer as the folder does.

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
    """The parameters of an ONNX file by name, as it computes with them."""
    # Takes half a second to import.
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load(str(path))
    except DecodeError as error:
        message = f"{path.name} is no ONNX file, or was cut off"
        raise ValueError(message) from error
    return weights_of(model)
