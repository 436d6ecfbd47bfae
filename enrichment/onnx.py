"""A Hugging Face sequence classifier in ONNX, behind the seam.

Texts are cared for, told apart (equal ones are scored once), tokenised at once, sorted by length
and run in batches of a bounded number of tokens, several side by side: one core each, which keeps
cores busier than one batch on all of them.

The shipped model says the same of a text whatever is in its batch. An exported int8 model rounds by
what else is there, so a text's shares may differ from one batch to another in the third decimal
place; a text that was scored before keeps what was said of it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import numpy as np

from enrichment.cores import usable_cores
from enrichment.label_rules import SIDES, sentiment
from enrichment.model_folder import ModelFolder, read_folder
from enrichment.onnx_providers import CUDA, Device
from enrichment.onnx_session import Floats, Ids, OnnxSession
from enrichment.remembered import Remembered
from enrichment.sentiment import BLANK, ScoringError, Sentiment
from enrichment.text_care import for_model, is_blank
from enrichment.token_batches import CUDA_ROWS, CUDA_TOKENS, ROWS, TOKENS, token_batches
from enrichment.tokenizer import Tokenizer
from enrichment.vader import Vader

logger = logging.getLogger(__name__)

_REMEMBERED = 50_000
_KEY_BYTES = 16
Features = tuple[float, float, float, float]


class _Text(NamedTuple):
    """A text as the model reads it."""

    text: str
    features: Features | None


class OnnxModel:
    """A model folder that scores.

    Args:
        folder: Where the model is; see ``enrichment.model_folder``.
        device: ``auto`` takes CUDA where it works and the CPU elsewhere.
        threads: Cores to use; None takes those that this process may use.
        precision: ``int8`` or ``fp32``, where the folder holds several files.
        remembered: How many texts' sentiments are kept for the next calls; 0 keeps none.

    Attributes:
        name: The model's name and the first digits of its files' digest.
        provider: What it really runs on, in ONNX Runtime's words.
        why_not_cuda: Why ``auto`` did not take CUDA, with the mend; None where it did.
        folder: What its folder says.

    Raises:
        ModelFolderError: The folder is broken; the message names what is wrong and the mend.
        ConfigError: CUDA was asked for by name and is not there.
    """

    def __init__(
        self,
        folder: Path,
        *,
        device: Device = "auto",
        threads: int | None = None,
        precision: str | None = None,
        remembered: int = _REMEMBERED,
    ) -> None:
        self.folder: ModelFolder = read_folder(folder, precision=precision)
        self.name = f"{self.folder.name}@{self.folder.digest[:8]}"
        self._tokenizer = Tokenizer(self.folder)
        self._session = OnnxSession(self.folder, device=device, threads=1)
        self._session.check(self._tokenizer.largest_id)
        self.provider = self._session.provider
        self.why_not_cuda = self._session.why_not_cuda
        on_cuda = self.provider == CUDA
        self._tokens, self._rows = (CUDA_TOKENS, CUDA_ROWS) if on_cuda else (TOKENS, ROWS)
        self.threads = 1 if on_cuda else threads or usable_cores()
        self._runs = ThreadPoolExecutor(self.threads, "onnx") if self.threads > 1 else None
        self._sides = np.array(
            [[side == known for known in SIDES] for side in self.folder.sides], np.float64
        )
        self._known: Remembered[bytes, Sentiment] = Remembered(remembered)
        self._vader: Vader | None = None
        logger.info(
            "model loaded",
            extra={
                "model": self.name,
                "file": self.folder.onnx.name,
                "precision": self.folder.precision,
                "provider": self.provider,
                "threads": self.threads,
            },
        )

    def score(
        self, texts: Sequence[str], *, vader: Sequence[Sentiment] | None = None
    ) -> list[Sentiment]:
        """See ``Model.score``; an empty text, or one of masks alone, is ``BLANK``."""
        care = self.folder.text
        cared = [for_model(text, care) for text in texts]
        features = self._features(texts, vader)
        keys = [_key(text, feature) for text, feature in zip(cared, features, strict=True)]
        found = self._known.get(keys)
        new: dict[bytes, _Text] = {}
        for key, text, feature in zip(keys, cared, features, strict=True):
            if key in found or key in new:
                continue
            if is_blank(text, care):
                found[key] = BLANK
            else:
                new[key] = _Text(text, feature)
        scored = dict(zip(new, self._scored(list(new.values())), strict=True))
        self._known.put(scored)
        found |= scored
        return [found[key] for key in keys]

    def _features(
        self, texts: Sequence[str], vader: Sequence[Sentiment] | None
    ) -> Sequence[Features | None]:
        """What the model takes besides the tokens, for each text."""
        if "vader" not in self.folder.features:
            return [None] * len(texts)
        if vader is None:
            if self._vader is None:
                self._vader = Vader()
            vader = self._vader.score(texts)
        return [(one.p_pos, one.p_neu, one.p_neg, one.score) for one in vader]

    def _scored(self, texts: Sequence[_Text]) -> list[Sentiment]:
        """The sentiments of texts that all differ."""
        ids = self._tokenizer.ids([one.text for one in texts])
        batches = token_batches(
            [len(row) for row in ids], tokens=self._tokens, rows=self._rows, parts=self.threads
        )
        shares = np.empty((len(texts), len(SIDES)))

        def run(batch: list[int]) -> None:
            shares[batch] = self._shares([ids[place] for place in batch], texts, batch)

        if self._runs is None or len(batches) == 1:
            for batch in batches:
                run(batch)
        else:
            for done in [self._runs.submit(run, batch) for batch in batches]:
                done.result()
        return [sentiment(*row) for row in shares.tolist()]

    def _shares(self, rows: list[list[int]], texts: Sequence[_Text], batch: list[int]) -> Floats:
        """Negative, neutral and positive shares of a batch, [texts, 3]."""
        ids, mask = _padded(rows, self._tokenizer.pad_id)
        vader = None
        if self.folder.features:
            vader = np.array([texts[place].features for place in batch], np.float64)
        try:
            logits = self._session.logits(ids, mask, vader)
        except MemoryError as exc:
            raise ScoringError(f"no memory for {ids.size} tokens at once") from exc
        return softmax(logits) @ self._sides


def softmax(logits: Floats) -> Floats:
    """Logits to probabilities, row by row, without overflow."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _padded(rows: Sequence[Sequence[int]], pad_id: int) -> tuple[Ids, Ids]:
    """The rows as one table, and 1 where a row has a piece."""
    lengths = np.fromiter(map(len, rows), np.int64, len(rows))
    mask = np.arange(lengths.max()) < lengths[:, None]
    ids = np.full(mask.shape, pad_id, np.int64)
    ids[mask] = np.fromiter((piece for row in rows for piece in row), np.int64, lengths.sum())
    return ids, mask.astype(np.int64)


def _key(text: str, features: Features | None) -> bytes:
    """What two texts have in common that get the same sentiment."""
    # A text that cannot be encoded is told so by the tokenizer.
    whole = text.encode("utf-8", "surrogatepass")
    if features is not None:
        whole += repr(features).encode()
    return blake2b(whole, digest_size=_KEY_BYTES).digest()
