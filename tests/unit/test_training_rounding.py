"""Weights in few bits: what is stored, what is read back, and that no batch changes an answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray

from enrichment.training.corpus import SENTIMENT
from enrichment.training.network import Ensemble, Network, Shape
from enrichment.training.packing import INPUTS, export_plain, write_onnx
from enrichment.training.rounded_graph import FINE_ROWS, weights_of
from enrichment.training.rounding import LARGEST, matrix, parts, table_rows, table_scale

PLAIN = Shape(vocabulary=FINE_ROWS + 60, width=16, filters=24, spans=(1, 2, 3, 5), hidden=16)
DEEP = Shape(
    vocabulary=PLAIN.vocabulary,
    width=16,
    filters=24,
    spans=(1, 2),
    hidden=16,
    blocks=1,
    attention=1,
    heads=2,
)
Array = NDArray[Any]


@pytest.fixture(scope="module")
def network() -> Ensemble:
    torch.manual_seed(5)
    return Ensemble([Network(shape, {SENTIMENT: 3}) for shape in (PLAIN, DEEP, PLAIN)]).eval()


@pytest.fixture(scope="module")
def file(network: Ensemble, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rounded") / "model.onnx"
    write_onnx(network, path)
    return path


@pytest.fixture(scope="module")
def session(file: Path) -> Any:
    return onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def texts() -> dict[str, Array]:
    draw = np.random.default_rng(3)
    lengths = draw.integers(1, 30, 40)
    mask = (np.arange(30) < lengths[:, None]).astype(np.int64)
    ids = draw.integers(0, PLAIN.vocabulary, (40, 30)) * mask
    vader = draw.random((40, 4)).astype(np.float32)
    return dict(zip(INPUTS, (ids, mask, vader), strict=True))


def _logits(session: Any, texts: dict[str, Array]) -> Array:
    return np.asarray(session.run(["logits"], texts)[0])


def test_a_column_is_rounded_to_its_own_scale() -> None:
    draw = np.random.default_rng(1)
    weights = (draw.normal(size=(200, 3)) * [0.001, 1.0, 50.0]).astype(np.float32)

    numbers, scales = matrix(weights, 7)

    assert numbers.dtype == np.int8
    assert np.abs(numbers).max() <= 63
    missed = np.abs(numbers * scales - weights).mean(axis=0) / np.abs(weights).mean(axis=0)
    assert missed.max() < 0.02


@pytest.mark.parametrize(("bits", "most_missed"), [(8, 0.51), (6, 1.1), (5, 2.1)])
def test_a_row_of_an_embedding_is_whole_numbers(bits: int, most_missed: float) -> None:
    table = np.random.default_rng(2).normal(size=(50, 24)).astype(np.float32)
    table[7], table[8] = 0.0, 0.02 * table[8]
    scale = table_scale(table)

    rows = table_rows(table, scale, bits)

    whole = (rows.levels.astype(int) - 2 ** (bits - 1)) * rows.steps[:, None].astype(int)
    assert whole.min() >= -LARGEST - 1
    assert whole.max() <= LARGEST
    assert rows.levels.max() < 2**bits
    assert not whole[7].any()
    assert rows.steps[8] == 1  # a small row keeps what the scale can say
    missed = np.sqrt(((whole - table / scale) ** 2).mean(axis=1))
    assert missed.mean() < most_missed


@pytest.mark.parametrize(("bits", "bytes_a_number"), [(8, 1.0), (6, 0.75), (5, 0.625)])
def test_bits_fill_bytes_and_come_back(bits: int, bytes_a_number: float) -> None:
    table = np.random.default_rng(4).normal(size=(9, 32)).astype(np.float32)
    rows = table_rows(table, table_scale(table), bits)

    found = parts(rows)

    assert sum(part.packed.size for part in found) == bytes_a_number * table.size
    read = np.zeros(table.shape, dtype=int)
    for part in found:
        apart = (part.packed >> part.shifts) & (2**part.bits - 1)
        read += apart.reshape(len(table), -1).astype(int) << part.below
    assert (read == rows.levels).all()


def test_rows_that_would_not_fill_bytes_take_eight_bits() -> None:
    table = np.ones((4, 12), dtype=np.float32)

    assert table_rows(table, table_scale(table), 5).bits == 8


def test_large_weights_are_stored_in_few_bits(
    network: Ensemble, file: Path, tmp_path: Path
) -> None:
    export_plain(network, tmp_path / "plain.onnx")

    model = onnx.load(str(file))

    assert file.stat().st_size < (tmp_path / "plain.onnx").stat().st_size / 3
    wide = [one for one in model.graph.initializer if one.data_type == onnx.TensorProto.FLOAT]
    assert max(np.prod(one.dims) for one in wide) <= 3 * PLAIN.hidden * PLAIN.width
    whole = [node for node in model.graph.node if node.op_type == "MatMulInteger"]
    assert len(whole) == 2 * len(PLAIN.spans)  # behind attention nothing is whole any more


def test_what_is_read_back_answers_as_the_file(
    network: Ensemble, file: Path, session: Any, texts: dict[str, Array]
) -> None:
    found = weights_of(onnx.load(str(file)))

    for name, before in network.state_dict().items():
        assert np.abs(found[name] - before.numpy()).max() < 0.1, name
    torch.manual_seed(6)
    again = Ensemble([Network(shape, {SENTIMENT: 3}) for shape in (PLAIN, DEEP, PLAIN)]).eval()
    again.load_state_dict(
        {name: torch.from_numpy(found[name].copy()) for name in again.state_dict()}
    )
    with torch.inference_mode():
        answers = again(*(torch.from_numpy(texts[name]) for name in INPUTS)).numpy()
    assert answers == pytest.approx(_logits(session, texts), abs=1e-5)


def test_rounding_changes_little(network: Ensemble, session: Any, texts: dict[str, Array]) -> None:
    with torch.inference_mode():
        answers = network(*(torch.from_numpy(texts[name]) for name in INPUTS)).numpy()

    assert np.abs(answers - _logits(session, texts)).mean() < 0.03 * answers.std()


def test_no_batch_and_no_padding_changes_an_answer(session: Any, texts: dict[str, Array]) -> None:
    together = _logits(session, texts)

    for place in range(len(together)):
        one = {name: values[place : place + 1] for name, values in texts.items()}
        length = int(one["attention_mask"].sum())
        short = {name: one[name][:, :length] for name in INPUTS[:2]}
        assert _logits(session, one)[0] == pytest.approx(together[place], abs=1e-5)
        assert _logits(session, one | short)[0] == pytest.approx(together[place], abs=1e-5)


def test_steps_from_bits_to_weights_are_taken_when_the_file_is_opened(
    file: Path, tmp_path: Path
) -> None:
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "opened.onnx")
    options.log_severity_level = 3

    onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    steps = {node.op_type for node in onnx.load(str(tmp_path / "opened.onnx")).graph.node}
    assert "MatMulInteger" in steps
    assert not steps & {"BitShift", "BitwiseAnd", "BitwiseOr", "QuantizeLinear", "Reciprocal"}
