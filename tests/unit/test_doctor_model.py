"""What ``taglake doctor`` says of the configured model: its files alone, nothing is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake.config import EnrichmentConfig
from taglake.checks import Finding, sentiment_model
from tests.fakes.model_folders import make_folder

HUB = f"acme/mood@{'a' * 40}"


def looked(tmp_path: Path, spec: str) -> Finding:
    return sentiment_model(EnrichmentConfig(model=spec, models_dir=tmp_path / "models"))


@pytest.mark.parametrize("spec", ["champion", "taglake-small"])
def test_the_shipped_model_is_whole(tmp_path: Path, spec: str) -> None:
    found = looked(tmp_path, spec)

    assert found.status == "ok"
    assert "taglake-small-1 (int8)" in found.detail


def test_a_folder_and_vader_are_fine(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "words")

    assert looked(tmp_path, str(folder)).detail == f"words (fp32) in {folder}"
    assert looked(tmp_path, "vader").status == "ok"


@pytest.mark.parametrize(
    "spec",
    ["nope", "owner/name", "acme/mood@../../x", "./nowhere", "x" * 1_000, f"a/b@{'x' * 900}"],
)
def test_a_model_that_is_not_there_fails_with_the_mend(tmp_path: Path, spec: str) -> None:
    found = looked(tmp_path, spec)

    assert found.status == "fail"
    assert "taglake model list" in (found.advice or "")


def test_a_broken_folder_fails_and_a_hub_model_waits_for_its_download(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "words", manifest={"name": "words"})
    (folder / "model.onnx").write_bytes(b"cut off")

    assert "model.onnx" in looked(tmp_path, str(folder)).detail
    assert looked(tmp_path, str(folder)).status == "fail"
    assert looked(tmp_path, HUB).status == "warn"

    make_folder(tmp_path / "models" / HUB.replace("/", "--"))
    assert looked(tmp_path, HUB).status == "ok"
