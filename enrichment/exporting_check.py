"""The original PyTorch model, asked for its labels, and the exported one's beside."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from enrichment.label_rules import SIDES, Side
from enrichment.model_folder import ModelFolderError, checked_labels, max_tokens_of
from enrichment.model_manifest import read_manifest
from enrichment.onnx import OnnxModel, softmax
from enrichment.sentiment import Sentiment
from enrichment.text_care import for_model, is_blank

_BATCH = 16


class Reference:
    """The original.

    Args:
        folder: Its folder.

    Attributes:
        model: The PyTorch model.

    Raises:
        ModelFolderError: The folder cannot be loaded, or holds no trained classifier.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.model = _model(folder)
        self._tokenizer = _tokenizer(folder)

    def save_tokenizer(self, out: Path) -> None:
        """Writes the tokenizer, in one file whatever it came from."""
        self._tokenizer.save_pretrained(str(out))

    def labels(self, texts: Sequence[str]) -> list[Side]:
        """What the original says of texts; the largest share, however small."""
        # Seconds to load; only an export needs it.
        import torch

        care = read_manifest(self._folder)[1].text
        matrix = np.array(
            [[side == known for known in SIDES] for side in checked_labels(self._folder)]
        )
        cared = [for_model(text, care) for text in texts]
        found: list[Side] = []
        for start in range(0, len(cared), _BATCH):
            batch = cared[start : start + _BATCH]
            fed = self._tokenizer(
                batch,
                padding=True,
                truncation=True,
                max_length=max_tokens_of(self._folder),
                return_tensors="pt",
            )
            with torch.inference_mode():
                logits = self.model(
                    input_ids=fed["input_ids"], attention_mask=fed["attention_mask"]
                ).logits
            shares = softmax(logits.numpy().astype(np.float64)) @ matrix
            found += [SIDES[place] for place in shares.argmax(axis=1)]
        return [
            "neutral" if is_blank(text, care) else side
            for text, side in zip(cared, found, strict=True)
        ]


def labels_of(folder: Path, texts: Sequence[str]) -> list[Side]:
    """What an exported folder says of texts; the largest share, however small."""
    model = OnnxModel(folder, device="cpu", remembered=0)
    return [_largest(found) for found in model.score(texts)]


def _largest(found: Sentiment) -> Side:
    return SIDES[int(np.argmax([found.p_neg, found.p_neu, found.p_pos]))]


def _model(folder: Path) -> Any:
    import torch
    import transformers
    from safetensors import SafetensorError

    log: Any = transformers.utils.logging  # its functions are untyped
    log.disable_progress_bar()
    try:
        model, told = transformers.AutoModelForSequenceClassification.from_pretrained(
            str(folder),
            local_files_only=True,
            attn_implementation="eager",  # the only one that is exported step by step
            dtype=torch.float32,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as exc:
        reason = " ".join(str(exc).split())[:240]
        raise ModelFolderError(f"{folder} cannot be loaded by transformers: {reason}") from exc
    missing = sorted(told["missing_keys"])
    if missing:
        raise ModelFolderError(
            f"{folder} holds no trained classifier: the weights of {', '.join(missing[:4])} are "
            "missing"
        )
    return model.eval()


def _tokenizer(folder: Path) -> Any:
    import transformers

    try:
        return transformers.AutoTokenizer.from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError) as exc:
        reason = " ".join(str(exc).split())[:240]
        raise ModelFolderError(f"{folder}: the tokenizer cannot be read: {reason}") from exc
