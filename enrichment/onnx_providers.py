"""What ONNX Runtime can run on here, what is chosen, and why not something better.

CUDA needs the package onnxruntime-gpu, an NVIDIA driver, and NVIDIA's libraries:
https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

from lake.errors import ConfigError

Device = Literal["auto", "cpu", "cuda"]
CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"

# Both packages bring the same files: uninstalling one breaks the other, and pip puts nothing back
# of a package that it believes to be there.
MEND = "pip uninstall -y onnxruntime onnxruntime-gpu && pip install 'onnxruntime-gpu[cuda,cudnn]'"
_PACKAGES = ("onnxruntime", "onnxruntime-gpu")


@dataclass(frozen=True, slots=True)
class Runtime:
    """What is installed here.

    Args:
        providers: What the imported onnxruntime was built with.
        packages: The versions of the packages that bring the module, by name.
        has_driver: Whether an NVIDIA driver is there.
    """

    providers: tuple[str, ...]
    packages: Mapping[str, str]
    has_driver: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """What to run on.

    Args:
        provider: ``CPU`` or ``CUDA``.
        why_not_cuda: Why it is not CUDA, with the mend; None where it is, or nobody wants it.
    """

    provider: str
    why_not_cuda: str | None = None


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """What ``taglake doctor`` says of ONNX Runtime.

    Args:
        detail: The version and what models run on.
        advice: What to do; None where nothing needs to be done.
    """

    detail: str
    advice: str | None = None


def runtime() -> Runtime:
    """What is installed here.

    Raises:
        ConfigError: ONNX Runtime cannot be loaded.
    """
    # Some 20 MB of library: only a process that runs a model needs them.
    try:
        import onnxruntime
    except ImportError as exc:
        raise ConfigError(
            f"ONNX Runtime cannot be loaded ({exc}): pip install --force-reinstall onnxruntime"
        ) from exc

    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    return Runtime(tuple(onnxruntime.get_available_providers()), packages, _has_driver())


def chosen(device: Device, found: Runtime, *, precision: str) -> Choice:
    """What to run a model on.

    An int8 model runs on the CPU unless CUDA is asked for by name: its steps have no CUDA kernels,
    and each would carry its numbers to the CPU and back.

    Args:
        device: What was asked for.
        found: What is installed.
        precision: The model's.

    Raises:
        ConfigError: CUDA was asked for by name and is not there; the message says why.
    """
    if device == "cpu":
        return Choice(CPU)
    why = why_not_cuda(found)
    if why is not None:
        if device == "cuda":
            raise ConfigError(f"device: cuda was asked for, but {why}; or write device: auto")
        return Choice(CPU, why)
    if device == "auto" and precision == "int8":
        return Choice(CPU, "this model is int8, which is made for the CPU; use its fp32 file")
    return Choice(CUDA)


def why_not_cuda(found: Runtime) -> str | None:
    """What is missing for CUDA, with the mend; None where all seems to be there."""
    if CUDA not in found.providers:
        if len(found.packages) > 1:
            return (
                "both onnxruntime and onnxruntime-gpu are installed, and the first hides the "
                f"second: {MEND}"
            )
        if "onnxruntime-gpu" in found.packages:
            return f"the installed onnxruntime-gpu was built without CUDA: {MEND}"
        return f"the installed onnxruntime is the one for CPUs: {MEND}"
    if not found.has_driver:
        return "there is no NVIDIA driver here (nvidia-smi shows one that works)"
    return None


def report() -> ProviderReport:
    """What models run on here; opens no session.

    Raises:
        ConfigError: ONNX Runtime cannot be loaded.
    """
    found = runtime()
    name, number = next(iter(found.packages.items()), ("onnxruntime", "of unknown version"))
    why = why_not_cuda(found)
    if why is None:
        return ProviderReport(f"{name} {number}, fp32 models run on CUDA, int8 models on the CPU")
    return ProviderReport(
        f"{name} {number}, models run on the CPU", why if is_gpu_wanted(found) else None
    )


def is_gpu_wanted(found: Runtime) -> bool:
    """Whether to speak of CUDA: a machine without a GPU lacks nothing."""
    return found.has_driver or "onnxruntime-gpu" in found.packages


def _has_driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
