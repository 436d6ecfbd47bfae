"""What a model runs on: CUDA where all of it is there, else the CPU, and always why."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path

import pytest

from enrichment.cores import cpu_quota, usable_cores
from enrichment.loading import Serving
from enrichment.onnx import OnnxModel
from enrichment.onnx_providers import (
    CPU,
    CUDA,
    Choice,
    Runtime,
    chosen,
    is_gpu_wanted,
    report,
    runtime,
)
from lake.config import EnrichmentConfig
from lake.errors import ConfigError
from tests.fakes.model_folders import make_folder

PLAIN = Runtime((CPU,), {"onnxruntime": "1.31.1"}, has_driver=False)
CLASH = Runtime((CPU,), {"onnxruntime": "1.31.1", "onnxruntime-gpu": "1.31.1"}, has_driver=True)
NO_DRIVER = Runtime((CUDA, CPU), {"onnxruntime-gpu": "1.31.1"}, has_driver=False)
WHOLE = Runtime((CUDA, CPU), {"onnxruntime-gpu": "1.31.1"}, has_driver=True)


def test_cuda_is_taken_where_all_of_it_is_there() -> None:
    assert chosen("auto", WHOLE, precision="fp32") == Choice(CUDA)
    assert chosen("cuda", WHOLE, precision="fp32") == Choice(CUDA)
    assert chosen("cpu", WHOLE, precision="fp32") == Choice(CPU)


def test_an_int8_model_is_for_the_cpu_unless_cuda_is_asked_for() -> None:
    found = chosen("auto", WHOLE, precision="int8")

    assert found.provider == CPU
    assert "int8" in (found.why_not_cuda or "")
    assert chosen("cuda", WHOLE, precision="int8") == Choice(CUDA)


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (PLAIN, "the one for CPUs: pip uninstall -y onnxruntime onnxruntime-gpu && pip"),
        (CLASH, "both onnxruntime and onnxruntime-gpu are installed"),
        (NO_DRIVER, "no NVIDIA driver"),
    ],
)
def test_cuda_that_is_not_there_is_said_with_the_mend(found: Runtime, line: str) -> None:
    with pytest.raises(ConfigError, match=line):
        chosen("cuda", found, precision="fp32")

    choice = chosen("auto", found, precision="fp32")
    assert choice.provider == CPU
    assert line in (choice.why_not_cuda or "")


async def _nobody() -> None:
    """A registry that names no champion."""


async def test_here(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = make_folder(tmp_path / "m")
    caplog.set_level(logging.INFO)

    model = OnnxModel(folder, device="auto")

    assert model.provider in (CPU, CUDA)
    assert model.provider in runtime().providers
    assert (model.why_not_cuda is not None) == (model.provider == CPU)
    assert "scoring on the CPU" not in caplog.messages  # that is a worker's to say, once
    serving = Serving(EnrichmentConfig(model=str(folder)), _nobody)
    await serving.model()
    await serving.model()
    assert caplog.messages.count("scoring on the CPU") == (
        model.provider == CPU and is_gpu_wanted(runtime())
    )
    assert report().detail.startswith("onnxruntime")


def test_cuda_asked_for_by_name_is_no_silent_fallback(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "m")

    told = ""
    with (
        suppress(ConfigError)
        if CUDA in runtime().providers
        else pytest.raises(ConfigError, match="device: cuda was asked for")
    ):
        told = OnnxModel(folder, device="cuda").provider

    assert told in ("", CUDA)


@pytest.mark.parametrize(
    ("files", "cores"),
    [
        ({"cpu.max": "max 100000\n"}, None),
        ({"cpu.max": "150000 100000\n"}, 1.5),
        ({"cpu/cpu.cfs_quota_us": "400000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 4.0),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, None),
        ({"cpu.max": "nonsense"}, None),
        ({}, None),
    ],
)
def test_a_containers_quota(tmp_path: Path, files: dict[str, str], cores: float | None) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    assert cpu_quota(tmp_path) == cores


def test_there_is_always_a_core(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("20000 100000\n")

    assert usable_cores(tmp_path) == 1
    assert usable_cores() >= 1
