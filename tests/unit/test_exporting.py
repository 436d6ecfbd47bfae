"""PyTorch classifiers become model folders, or are refused, and never in half."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from enrichment import exporting
from enrichment.exporting import export
from enrichment.exporting_check import Reference, labels_of
from enrichment.exporting_graph import multiplies_whole_bytes
from enrichment.exporting_samples import sample_texts
from enrichment.model_folder import read_folder
from enrichment.onnx import OnnxModel
from lake.errors import ConfigError, ConflictError, InvalidError
from tests.fakes.original_models import KINDS, make_original

FIVE = ("1 star", "2 stars", "3 stars", "4 stars", "5 stars")
SHORT = sample_texts(120)


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("originals")
    for kind in KINDS:
        make_original(folder / kind, kind)
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_fp32_says_what_the_original_says(originals: Path, tmp_path: Path, kind: str) -> None:
    texts = [*SHORT, "word " * 3_000, "", "x"]

    made = export(originals / kind, tmp_path / "out", int8=False, samples=texts)

    assert (made.compared, made.differing, made.precision) == (len(texts), 0, "fp32")
    wanted = Reference(originals / kind).labels(texts)
    assert labels_of(tmp_path / "out", texts) == wanted
    assert len(set(wanted)) == 3


def test_int8_is_smaller_and_much_the_same(
    originals: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    # Random weights put many texts on an edge between two labels, where 8 bits may tip them.
    monkeypatch.setattr(exporting, "ALLOWED", 0.2)
    whole = export(originals / "roberta", tmp_path / "fp32", int8=False, samples=SHORT)

    made = export(originals / "roberta", tmp_path / "int8", int8=True, samples=SHORT)

    assert read_folder(tmp_path / "int8").precision == made.precision == "int8"
    assert made.size_bytes < 0.6 * whole.size_bytes
    assert made.differing <= 0.2 * len(SHORT)
    assert {one.name for one in caplog.records} == {"enrichment.onnx"}  # no line for every tensor


def test_what_the_folder_says_of_itself(originals: Path, tmp_path: Path) -> None:
    export(originals / "bert", tmp_path / "mood", int8=False, samples=SHORT[:20])

    found = read_folder(tmp_path / "mood")
    assert (found.name, found.precision, found.max_tokens) == ("mood", "fp32", 128)
    manifest = found.manifest or {}
    assert manifest["base"] == "bert"
    assert {"model.onnx", "tokenizer.json", "config.json"} <= set(manifest["files"])
    assert [path.name for path in tmp_path.iterdir()] == ["mood"]


def test_a_five_star_model(tmp_path: Path) -> None:
    make_original(tmp_path / "stars", labels=FIVE)

    export(tmp_path / "stars", tmp_path / "out", int8=False, samples=SHORT)

    labels = {found.label for found in OnnxModel(tmp_path / "out", device="cpu").score(SHORT)}
    assert labels <= {"negative", "neutral", "positive", "unsure"}


def test_labels_that_differ_are_refused_with_their_number(
    originals: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "ALLOWED", -1.0)

    with pytest.raises(InvalidError, match=r"the labels of 0 of 20 texts \(0\.0%\) differ"):
        export(originals / "bert", tmp_path / "out", int8=False, samples=SHORT[:20])

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_exists_is_replaced_only_on_request(originals: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("mine")

    with pytest.raises(ConflictError, match="exists"):
        export(originals / "bert", out, int8=False, samples=SHORT[:5])
    assert (out / "mine.txt").exists()

    export(originals / "bert", out, int8=False, samples=SHORT[:5], force=True)
    assert not (out / "mine.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_interrupted_export_leaves_nothing(originals: Path, tmp_path: Path) -> None:
    def interrupt(line: str) -> None:
        if line.startswith("making"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(originals / "bert", tmp_path / "out", int8=False, samples=SHORT[:5], say=interrupt)

    assert list(tmp_path.iterdir()) == []


def test_what_is_no_classifier_is_refused(originals: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is no folder"):
        export(tmp_path / "away", tmp_path / "out", int8=False)
    with pytest.raises(ConfigError, match="neither a folder here nor a hub model"):
        export("away", tmp_path / "out", int8=False)
    with pytest.raises(ConfigError, match="needs a revision"):
        export("acme/mood", tmp_path / "out", int8=False)
    with pytest.raises(InvalidError, match="no sample texts"):
        export(originals / "bert", tmp_path / "out", int8=False, samples=[])


@pytest.mark.parametrize(
    ("labels", "line"),
    [(("joy", "anger", "fear"), "'joy', 'anger', 'fear'"), (("negative", "neutral"), "positive")],
)
def test_labels_are_looked_at_before_the_work(
    tmp_path: Path, labels: tuple[str, ...], line: str
) -> None:
    folder = tmp_path / "original"
    folder.mkdir()
    said = {"model_type": "bert", "id2label": dict(enumerate(labels))}
    (folder / "config.json").write_text(json.dumps(said))

    with pytest.raises(ConfigError, match=line):
        export(folder, tmp_path / "out", int8=False)


def test_weights_that_are_missing_or_cut_off(originals: Path, tmp_path: Path) -> None:
    folder = tmp_path / "original"
    folder.mkdir()
    for file in (originals / "bert").iterdir():
        body = file.read_bytes()
        (folder / file.name).write_bytes(body[:500] if file.suffix == ".safetensors" else body)

    with pytest.raises(ConfigError, match="cannot be loaded"):
        export(folder, tmp_path / "out", int8=False)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ConfigError, match="cannot be loaded"):
        export(folder, tmp_path / "out", int8=False)


def test_the_samples_are_many_and_different() -> None:
    texts = sample_texts(400)

    assert len(set(texts)) == 400
    assert texts == sample_texts(400)
    assert max(map(len, texts)) > 3 * min(map(len, texts))


def test_seven_bits_where_the_processor_overflows(tmp_path: Path) -> None:
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("flags : avx2 avx512_vnni\n")
    assert multiplies_whole_bytes(cpuinfo, "x86_64")

    cpuinfo.write_text("flags : avx2\n")
    assert not multiplies_whole_bytes(cpuinfo, "x86_64")
    assert multiplies_whole_bytes(tmp_path / "away", "arm64")
