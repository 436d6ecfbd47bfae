"""A Hugging Face PyTorch classifier → a model folder with ONNX, checked against the original.

The extra ``train`` is needed. The folder appears when all of it is there and its labels agree with
the original's; until then it is a hidden folder beside it, which goes when the export ends.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from enrichment.exporting_samples import SAMPLES, sample_texts
from enrichment.hub import download_weights, is_address
from enrichment.model_digest import sha256_of
from enrichment.model_folder import ModelFolderError, checked_labels, max_tokens_of
from enrichment.model_manifest import MANIFEST, read_manifest
from lake import times
from lake.errors import ConfigError, ConflictError, InvalidError, StorageError

ALLOWED = 0.01
_NEEDED = ("torch", "onnx", "transformers")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Exported:
    """A model folder that was made.

    Args:
        folder: Where it is.
        precision: ``int8`` or ``fp32``.
        compared: Texts on which it was compared with the original.
        differing: Texts of those whose label differs.
        size_bytes: The ONNX file's size.
    """

    folder: Path
    precision: str
    compared: int
    differing: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to make the graph; they are tried in turn until the labels agree.

    Args:
        fused: Whether the layers' steps are joined to ONNX Runtime's own.
        int8: Whether weights are stored and multiplied in 8 bits.
        embeddings: Whether that holds for the table of pieces too.
    """

    fused: bool
    int8: bool = False
    embeddings: bool = False

    def __str__(self) -> str:
        parts = ["int8" if self.int8 else "fp32", "fused" if self.fused else "as exported"]
        return ", ".join([*parts, *(["embeddings in int8"] if self.embeddings else [])])


_WAYS_INT8 = (_Way(True, True, True), _Way(True, True), _Way(False, True))
_WAYS_FP32 = (_Way(True), _Way(False))


def export(
    source: str | Path,
    out: Path,
    *,
    int8: bool,
    revision: str | None = None,
    samples: Sequence[str] | None = None,
    force: bool = False,
    say: Say = lambda _: None,
) -> Exported:
    """Makes a model folder. Blocking: minutes for a large model.

    Args:
        source: A folder with PyTorch weights, or a hub model (``owner/name@revision``).
        out: The folder to make.
        int8: Store and multiply weights in 8 bits: a quarter of the size, several times as fast on
            a CPU.
        revision: The hub model's commit or tag, where ``source`` does not hold it.
        samples: Texts to compare on; None takes our own, in several languages.
        force: Replace ``out`` where it exists.
        say: Told of each step.

    Raises:
        ConfigError: The extra is missing, or the source cannot be used.
        ConflictError: ``out`` exists.
        InvalidError: The labels differ from the original's on more than 1 % of the texts.
        RetryError: The hub does not answer.
        StorageError: The folder cannot be written.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"exporting needs the extra train ({', '.join(missing)} missing): "
            "pip install 'taglake[train]'"
        )
    if out.exists() and not force:
        raise ConflictError(f"{out} exists: choose another folder, or remove it")
    texts = list(samples) if samples is not None else sample_texts(SAMPLES)
    if not texts:
        raise InvalidError("there are no sample texts to compare on")
    original, named = _original(source, revision, out, say)
    checked_labels(original)
    with _folder_beside(out) as made:
        found = _made(original, made, _WAYS_INT8 if int8 else _WAYS_FP32, texts, say)
        _write_manifest(original, made, out.name, named, found.precision)
        _put_in_place(made, out)
    return Exported(out, found.precision, found.compared, found.differing, found.size_bytes)


def _original(source: str | Path, revision: str | None, out: Path, say: Say) -> tuple[Path, str]:
    """The original's folder, and what it is called."""
    if isinstance(source, Path) or Path(source).is_dir():
        if not Path(source).is_dir():
            raise ModelFolderError(f"{source} is no folder: give one that holds PyTorch weights")
        return Path(source), Path(source).resolve().name
    spec = source if revision is None else f"{source.partition('@')[0]}@{revision}"
    if not is_address(spec):
        raise ConfigError(
            f"{spec[:200]!r} is neither a folder here nor a hub model as owner/name@revision"
        )
    say(f"fetching {spec}")
    return download_weights(spec, out.parent), spec


def _made(
    original: Path, made: Path, ways: Sequence[_Way], texts: Sequence[str], say: Say
) -> Exported:
    """Fills ``made`` with the first way's graph whose labels agree with the original's."""
    # torch takes seconds to load.
    from enrichment.exporting_check import Reference, labels_of
    from enrichment.exporting_graph import Graphs

    say("loading the original")
    reference = Reference(original)
    reference.save_tokenizer(made)
    shutil.copyfile(original / "config.json", made / "config.json")
    if (original / MANIFEST).is_file():
        raw, manifest = read_manifest(original)
        kept = {"format": 1, "labels": manifest.labels, "text": (raw or {}).get("text", {})}
        (made / MANIFEST).write_text(json.dumps(kept), encoding="utf-8")
    say(f"asking the original about {len(texts)} texts")
    wanted = reference.labels(texts)
    with tempfile.TemporaryDirectory(dir=made.parent, prefix=".graphs.") as folder:
        graphs = Graphs(reference.model, Path(folder))
        differing = len(texts)
        for way in ways:
            say(f"making the graph: {way}")
            made_as = {"fused": way.fused, "int8": way.int8, "embeddings": way.embeddings}
            graphs.make(made / "model.onnx", **made_as)
            found = labels_of(made, texts)
            now = sum(one != other for one, other in zip(wanted, found, strict=True))
            say(f"{now} of {len(texts)} labels differ from the original's")
            if now <= ALLOWED * len(texts):
                size = (made / "model.onnx").stat().st_size
                return Exported(made, "int8" if way.int8 else "fp32", len(texts), now, size)
            differing = min(differing, now)
    raise InvalidError(
        f"not exported: the labels of {differing} of {len(texts)} texts "
        f"({differing / len(texts):.1%}) differ from the original's, and at most {ALLOWED:.0%} "
        "may; export without --int8, or give texts like yours with --sample"
    )


def _write_manifest(original: Path, made: Path, name: str, base: str, precision: str) -> None:
    _, before = read_manifest(original)
    files = sorted(file for file in made.iterdir() if file.is_file() and file.name != MANIFEST)
    manifest: dict[str, Any] = {
        "format": 1,
        "name": name,
        "precision": precision,
        "max_tokens": max_tokens_of(made),
        "text": before.text.model_dump(),
        "features": [],
        "base": base,
        "created_at": times.to_text(times.now()),
        "files": {file.name: sha256_of(file) for file in files},
    }
    if before.labels:
        manifest["labels"] = before.labels
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (made / MANIFEST).write_text(text, encoding="utf-8")


@contextmanager
def _folder_beside(out: Path) -> Iterator[Path]:
    """A hidden folder beside ``out`` that is gone afterwards, whatever happens."""
    made: Path | None = None
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}."))
        yield made
    except OSError as exc:
        raise StorageError(f"{out} cannot be written: {exc.strerror or exc}") from exc
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def _put_in_place(made: Path, out: Path) -> None:
    """Gives the finished folder its name; an old one goes when the new one is there."""
    made.chmod(0o755)
    if not out.exists():
        made.rename(out)
        return
    old = Path(tempfile.mkdtemp(dir=out.parent, prefix=f".{out.name}.old."))
    out.rename(old / out.name)
    made.rename(out)
    shutil.rmtree(old, ignore_errors=True)
