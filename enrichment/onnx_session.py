"""An ONNX file, opened and tried: numbers of pieces in, logits out."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enrichment.model_folder import ModelFolder, ModelFolderError
from enrichment.onnx_providers import CPU, CUDA, Choice, Device, chosen, runtime
from enrichment.sentiment import ScoringError
from lake.errors import ConfigError

logger = logging.getLogger(__name__)

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]
_KNOWN_INPUTS = frozenset({"input_ids", "attention_mask", "token_type_ids", "vader"})
_TYPES: dict[str, type[np.generic]] = {
    "tensor(int64)": np.int64,
    "tensor(int32)": np.int32,
    "tensor(float)": np.float32,
    "tensor(float16)": np.float16,
}
_REASON_CHARS = 240


class OnnxSession:
    """A model's ONNX file in ONNX Runtime; may be run from several threads at once.

    Args:
        folder: The model.
        device: ``auto`` takes CUDA where it works and the CPU elsewhere.
        threads: How many threads one run uses.

    Attributes:
        provider: What it really runs on, in ONNX Runtime's words.
        why_not_cuda: Why ``auto`` did not take CUDA, with the mend; None where it did, or nobody
            wants it.

    Raises:
        ModelFolderError: The file is damaged or no classifier that we can feed.
        ConfigError: CUDA was asked for by name and does not work; the message says why.
    """

    def __init__(self, folder: ModelFolder, *, device: Device, threads: int) -> None:
        self._folder = folder
        self._session, self.why_not_cuda = _opened(folder, device, threads)
        self.provider: str = self._session.get_providers()[0]
        self._types = _input_types(folder, self._session)
        self._output = _output(folder, self._session)

    def logits(self, ids: Ids, mask: Ids, vader: Floats | None = None) -> Floats:
        """The logits of a batch.

        Args:
            ids: Numbers of pieces, [texts, tokens].
            mask: 1 where there is a piece, 0 where there is padding; of the same shape.
            vader: VADER's pos, neu, neg and compound, [texts, 4], for a model that takes them.

        Returns:
            [texts, labels].

        Raises:
            ScoringError: The run failed, or a logit is no number.
        """
        values = {"input_ids": ids, "attention_mask": mask, "vader": vader}
        feed = {
            name: np.zeros_like(ids, kind)
            if name == "token_type_ids"
            else np.asarray(values[name], kind)
            for name, kind in self._types.items()
        }
        try:
            found = self._session.run([self._output], feed)[0]
        except _refusals() as exc:
            raise ScoringError(f"the model cannot be run on it: {_reason(exc)}") from exc
        logits = np.asarray(found, np.float64)
        if not np.isfinite(logits).all():
            raise ScoringError("the model's answer is no number")
        return logits

    def check(self, largest_id: int) -> None:
        """Runs the model on its extremes: what would fail in the middle of a night fails here.

        Args:
            largest_id: The tokenizer's.

        Raises:
            ModelFolderError: The tokenizer's pieces, the length or the labels are not the model's.
        """
        folder = self._folder
        two = np.array([[largest_id, 0, 0], [0, largest_id, 0]], np.int64)
        if self._tried(two) is None:
            reason = self._tried(np.zeros_like(two))
            if reason is None:
                raise ModelFolderError(
                    f"{folder.onnx} cannot be run; it may be made for other inputs than texts"
                )
            raise ModelFolderError(
                f"{folder.path}: the tokenizer knows pieces up to number {largest_id}, and the "
                "model has fewer: they do not belong together; copy both from the same place"
            )
        shape = self._tried(two)
        if shape != (2, len(folder.id2label)):
            raise ModelFolderError(
                f"{folder.onnx} answers two texts with numbers of shape {shape}, and config.json "
                f"names {len(folder.id2label)} labels: they do not belong together"
            )
        if self._tried(np.zeros((1, folder.max_tokens), np.int64)) is None:
            raise ModelFolderError(
                f"{folder.onnx} cannot read {folder.max_tokens} tokens; write a smaller "
                "model_max_length into tokenizer_config.json"
            )

    def _tried(self, ids: Ids) -> tuple[int, ...] | None:
        """The shape of the answer; None where the run fails."""
        vader = np.zeros((len(ids), 4)) if "vader" in self._types else None
        try:
            return self.logits(ids, np.ones_like(ids), vader).shape
        except ScoringError as exc:
            logger.debug("model cannot be run", extra={"why": str(exc)})
            return None


def _opened(folder: ModelFolder, device: Device, threads: int) -> tuple[Any, str | None]:
    choice = chosen(device, runtime(), precision=folder.precision)
    if choice.provider == CUDA:
        session, why = _on_cuda(folder, threads)
        if session is not None:
            return session, None
        if device == "cuda":
            raise ConfigError(f"device: cuda was asked for, but it cannot be used: {why}")
        choice = Choice(CPU, why)
    return _session(folder, [CPU], threads), choice.why_not_cuda


def _on_cuda(folder: ModelFolder, threads: int) -> tuple[Any, str]:
    """A session on CUDA, or the reason why there is none."""
    import onnxruntime

    if hasattr(onnxruntime, "preload_dlls"):
        onnxruntime.preload_dlls()  # NVIDIA's libraries from their Python packages
    try:
        session = _session(folder, [CUDA, CPU], threads)
    except ModelFolderError as exc:
        # Damaged, or CUDA's own failure: the CPU's session will tell which.
        return None, str(exc)
    if session.get_providers()[0] != CUDA:
        return None, (
            "ONNX Runtime could not load NVIDIA's libraries (it says above which one): "
            "pip install 'onnxruntime-gpu[cuda,cudnn]'"
        )
    return session, ""


def _session(folder: ModelFolder, providers: list[str], threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    # A thread that waits in a loop takes the core that Elasticsearch needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(str(folder.onnx), options, providers=providers)
    except _refusals() as exc:
        raise ModelFolderError(_told(folder, exc)) from exc


def _told(folder: ModelFolder, exc: Exception) -> str:
    """Why a file cannot be opened, and the mend."""
    reason = _reason(exc)
    lower = str(exc).lower()
    if "external data" in lower or "external_data" in lower or "file_size" in lower:
        mend = "its weights are in a file beside it that is missing or cut off; copy that too"
    elif any(word in lower for word in ("opset", "ir version", "ir_version", "not a registered")):
        mend = "it was made for a newer ONNX Runtime: pip install --upgrade onnxruntime"
    else:
        mend = "it is damaged or cut off; copy it again"
    return f"{folder.onnx} cannot be opened: {mend} ({reason})"


def _input_types(folder: ModelFolder, session: Any) -> dict[str, type[np.generic]]:
    """The type that each input wants."""
    found = {entry.name: entry for entry in session.get_inputs()}
    missing = {"input_ids", "attention_mask", *folder.features} - set(found)
    unknown = set(found) - _KNOWN_INPUTS
    if missing or unknown:
        what = ", ".join(sorted(missing or unknown))
        verb = "lacks the inputs" if missing else "wants inputs that a text does not have"
        raise ModelFolderError(
            f"{folder.onnx} {verb}: {what}; export it anew with `taglake model export`"
        )
    fixed = [length for length in found["input_ids"].shape if isinstance(length, int)]
    if fixed:
        raise ModelFolderError(
            f"{folder.onnx} was made for batches of one size alone ({fixed}); export it anew with "
            "`taglake model export`"
        )
    if "vader" in found and "vader" not in folder.features:
        raise ModelFolderError(
            f'{folder.onnx} wants VADER\'s scores: write "features": ["vader"] into taglake.json'
        )
    return {name: _TYPES.get(entry.type, np.int64) for name, entry in found.items()}


def _output(folder: ModelFolder, session: Any) -> str:
    names: list[str] = [entry.name for entry in session.get_outputs()]
    if "logits" in names:
        return "logits"
    if len(names) == 1:
        return names[0]
    raise ModelFolderError(
        f"{folder.onnx} has no output called logits, but {', '.join(names)[:120]}: it is no "
        "classifier, or was exported without its last layer"
    )


def _refusals() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises: classes without a parent of their own."""
    from onnxruntime.capi import onnxruntime_pybind11_state as state

    return (
        state.Fail,
        state.InvalidArgument,
        state.InvalidGraph,
        state.InvalidProtobuf,
        state.NoSuchFile,
        state.NotImplemented,
        state.RuntimeException,
        state.EPFail,
        ValueError,
        RuntimeError,
    )


def _reason(exc: Exception) -> str:
    return " ".join(str(exc).split())[:_REASON_CHARS]
