"""What is wrong with a model's folder is one clear line, and found when it is loaded."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enrichment.model_folder import ModelFolderError, read_folder
from enrichment.onnx import OnnxModel
from tests.fakes.model_folders import (
    MARKS,
    make_folder,
    make_onnx,
    make_tokenizer,
    write_manifest,
)

FOUR = np.zeros((10, 4), np.float32)
THREE = np.zeros((10, 3), np.float32)


def test_a_folder_as_the_hub_has_it(tmp_path: Path) -> None:
    found = read_folder(make_folder(tmp_path / "mood"))

    assert (found.name, found.precision, found.max_tokens) == ("mood", "fp32", 64)
    assert found.id2label == {0: "negative", 1: "neutral", 2: "positive"}
    assert (found.text.users, found.text.links, found.text.hashtags) == ("@user", "http", "keep")
    assert found.features == ()
    assert found.manifest is None
    assert len(found.digest) == 64


def test_a_folder_of_ours(tmp_path: Path) -> None:
    manifest = {
        "name": "mood-2",
        "precision": "int8",
        "max_tokens": 32,
        "text": {"lower": True, "hashtags": "split"},
        "figures": {"n": 5},
    }

    found = read_folder(make_folder(tmp_path / "m", manifest=manifest))

    assert (found.name, found.precision, found.max_tokens) == ("mood-2", "int8", 32)
    assert (found.text.lower, found.text.hashtags) == (True, "split")
    assert (found.manifest or {})["figures"] == {"n": 5}


def test_a_note_in_the_manifest_makes_no_other_model(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "m", manifest={})
    before = read_folder(folder).digest
    write_manifest(folder, {"figures": {"n": 1}})

    assert read_folder(folder).digest == before
    write_manifest(folder, {"text": {"lower": True}})
    assert read_folder(folder).digest != before


@pytest.mark.parametrize(
    ("files", "precision", "taken"),
    [
        (("model.onnx", "model_quantized.onnx"), None, "model.onnx"),
        (("model.onnx", "model_quantized.onnx"), "int8", "model_quantized.onnx"),
        (("model.onnx", "onnx/model_int8.onnx"), "int8", "model.onnx"),
        (("onnx/model_int8.onnx", "onnx/model_O3.onnx"), None, "onnx/model_int8.onnx"),
        (("onnx/model_qint8_avx512.onnx", "onnx/model.onnx"), None, "onnx/model.onnx"),
        (("other.onnx",), None, "other.onnx"),
    ],
)
def test_which_onnx_file_is_taken(
    tmp_path: Path, files: tuple[str, ...], precision: str | None, taken: str
) -> None:
    folder = make_folder(tmp_path / "m")
    whole = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").unlink()
    (folder / "onnx").mkdir()
    for name in files:
        (folder / name).write_bytes(whole)

    assert read_folder(folder, precision=precision).onnx == folder / taken


def _config(**changes: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        file = folder / "config.json"
        said = json.loads(file.read_text()) | changes
        kept = {name: value for name, value in said.items() if value is not None}
        file.write_text(json.dumps(kept))

    return change


def _write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_text(text) and None  # type: ignore[return-value]


def _cut(name: str, share: float = 0.5) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[: int(len(whole) * share)])

    return change


def _delete(*names: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return change


def _onnx(table: Any = THREE, **options: Any) -> Callable[[Path], None]:
    return lambda folder: make_onnx(folder / "model.onnx", table, **options)


def _vocabulary(size: int) -> Callable[[Path], None]:
    words = [*MARKS, *(f"word{n}" for n in range(size - len(MARKS)))]
    return lambda folder: make_tokenizer(folder, words)


BROKEN: dict[str, tuple[Callable[[Path], None], str]] = {
    "no folder": (shutil.rmtree, "is no folder"),
    "no config": (_delete("config.json"), "has no config.json"),
    "broken config": (_write("config.json", '{"id2label": '), "config.json is no JSON"),
    "config is a list": (_write("config.json", "[]"), "no JSON object"),
    "no labels": (_config(id2label=None), "has no id2label"),
    "gap in labels": (_config(id2label={"0": "neg", "2": "pos"}), "write 0 to 1"),
    "label keys": (_config(id2label={"a": "neg", "b": "pos"}), "keys are 0, 1, 2"),
    "unknown labels": (
        _config(id2label={"0": "joy", "1": "anger", "2": "fear"}),
        "'joy', 'anger', 'fear' cannot be read as a sentiment.*taglake.json",
    ),
    "no onnx": (_delete("model.onnx"), "taglake model export"),
    "truncated onnx": (_cut("model.onnx"), "model.onnx cannot be opened: it is damaged"),
    "empty onnx": (_cut("model.onnx", 0), "model.onnx cannot be opened: it is damaged"),
    "garbage onnx": (_write("model.onnx", "<html>404</html>"), "cannot be opened: it is damaged"),
    "no tokenizer": (_delete("tokenizer.json"), "has no tokenizer"),
    "broken tokenizer": (_cut("tokenizer.json"), "the tokenizer cannot be read"),
    "tokenizer of nothing": (_write("tokenizer.json", "{}"), "the tokenizer cannot be read"),
    "another tokenizer": (_vocabulary(500), "pieces up to number 499, and the model has fewer"),
    "smaller tokenizer": (_config(vocab_size=30_522), "they do not belong together"),
    "labels of another": (_onnx(FOUR), "shape \\(2, 4\\), and config.json names 3 labels"),
    "unknown input": (
        _onnx(inputs=("input_ids", "attention_mask", "pixels")),
        "wants inputs that a text does not have: pixels",
    ),
    "one batch size": (_onnx(batch=1), "one size alone"),
    "short positions": (_onnx(positions=16), "cannot read 64 tokens"),
    "unasked features": (_onnx(vader=True), '"features": \\["vader"\\]'),
    "broken manifest": (_write("taglake.json", "{"), "taglake.json is no JSON"),
    "newer manifest": (_write("taglake.json", '{"format": 2}'), "format: Input should be 1"),
    "manifest outside": (
        _write("taglake.json", json.dumps({"files": {"../x": "0" * 64}})),
        "outside the folder",
    ),
    "manifest of another": (
        _write("taglake.json", json.dumps({"files": {"model.onnx": "0" * 64}})),
        "model.onnx is not the file",
    ),
    "manifest of more": (
        _write("taglake.json", json.dumps({"files": {"extra.onnx": "0" * 64}})),
        "extra.onnx is missing",
    ),
    "features it lacks": (
        _write("taglake.json", json.dumps({"features": ["vader"]})),
        "lacks the inputs: vader",
    ),
}


@pytest.mark.parametrize("case", sorted(set(BROKEN)))
def test_a_broken_folder_is_one_clear_line(tmp_path: Path, case: str) -> None:
    spoil, line = BROKEN[case]
    folder = make_folder(tmp_path / "m")
    spoil(folder)

    with pytest.raises(ModelFolderError, match=line) as caught:
        OnnxModel(folder, device="cpu")

    assert "\n" not in str(caught.value)
    assert str(folder) in str(caught.value)


def test_a_single_output_is_taken_whatever_its_name(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "m")
    _onnx(output="last_hidden_state")(folder)

    assert OnnxModel(folder, device="cpu").score(["good"])[0].label == "unsure"


def test_weights_beside_the_onnx_file(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "m", external=True)
    assert OnnxModel(folder, device="cpu").score(["good"])[0].label == "positive"
    before = read_folder(folder).digest

    (folder / "model.onnx_data").write_bytes(b"\0" * 400)
    assert read_folder(folder).digest != before

    (folder / "model.onnx_data").unlink()
    with pytest.raises(ModelFolderError, match="a file beside it that is missing"):
        OnnxModel(folder, device="cpu")


def test_a_mapping_in_the_manifest_makes_labels_known(tmp_path: Path) -> None:
    labels = {"LABEL_0": "negative", "LABEL_1": "positive"}
    folder = make_folder(tmp_path / "m", labels=tuple(labels), manifest={"labels": labels})

    assert OnnxModel(folder, device="cpu").score(["good"])[0].label == "positive"
