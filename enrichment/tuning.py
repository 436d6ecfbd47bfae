"""A model folder that learnt from labels, made by ``enrichment.training``. Blocking.

The training needs the extra ``train``; what it is missing is told with the mend.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from enrichment.labelled import Labelled
from lake.errors import ConfigError

Say = Callable[[str], None]


def tuned(
    base: Path,
    learnt: Sequence[Labelled],
    out: Path,
    *,
    seed: int,
    say: Say,
    others: Sequence[str] = (),
) -> Path:
    """Fine-tunes a model on labelled texts; one that comes out as PyTorch becomes ONNX, int8.

    Args:
        base: A model folder.
        learnt: What it learns from.
        out: The folder to make; it must not be there. Weights of PyTorch that become ONNX are kept
            beside it only until then.
        seed: Of everything random.
        say: Told how it goes.
        others: Texts that nobody labelled, whose scores should stay; our own kind of model is held
            to what it said of them, any other kind does without.

    Returns:
        ``out``.

    Raises:
        ConfigError: The extra ``train`` is missing, or the base cannot be trained.
        InvalidError: There is too little to learn from.
    """
    try:
        # Loads PyTorch.
        from enrichment.training.fine_tuning import fine_tune
    except ModuleNotFoundError as exc:
        raise _missing(exc) from exc
    made = fine_tune(base, learnt, out, seed=seed, say=say, others=others)
    if (made / "model.onnx").exists():
        return made
    # A hidden folder of the same disk: no listing of models shows it, and it goes whatever happens.
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as folder:
        raw = made.rename(Path(folder) / out.name)
        return exported(raw, out, int8=True, say=say)


def trained(data: Path, out: Path, *, seed: int, say: Say) -> Path:
    """Trains a small model from nothing, as the shipped one was made.

    A run that was stopped goes on where it was when it is started again.

    Args:
        data: A folder of labelled posts.
        out: The folder to make; it must not be there.
        seed: Of everything random.
        say: Told how it goes.

    Raises:
        ConfigError: The extra ``train`` is missing, or the folder lacks a file.
        InvalidError: A file of labelled texts cannot be read.
    """
    try:
        # Loads PyTorch.
        from enrichment.training.recipe import train_small
    except ModuleNotFoundError as exc:
        raise _missing(exc) from exc
    return train_small(data, out, say=say, seed=seed, name=out.name)


def exported(
    source: str | Path,
    out: Path,
    *,
    int8: bool,
    say: Say,
    revision: str | None = None,
    samples: Sequence[str] | None = None,
) -> Path:
    """Makes a model folder of a Hugging Face one, checked against the original.

    Raises:
        ConfigError: The extra ``train`` is missing, or the source cannot be read.
        InvalidError: The two disagree on too many labels.
        RetryError: The hub does not answer.
    """
    try:
        # Loads PyTorch.
        from enrichment.exporting import export
    except ModuleNotFoundError as exc:
        raise _missing(exc) from exc
    export(source, out, int8=int8, revision=revision, samples=samples, say=say)
    return out


def _missing(exc: ModuleNotFoundError) -> ConfigError:
    """The mend of a library that is not there."""
    return ConfigError(f"{exc.name} is missing: pip install 'taglake[train]'")
