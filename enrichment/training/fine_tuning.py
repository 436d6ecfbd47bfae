"""A trained model learns from people's corrections, and forgets little of what it knew.

Our own kind of model (``unpacking``) is held to what it knew in three ways: its embeddings stay as
they are, it sees more other texts than corrections with its own former answers as their targets
(those given by the caller, and strings of words from its vocabulary), and there are few epochs at a
low rate. Corrections of a hundred texts that the shipped model had wrong moved one label in twenty
elsewhere with a thousand posts given, one in ten without. A Hugging Face folder with PyTorch
weights is fine-tuned by ``hub_tuning``.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from enrichment.label_schemes import LABELS
from enrichment.labelled import Labelled
from enrichment.text_care import for_model
from enrichment.training.distil import shares
from enrichment.training.examples import CARE, NO_TASK, Examples, Floats, smoothed, vader_features
from enrichment.training.lessons import Lessons, fit, log_shares
from enrichment.training.network import Ensemble, Network
from enrichment.training.packing import About, pack
from enrichment.training.unpacking import is_packed, unpack
from lake.errors import InvalidError

Say = Callable[[str], None]
LEAST_CORRECTIONS = 2
_MOST_INVENTED, _LEAST_INVENTED = 4_000, 1_000
_RATE = 4e-4
_INVENTED_PER_CORRECTION = 4
_SHARE_IN_DOUBT = 0.1
_DROPOUT = 0.1


def fine_tune(
    base: Path,
    labelled: Sequence[Labelled],
    out: Path,
    *,
    epochs: int = 4,
    seed: int = 0,
    say: Say,
    others: Sequence[str] = (),
    rate: float = _RATE,
) -> Path:
    """Fine-tune a model on corrections and write it as a folder of its own.

    Args:
        base: A folder that ``packing`` wrote, or a Hugging Face folder with PyTorch weights.
        labelled: Corrected texts.
        out: The folder to write.
        epochs: Times that each correction is seen.
        seed: Of everything random.
        say: Told of each epoch.
        others: Texts whose answers should stay as they are, such as posts that nobody corrected; a
            thousand or more of them hold our own kind of model far better than made-up ones.
        rate: The highest learning rate, for our own kind of model.

    Returns:
        ``out``: a packed folder, or a Hugging Face folder that ``taglake model export`` takes.

    Raises:
        InvalidError: There is too little to learn from.
        ConfigError: The base cannot be read or trained.
    """
    if len(labelled) < LEAST_CORRECTIONS:
        message = f"{len(labelled)} corrections are too few to learn from: give more labels"
        raise InvalidError(message)
    if not is_packed(base):
        # Loads transformers' models, which a small model does without.
        from enrichment.training.hub_tuning import fine_tune_hub_model

        return fine_tune_hub_model(base, labelled, out, epochs=epochs, seed=seed, say=say)
    network, tokenizer = unpack(base)
    draw = random.Random(seed)  # noqa: S311 (texts drawn to learn from are no secret)
    corrections = _corrections(labelled)
    kept = _kept(network, tokenizer, [*_invented(tokenizer, _enough(labelled), draw), *others])
    lessons = Lessons(
        epochs=epochs,
        rate=rate,
        embedding_rate=0.0,
        batch=32,
        piece_dropout=0.0,
        token_dropout=0.0,
        without_vader=0.0,
        decay=0.0,
        memory=0.98,
        seed=seed,
        aux_share=1.0,
    )
    say(f"{len(corrections)} corrections, {len(kept)} other texts, from {base.name}")
    lesson = corrections.joined(kept)
    tuned = Ensemble(
        [fit(_gently(member), lesson, tokenizer, lessons, say=say) for member in network.networks()]
    )
    about = About(
        name=out.name,
        care=CARE,
        figures={},
        base=base.name,
        card=_card(base, out, labelled, lessons),
    )
    return pack(tuned, tokenizer, out, about)


def _corrections(labelled: Sequence[Labelled]) -> Examples:
    """The corrected texts as examples."""
    places = [LABELS.index(one.label) for one in labelled]
    return _plain(
        [for_model(one.text, CARE) for one in labelled],
        vader_features([one.text for one in labelled]),
        smoothed(places, _SHARE_IN_DOUBT),
    )


def _kept(network: Ensemble, tokenizer: Tokenizer, texts: list[str]) -> Examples:
    """Other texts, with what the model says of them now as their targets."""
    cared = [for_model(text, CARE) for text in texts]
    vader = vader_features(texts)
    return _plain(cared, vader, shares(log_shares(network, tokenizer, cared, vader)))


def _plain(texts: list[str], vader: Floats, targets: Floats) -> Examples:
    """Examples of sentiment alone."""
    count = len(texts)
    return Examples(
        texts=texts,
        vader=vader,
        targets=targets,
        weights=np.ones(count, dtype=np.float32),
        offsets=np.zeros((count, len(LABELS)), dtype=np.float32),
        tasks=[NO_TASK] * count,
        classes=np.zeros(count, dtype=np.int64),
        valence=np.full(count, np.nan, dtype=np.float32),
    )


def _gently(network: Network) -> Network:
    """The network with its embeddings fixed and little dropped, for there is little to learn."""
    network.embedding.requires_grad_(False)
    network.shape = replace(network.shape, dropout=_DROPOUT)
    for drop in (network.embedding_drop, network.final_drop):
        drop.p = _DROPOUT
    return network


def _invented(tokenizer: Tokenizer, count: int, draw: random.Random) -> list[str]:
    """Strings of whole words from the vocabulary, as no post has them: texts that cost nobody."""
    words = sorted(word for word in tokenizer.get_vocab() if word.isalpha() and len(word) > 1)
    return [" ".join(draw.choices(words, k=draw.randint(3, 16))) for _ in range(count)]


def _enough(labelled: Sequence[Labelled]) -> int:
    """How many texts are made up beside the corrections."""
    wanted = _INVENTED_PER_CORRECTION * len(labelled)
    return max(_LEAST_INVENTED, min(_MOST_INVENTED, wanted))


def _card(base: Path, out: Path, labelled: Sequence[Labelled], lessons: Lessons) -> str:
    """The model card of a fine-tuned model."""
    counts: Counter[str] = Counter(one.label for one in labelled)
    rows = "\n".join(f"| {label} | {counts[label]} |" for label in LABELS)
    return f"""# {out.name}

`{base.name}`, fine-tuned on {len(labelled)} corrected texts ({lessons.epochs} epochs, seed
{lessons.seed}). Its embeddings are those of the base; it was held to the base's own answers on
other texts. What it gains and loses is told by `taglake model evaluate` on texts it has not seen.

| label | texts |
|---|---|
{rows}
"""
