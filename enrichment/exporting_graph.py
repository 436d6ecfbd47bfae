"""A PyTorch classifier → an ONNX graph that is fast in ONNX Runtime.

The steps of a layer are joined to ONNX Runtime's own (attention, bias and GELU, sum and norm), and
weights are quantised for it: 8 bits, a scale for each output, activations by the range of the batch
(https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html). The pooler and the
classifier at the end stay in fp32: they cost nothing and decide the label.
"""

from __future__ import annotations

import platform
import warnings
from pathlib import Path
from typing import Any

from enrichment.quiet import without_chatter

# The newest opset that joining layers is written for.
_OPSET = 17
_MULTIPLIED = ("MatMul", "Attention")
_EMBEDDED = ("Gather", "EmbedLayerNormalization")
# A protobuf holds 2 GiB at most.
_LARGE_BYTES = 1_900_000_000
# Kinds of layers that the optimizer's rules for BERT join; others stay as exported.
_LIKE_BERT = frozenset(
    {
        "bert",
        "roberta",
        "xlm-roberta",
        "camembert",
        "distilbert",
        "electra",
        "mpnet",
        "data2vec-text",
    }
)


class Graphs:
    """Makes a model's graphs.

    Args:
        model: A PyTorch sequence classifier of transformers, in evaluation mode.
        folder: For what lies between; whoever calls removes it.
    """

    def __init__(self, model: Any, folder: Path) -> None:
        self._model = model
        self._folder = folder
        self._large = 4 * sum(part.numel() for part in model.parameters()) > _LARGE_BYTES

    def make(self, out: Path, *, fused: bool, int8: bool, embeddings: bool) -> None:
        """Writes a graph.

        Args:
            out: The ONNX file.
            fused: Join the layers' steps.
            int8: Quantise.
            embeddings: Quantise the table of pieces too.
        """
        for old in out.parent.glob(f"{out.name}*"):
            old.unlink()
        with without_chatter():
            source = self._fused() if fused else self._exported()
            if int8:
                _quantise(source, out, embeddings=embeddings, large=self._large)
            else:
                _copy(source, out, large=self._large)

    def _exported(self) -> Path:
        file = self._folder / "exported" / "model.onnx"
        if not file.exists():
            file.parent.mkdir()
            _trace(self._model, file)
        return file

    def _fused(self) -> Path:
        config = self._model.config
        file = self._folder / "fused" / "model.onnx"
        if config.model_type not in _LIKE_BERT:
            return self._exported()
        if not file.exists():
            from onnxruntime.transformers import optimizer

            file.parent.mkdir()
            joined = optimizer.optimize_model(
                str(self._exported()),
                model_type="bert",
                num_heads=config.num_attention_heads,
                hidden_size=config.hidden_size,
                opt_level=0,  # what a session does by itself is left to the session
            )
            joined.save_model_to_file(str(file), use_external_data_format=self._large)
        return file


def _trace(model: Any, file: Path) -> None:
    """The graph as PyTorch exports it; batches and tokens of any number."""
    import torch

    class Logits(torch.nn.Module):
        """The model without what is around its logits."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: Any, attention_mask: Any) -> Any:
            return self.model(input_ids=input_ids, attention_mask=attention_mask).logits

    axes = {0: "batch", 1: "tokens"}
    ids = torch.arange(5, 23).reshape(2, 9) % model.config.vocab_size
    mask = torch.ones_like(ids)
    mask[1, 6:] = 0
    with warnings.catch_warnings(), torch.inference_mode():
        # It warns of itself, and of every Python condition on a shape.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Logits().eval(),
            (ids, mask),
            str(file),
            input_names=["input_ids", "attention_mask"],
            output_names=["logits"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "logits": {0: "batch"}},
            opset_version=_OPSET,
            dynamo=False,  # the other exporter's graphs are not known to the optimizer
        )


def _quantise(source: Path, out: Path, *, embeddings: bool, large: bool) -> None:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    graph = onnx.load(str(source))
    add_pre_process_metadata(graph)  # what it would advise has been done by the optimizer
    quantize_dynamic(
        graph,
        str(out),
        op_types_to_quantize=[*_MULTIPLIED, *(_EMBEDDED if embeddings else ())],
        per_channel=True,
        reduce_range=not multiplies_whole_bytes(),
        weight_type=QuantType.QInt8,
        use_external_data_format=large,
        extra_options={"DefaultTensorType": onnx.TensorProto.FLOAT},
    )


def _copy(source: Path, out: Path, *, large: bool) -> None:
    import onnx

    graph = onnx.load(str(source))
    if large:
        onnx.save(graph, str(out), save_as_external_data=True, location=f"{out.name}_data")
    else:
        onnx.save(graph, str(out))


def multiplies_whole_bytes(
    cpuinfo: Path = Path("/proc/cpuinfo"), machine: str = platform.machine()
) -> bool:
    """Whether this processor adds products of bytes without overflow (VNNI, or ARM).

    Where it does not, weights are kept to 7 bits, as ONNX Runtime's documentation advises.

    Args:
        cpuinfo: Where Linux lists a processor's abilities.
        machine: The processor's kind.
    """
    if machine.lower() in ("arm64", "aarch64"):
        return True
    try:
        return "vnni" in cpuinfo.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
