"""What identifies a model's files."""

from __future__ import annotations

import hashlib
import json
import mmap
from collections.abc import Mapping
from pathlib import Path

from enrichment.model_manifest import Manifest

_INT8_STEPS = (b"DynamicQuantizeLinear", b"MatMulInteger", b"QLinearMatMul", b"QAttention")


def sha256_of(file: Path) -> str:
    """A file's SHA-256 in hexadecimal digits."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def digest_of(folder: Path, hashes: Mapping[Path, str], manifest: Manifest) -> str:
    """One digest over all that a score depends on.

    The manifest counts by what it changes in a score: a note in it makes no other model.

    Args:
        folder: The model's folder; the files count by their path in it.
        hashes: SHA-256 of each file.
        manifest: The folder's manifest.
    """
    files = {file.relative_to(folder).as_posix(): found for file, found in hashes.items()}
    matters = manifest.model_dump(include={"max_tokens", "text", "features", "labels"}, mode="json")
    whole = json.dumps([files, matters], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(whole.encode()).hexdigest()


def holds_int8(onnx: Path) -> bool:
    """Whether an ONNX file names a step that computes in 8 bits."""
    if not onnx.stat().st_size:
        return False
    with (
        onnx.open("rb") as opened,
        mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as bytes_,
    ):
        return any(bytes_.find(step) >= 0 for step in _INT8_STEPS)
