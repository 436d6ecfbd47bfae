"""An ONNX graph whose weights are stored in few bits and whose answers do not hang on the batch.

Embeddings are stored as whole numbers, and what a convolution reads of them is nothing but them:
its products are computed in whole numbers, without rounding anything while it runs. Everything
else is computed in 32 bits, from weights that are stored in eight. So a text's answer is the same
whatever else is in its batch, and the large products still take the time of int8.

The steps that make weights of bits read nothing but constants. ONNX Runtime takes them once, when
it opens the file.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from enrichment.training.rounding import Rows, matrix, parts, table_rows, table_scale

if TYPE_CHECKING:
    from onnx import GraphProto, ModelProto, NodeProto

# Pieces are numbered in the order of their merges: those seldom seen come last.
FINE_ROWS = 9_000
_FINE_BITS, _COARSE_BITS = 6, 5
# Processors that multiply bytes without VNNI add two products in 16 bits, which eight bits of a
# convolution's weights overflow.
_CONVOLUTION_BITS, _MATRIX_BITS = 7, 8
_LEAST_SIDE = 8  # a matrix with a shorter side stays as it is
_ZERO = 128  # what stands for 0 in a byte without a sign
_NUMBERS, _SCALES = "/numbers", "/scales"
_BYTE_ZERO = "byte_zero"
_MOVES = ("Pad", "Slice", "Concat")

Array = NDArray[Any]


def round_weights(model: ModelProto) -> None:
    """Round the weights of an exported network. Changes the model."""
    rounding = _Rounding.of(model.graph)
    for node in list(model.graph.node):
        rounding.take(node)
    rounding.finish()


def weights_of(model: ModelProto) -> dict[str, Array]:
    """A graph's parameters by name, as it computes with them."""
    found = _constants(model)
    for name in [name for name in found if name.endswith(_NUMBERS)]:
        plain, numbers = name.removesuffix(_NUMBERS), found[name]
        zero = _ZERO if numbers.dtype == np.uint8 else 0
        centred = numbers.astype(np.float32) - np.float32(zero)
        found[plain] = centred * found[f"{plain}{_SCALES}"]
    return found


def _constants(model: ModelProto) -> dict[str, Array]:
    """What is stored, and what the steps that read nothing else make of it."""
    from onnx import helper, numpy_helper
    from onnx.reference import ReferenceEvaluator

    graph = model.graph
    stored = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    known = set(stored)
    nodes: list[NodeProto] = []
    for node in graph.node:
        if known.issuperset(node.input):
            nodes.append(node)
            known.update(node.output)
    made = [name for node in nodes for name in node.output]
    outputs = [helper.make_empty_tensor_value_info(name) for name in made]
    alone = helper.make_graph(nodes, "constants", [], outputs, list(graph.initializer))
    run = ReferenceEvaluator(helper.make_model(alone, opset_imports=model.opset_import)).run
    return stored | dict(zip(made, run(None, {}), strict=True))


@dataclass(frozen=True, slots=True)
class _Whole:
    """Numbers in bytes that stand for those of 32 bits.

    Args:
        name: Of the bytes.
        scale: The name of what one of them is worth.
    """

    name: str
    scale: str


@dataclass(slots=True)
class _Rounding:
    """A graph as it is rewritten, node by node.

    Args:
        graph: Rewritten at the end.
        weights: The parameters that one step alone reads.
        nodes: Found so far.
        whole: Bytes by the name of what they stand for.
        masks: Names of the attention mask in its several forms.
    """

    graph: GraphProto
    weights: dict[str, Array]
    nodes: list[NodeProto] = field(default_factory=list)
    whole: dict[str, _Whole] = field(default_factory=dict)
    masks: set[str] = field(default_factory=lambda: {"attention_mask"})

    @classmethod
    def of(cls, graph: GraphProto) -> _Rounding:
        """Of a graph of which nothing was taken yet."""
        from onnx import numpy_helper

        read = Counter(name for node in graph.node for name in node.input)
        weights = {
            one.name: numpy_helper.to_array(one)
            for one in graph.initializer
            if len(one.dims) == 2 and read[one.name] == 1
        }
        found = cls(graph, weights)
        found.array(_BYTE_ZERO, np.uint8(_ZERO))
        return found

    def take(self, node: NodeProto) -> None:
        """The next node, or what stands in its place."""
        kind, read = node.op_type, list(node.input)
        if kind == "Gather" and read[0] in self.weights:
            self._look_up(node)
        elif kind == "Mul" and read[0] in self.whole and read[1] in self.masks:
            self._mask(node)
        elif kind == "MatMul" and self._is_large(read[1]):
            self._multiply(node)
        else:
            self._move(node)

    def finish(self) -> None:
        """Puts the nodes into the graph, without those that nothing reads any more."""
        needed = {one.name for one in self.graph.output}
        kept: list[NodeProto] = []
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                kept.append(node)
                needed.update(node.input)
        del self.graph.node[:]
        self.graph.node.extend(reversed(kept))
        for one in list(self.graph.initializer):
            if one.name not in needed:
                self.graph.initializer.remove(one)

    def array(self, name: str, value: Array | np.generic) -> str:
        """Stores an array."""
        from onnx import numpy_helper

        self.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def step(self, kind: str, inputs: list[str], out: str, **attributes: Any) -> str:
        """Adds a step."""
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [out], **attributes))
        return out

    def cast(self, name: str, kind: type[np.generic], out: str) -> str:
        """Adds a step to another type."""
        from onnx import helper

        return self.step("Cast", [name], out, to=helper.np_dtype_to_tensor_dtype(np.dtype(kind)))

    def _is_large(self, name: str) -> bool:
        return name in self.weights and min(self.weights[name].shape) >= _LEAST_SIDE

    def _look_up(self, node: NodeProto) -> None:
        """Rows of an embedding, in bytes."""
        name, (out,) = node.input[0], node.output
        table = self.weights[name]
        scale = table_scale(table)
        tiers = ((_FINE_BITS, table[:FINE_ROWS]), (_COARSE_BITS, table[FINE_ROWS:]))
        made = [
            _laid_down(self, f"{name}/{bits}", table_rows(rows, scale, bits))
            for bits, rows in tiers
            if len(rows)
        ]
        numbers = self.step("Concat", made, f"{name}{_NUMBERS}", axis=0)
        scales = self.array(f"{name}{_SCALES}", scale)
        self.step("Gather", [numbers, node.input[1]], f"{out}/whole")
        self._widen(_Whole(f"{out}/whole", scales), out)

    def _mask(self, node: NodeProto) -> None:
        """Nothing in the place of padding."""
        (out,), before = node.output, self.whole[node.input[0]]
        kept = self.cast(node.input[1], np.bool_, f"{out}/kept")
        self.step("Where", [kept, before.name, _BYTE_ZERO], f"{out}/whole")
        self._widen(_Whole(f"{out}/whole", before.scale), out)

    def _widen(self, whole: _Whole, out: str) -> None:
        """Notes bytes, and says what they stand for."""
        self.whole[out] = whole
        wide = self.cast(whole.name, np.float32, f"{out}/wide")
        zero = self.array(f"{out}/zero", np.float32(_ZERO))
        self.step("Mul", [self.step("Sub", [wide, zero], f"{out}/centred"), whole.scale], out)

    def _multiply(self, node: NodeProto) -> None:
        """A product with a parameter: in whole numbers where the other side is whole, too."""
        name, out, whole = node.input[1], node.output[0], self.whole.get(node.input[0])
        numbers, scales = matrix(self.weights[name], _CONVOLUTION_BITS if whole else _MATRIX_BITS)
        stored = self.array(f"{name}{_NUMBERS}", numbers)
        scale = self.array(f"{name}{_SCALES}", scales)
        if whole is None:
            self._forget(name)
            self.step("Mul", [self.cast(stored, np.float32, f"{name}/wide"), scale], name)
            self.nodes.append(node)
            return
        product = self.step("MatMulInteger", [whole.name, stored, _BYTE_ZERO], f"{out}/whole")
        both = self.step("Mul", [scale, whole.scale], f"{name}/scale")
        self.step("Mul", [self.cast(product, np.float32, f"{out}/wide"), both], out)

    def _forget(self, name: str) -> None:
        """Makes way for a step that makes what was stored."""
        stored = next(one for one in self.graph.initializer if one.name == name)
        self.graph.initializer.remove(stored)

    def _move(self, node: NodeProto) -> None:
        """A node that stays, once more for the bytes where it only moves them about."""
        from onnx import helper

        self.nodes.append(node)
        kind, read, out = node.op_type, list(node.input), node.output[0]
        if kind in ("Unsqueeze", "Cast") and read[0] in self.masks:
            self.masks.add(out)
        moved = len(read) if kind == "Concat" else 1
        if kind not in _MOVES or not all(name in self.whole for name in read[:moved]):
            return
        rest = [read[1], _BYTE_ZERO] if kind == "Pad" else read[moved:]
        again = [*(self.whole[name].name for name in read[:moved]), *rest]
        self.nodes.append(helper.make_node(kind, again, [f"{out}/whole"]))
        self.nodes[-1].attribute.extend(node.attribute)
        self.whole[out] = _Whole(f"{out}/whole", self.whole[read[0]].scale)


def _laid_down(graph: _Rounding, name: str, rows: Rows) -> str:
    """Steps from the bits of an embedding's rows to its whole numbers."""
    levels = ""
    shape = graph.array(f"{name}/shape", np.array([0, -1], dtype=np.int64))
    for part in parts(rows):
        own = f"{name}/{part.below}"
        packed = graph.array(f"{own}/packed", part.packed)
        shifts = graph.array(f"{own}/shifts", part.shifts)
        mask = graph.array(f"{own}/mask", np.uint8(2**part.bits - 1))
        below = graph.array(f"{own}/below", np.uint8(part.below))
        apart = graph.step("BitShift", [packed, shifts], f"{own}/apart", direction="RIGHT")
        alone = graph.step("BitwiseAnd", [apart, mask], f"{own}/alone")
        flat = graph.step("Reshape", [alone, shape], f"{own}/flat")
        placed = graph.step("BitShift", [flat, below], f"{own}/placed", direction="LEFT")
        levels = graph.step("BitwiseOr", [levels, placed], f"{own}/or") if levels else placed
    # ``(level - middle) * step``, with 0 where a byte without a sign has it, in one large step.
    wide = graph.cast(levels, np.float32, f"{name}/wide")
    steps = graph.cast(graph.array(f"{name}/steps", rows.steps), np.float32, f"{name}/wide_steps")
    scales = graph.step("Reciprocal", [steps], f"{name}/reciprocal")
    middle = graph.array(f"{name}/middle", np.float32(2 ** (rows.bits - 1)))
    zero = graph.array(f"{name}/zero", np.float32(_ZERO))
    lowest = graph.step("Mul", [steps, middle], f"{name}/lowest")
    zeros = graph.step("Sub", [zero, lowest], f"{name}/zeros")
    read = [wide, scales, graph.cast(zeros, np.uint8, f"{name}/byte_zeros")]
    return graph.step("QuantizeLinear", read, f"{name}/bytes", axis=0)
