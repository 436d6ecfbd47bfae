"""Fine-tuning of a Hugging Face sequence classifier with PyTorch weights, in a plain loop."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from enrichment.label_rules import UnknownLabelsError, sides
from enrichment.labelled import Labelled
from enrichment.text_care import TextCare, for_model
from lake.errors import ConfigError, InvalidError

_RATE = 2e-5
_BATCH = 16
_MAX_TOKENS = 128
_LONGEST_GRADIENT = 1.0


def fine_tune_hub_model(
    base: Path,
    labelled: Sequence[Labelled],
    out: Path,
    *,
    epochs: int,
    seed: int,
    say: Callable[[str], None],
    rate: float = _RATE,
) -> Path:
    """Fine-tune and write a Hugging Face folder; see ``fine_tuning.fine_tune``.

    A low rate and few epochs are all that limits forgetting here.

    Args:
        base: A Hugging Face folder.
        labelled: Corrected texts.
        out: The folder to write.
        epochs: Times that each correction is seen.
        seed: Of everything random.
        say: Told of each epoch.
        rate: The learning rate.

    Raises:
        ConfigError: The base has no PyTorch weights, no tokenizer or labels that no rule knows.
        InvalidError: A correction has a label that the model does not know.
    """
    torch.manual_seed(seed)
    model, tokenizer = _loaded(base)
    wanted = _outputs(model, base)
    unknown = {one.label for one in labelled} - set(wanted)
    if unknown:
        message = f"{base.name} knows no {', '.join(sorted(unknown))} texts"
        raise InvalidError(message)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    draw = random.Random(seed)  # noqa: S311 (an order of texts is no secret)
    order = list(range(len(labelled)))
    for epoch in range(epochs):
        draw.shuffle(order)
        model.train()
        losses = [
            _step(model, tokenizer, optimizer, [labelled[place] for place in places], wanted)
            for places in (order[i : i + _BATCH] for i in range(0, len(order), _BATCH))
        ]
        say(f"epoch {epoch + 1} of {epochs}: loss {sum(losses) / len(losses):.4f}")
    model.eval().save_pretrained(out)
    tokenizer.save_pretrained(out)
    return out


def _loaded(base: Path) -> tuple[Any, Any]:
    """The model and its tokenizer, from the folder alone."""
    # Takes seconds to import.
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    try:
        model = AutoModelForSequenceClassification.from_pretrained(base, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    except (OSError, ValueError, KeyError) as error:
        message = f"{base} holds no classifier that can be trained: PyTorch weights are needed"
        raise ConfigError(message) from error
    return model, tokenizer


def _outputs(model: Any, base: Path) -> dict[str, list[int]]:
    """Which outputs stand for each label."""
    names = [str(model.config.id2label[place]) for place in range(model.config.num_labels)]
    try:
        found = sides(names)
    except UnknownLabelsError as error:
        message = f"{base}: the labels {', '.join(names)} say nothing of sentiment: {error}"
        raise ConfigError(message) from error
    return {side: [place for place, one in enumerate(found) if one == side] for side in set(found)}


def _step(
    model: Any,
    tokenizer: Any,
    optimizer: torch.optim.Optimizer,
    batch: Sequence[Labelled],
    wanted: dict[str, list[int]],
) -> float:
    """One step; where several outputs stand for a label, the sum of their shares counts."""
    inputs = tokenizer(
        [for_model(one.text, TextCare()) for one in batch],
        padding=True,
        truncation=True,
        max_length=min(_MAX_TOKENS, tokenizer.model_max_length),
        return_tensors="pt",
    )
    guessed = functional.log_softmax(model(**inputs).logits, dim=-1)
    loss = -torch.stack(
        [guessed[row, wanted[one.label]].logsumexp(0) for row, one in enumerate(batch)]
    ).mean()
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(model.parameters(), _LONGEST_GRADIENT)
    optimizer.step()
    return float(loss.item())
