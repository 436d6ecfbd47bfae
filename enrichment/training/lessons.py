"""Fitting a network: every task at once, then sentiment alone; the weights' mean is kept."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from enrichment.training.checkpoints import Checkpoint
from enrichment.training.corpus import SENTIMENT, SENTIMENT_CLASSES
from enrichment.training.examples import NO_TASK, Examples, Floats
from enrichment.training.network import VALENCE, Ensemble, Network
from enrichment.training.pieces import UNKNOWN_ID, encoded

Say = Callable[[str], None]
_WARM_UP_STEPS = 300
_LEAST_RATE = 0.02
_LONGEST_GRADIENT = 2.0
_CHUNK_BATCHES = 40


@dataclass(frozen=True, slots=True)
class Lessons:
    """How a network is fitted.

    Args:
        epochs: Times that each text of sentiment is seen.
        rate: The highest learning rate; it rises over the first steps, then falls as a cosine.
        embedding_rate: That many times the rate for the embeddings, of which a step touches few.
        batch: Texts a step.
        aux_weight: Weight of an auxiliary task's text beside one of sentiment.
        aux_share: Share of the epochs in which texts without a target of sentiment are seen.
        lexicon_weight: Weight of a word of the lexicon.
        piece_dropout: Share of the tokenizer's merges left out at random.
        token_dropout: Share of the pieces that become unknown.
        without_vader: Share of the batches in which VADER's features are all 0.
        decay: Weight decay of everything but the embeddings.
        memory: How much of the running mean of the weights each step keeps.
        seed: Of everything random.
    """

    epochs: int = 8
    rate: float = 1e-3
    embedding_rate: float = 4.0
    batch: int = 128
    aux_weight: float = 0.5
    aux_share: float = 0.6
    lexicon_weight: float = 0.3
    piece_dropout: float = 0.1
    token_dropout: float = 0.1
    without_vader: float = 0.15
    decay: float = 0.05
    memory: float = 0.998
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts of one step: ids and mask [texts, tokens], and which examples they are."""

    ids: Tensor
    mask: Tensor
    places: np.ndarray


def fit(
    network: Network,
    examples: Examples,
    tokenizer: Tokenizer,
    lessons: Lessons,
    *,
    say: Say,
    checkpoint: Path | None = None,
) -> Network:
    """Fit a network; the running mean of its weights is returned.

    Args:
        network: Changed in place.
        examples: What to learn.
        tokenizer: Of the same texts.
        lessons: How.
        say: Told of each epoch.
        checkpoint: Where the state lies after each epoch; a run that was stopped goes on from it,
            and one that was complete is not repeated.
    """
    torch.manual_seed(lessons.seed)
    draw = random.Random(lessons.seed)  # noqa: S311 (an order of texts is no secret)
    mean = copy.deepcopy(network).requires_grad_(False).eval()
    optimizer = _optimizer(network, lessons)
    state = Checkpoint(checkpoint, network, mean, optimizer, draw)
    done = state.resume()
    steps = _steps(examples, lessons)
    step = sum(steps[:done])
    for epoch in range(done, lessons.epochs):
        pool = _pool(examples, lessons, epoch)
        losses: list[float] = []
        network.train()
        for batch in batches(tokenizer, examples.texts, pool, lessons, draw):
            _set_rate(optimizer, lessons, step, sum(steps))
            loss = _loss(network, examples, batch, lessons)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(network.parameters(), _LONGEST_GRADIENT)
            optimizer.step()
            step += 1
            _follow(mean, network, min(lessons.memory, (1 + step) / (10 + step)))
            losses.append(loss.item())
        state.save(epoch + 1)
        say(f"epoch {epoch + 1} of {lessons.epochs}: loss {np.mean(losses):.4f}")
    return mean


def log_shares(
    network: Network | Ensemble,
    tokenizer: Tokenizer,
    texts: list[str],
    vader: Floats,
    *,
    batch: int = 256,
) -> Floats:
    """[texts, 3] logarithms of the shares of negative, neutral and positive."""
    ids = encoded(tokenizer, texts)
    found = np.zeros((len(texts), SENTIMENT_CLASSES), dtype=np.float32)
    order = sorted(range(len(ids)), key=lambda place: len(ids[place]))
    features = torch.from_numpy(vader)
    network.eval()
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            places = order[start : start + batch]
            rows, mask = padded([ids[place] for place in places])
            logits = network(rows, mask, features[places])
            found[places] = functional.log_softmax(logits.float(), dim=-1).numpy()
    return found


def padded(ids: list[list[int]]) -> tuple[Tensor, Tensor]:
    """Ids and mask, [texts, tokens of the longest]."""
    longest = max(len(row) for row in ids)
    rows = torch.zeros((len(ids), longest), dtype=torch.int64)
    mask = torch.zeros_like(rows)
    for place, row in enumerate(ids):
        rows[place, : len(row)] = torch.tensor(row)
        mask[place, : len(row)] = 1
    return rows, mask


def batches(
    tokenizer: Tokenizer, texts: list[str], pool: list[int], lessons: Lessons, draw: random.Random
) -> Iterator[Batch]:
    """The texts of the pool in a new order, those of like length together."""
    draw.shuffle(pool)
    chunk = lessons.batch * _CHUNK_BATCHES
    for start in range(0, len(pool), chunk):
        places = pool[start : start + chunk]
        ids = encoded(tokenizer, [texts[place] for place in places], dropout=lessons.piece_dropout)
        order = sorted(range(len(places)), key=lambda place: len(ids[place]))
        parts = [order[i : i + lessons.batch] for i in range(0, len(order), lessons.batch)]
        draw.shuffle(parts)
        for part in parts:
            rows, mask = padded([ids[place] for place in part])
            rows[(torch.rand(rows.shape) < lessons.token_dropout) & (mask > 0)] = UNKNOWN_ID
            yield Batch(rows, mask, np.array([places[place] for place in part]))


def _loss(network: Network, examples: Examples, batch: Batch, lessons: Lessons) -> Tensor:
    """The mean loss of a batch over its tasks."""
    vader = torch.from_numpy(examples.vader[batch.places])
    if torch.rand(()).item() < lessons.without_vader:
        vader = torch.zeros_like(vader)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = network.features(batch.ids, batch.mask, vader)
    features = features.float()
    targets = torch.from_numpy(examples.targets[batch.places])
    weights = torch.from_numpy(examples.weights[batch.places])
    offsets = torch.from_numpy(examples.offsets[batch.places])
    guessed = functional.log_softmax(network.head(features, SENTIMENT) + offsets, dim=-1)
    loss = -((targets * guessed).sum(-1) * weights).sum()
    tasks = np.array([examples.tasks[place] for place in batch.places])
    for task in sorted(set(tasks.tolist()) - {NO_TASK}):
        rows = torch.from_numpy(np.flatnonzero(tasks == task))
        wanted = torch.from_numpy(examples.classes[batch.places])[rows]
        loss = loss + lessons.aux_weight * functional.cross_entropy(
            network.head(features[rows], task), wanted, label_smoothing=0.1, reduction="sum"
        )
    valence = torch.from_numpy(examples.valence[batch.places])
    rows = torch.nonzero(~valence.isnan()).flatten()
    if len(rows):
        off = network.head(features[rows], VALENCE)[:, 0] - valence[rows]
        loss = loss + lessons.lexicon_weight * off.square().sum()
    return loss / len(batch.places)


def _pool(examples: Examples, lessons: Lessons, epoch: int) -> list[int]:
    """Which examples an epoch shows."""
    if (epoch + 0.5) / lessons.epochs < lessons.aux_share:
        return list(range(len(examples)))
    return np.flatnonzero(examples.weights > 0).tolist()


def _steps(examples: Examples, lessons: Lessons) -> list[int]:
    """Steps of each epoch."""
    return [
        math.ceil(len(_pool(examples, lessons, epoch)) / lessons.batch)
        for epoch in range(lessons.epochs)
    ]


def _optimizer(network: Network, lessons: Lessons) -> torch.optim.Optimizer:
    """AdamW; the embeddings apart, first."""
    rest = [weight for name, weight in network.named_parameters() if name != "embedding"]
    return torch.optim.AdamW(
        [
            {"params": [network.embedding], "weight_decay": 0.0},
            {"params": rest, "weight_decay": lessons.decay},
        ],
        lr=lessons.rate,
        betas=(0.9, 0.98),
        fused=True,
    )


def _set_rate(optimizer: torch.optim.Optimizer, lessons: Lessons, step: int, steps: int) -> None:
    """The learning rate of a step."""
    fall = 0.5 * (1.0 + math.cos(math.pi * min(1.0, step / steps)))
    warm = min(1.0, step / min(_WARM_UP_STEPS, max(1, steps // 10)))
    rate = lessons.rate * warm * (fall * (1.0 - _LEAST_RATE) + _LEAST_RATE)
    for group, times in zip(optimizer.param_groups, (lessons.embedding_rate, 1.0), strict=True):
        group["lr"] = rate * times


def _follow(mean: Network, network: Network, memory: float) -> None:
    """Move the running mean of the weights."""
    with torch.no_grad():
        for kept, weight in zip(mean.parameters(), network.parameters(), strict=True):
            kept.lerp_(weight, 1.0 - memory)
