"""The model card of the small model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from enrichment.training.corpus import SENTIMENT, Corpus
from enrichment.training.distil import Calibration
from enrichment.training.measuring import Row, table


def card_of(
    name: str,
    corpus: Corpus,
    calibration: Calibration,
    rows: Mapping[str, Row],
    told: Sequence[str],
) -> str:
    """The card, Markdown.

    Args:
        name: The model's.
        corpus: What it was trained, chosen and measured on.
        calibration: What was done to its logits.
        rows: Its figures on the val sets.
        told: What the run said, with its figures on dev.
    """
    labelled = sum(item.task == SENTIMENT for item in corpus.train)
    return _CARD.format(
        name=name,
        table=table(rows),
        train=len(corpus.train),
        labelled=labelled,
        others=len(corpus.train) - labelled,
        sources=_sources(corpus),
        dev=len(corpus.dev),
        dropped=corpus.dropped,
        set_right=_set_right(calibration),
        told="\n".join(f"- {line}" for line in told),
    )


def _set_right(calibration: Calibration) -> str:
    """What was done to the logits, in words."""
    divided = f"Then the logits were divided by {calibration.temperature:g}, as dev told."
    if not calibration.tau:
        return divided
    return f"{divided[:-1]}, less {calibration.tau:g} times the logarithm of TweetEval's shares."


def _sources(corpus: Corpus) -> str:
    """How many texts of each source are learned from, as rows of a table."""
    counts = Counter(item.source for item in corpus.train)
    return "\n".join(f"| {source} | {count:,} |" for source, count in counts.most_common())


_CARD = """\
# {name}

Sentiment of posts: negative, neutral or positive. Small, quick on a CPU, made from nothing by
Taglake's own code (`enrichment/training`): no weights, embeddings or texts of another model are in
it. It reads the text and four numbers of VADER (its positive, neutral and negative shares and its
compound score).

## Figures

On published val sets, of which nothing was learned and by which nothing was chosen; in hundredths,
as measured on the file in this folder. VADER stands beside on the same texts.

{table}

`tweeteval` is the val set of TweetEval's sentiment task (English); the others are those of UMSAB.
Measure again: `python -m benchmarks.model_card --data FOLDER` (it prints the texts per second of
the machine, too).

## Data

| source | texts learned from |
|---|---|
{sources}

- **TweetEval** (<https://github.com/cardiffnlp/tweeteval>): the sentiment task (SemEval-2017 task
  4) and, as auxiliary tasks, emoji, emotion, hate, irony and offensive. Its authors: "TweetEval is
  released without any restrictions but restrictions may apply to individual tasks". The texts are
  tweets; X's terms hold for them. None of them is in this folder.
- **UMSAB** (<https://github.com/cardiffnlp/xlm-t>), Apache-2.0: eight languages.
- **VADER**'s lexicon (<https://github.com/cjhutto/vaderSentiment>), MIT: the valence of its words
  as an auxiliary task.

{labelled:,} texts have a label of sentiment. The other {others:,} belong to auxiliary tasks; the
students learn from what the teachers say of their sentiment. {dropped:,} texts were left out, for
they (or copies that differ in case, masks, links and signs only) are in a val set. {dev:,} texts
were kept apart to choose by, told by a hash of their letters.

## How it was made

`enrichment/training/recipe.py` is the whole of it, `SHIPPED` in `settings.py` its figures. On dev:

{told}

The students learn their classes' shares apart (each source's are added to the logits in training),
so that labels which a source has seldom are not slighted. {set_right}
Convolutions multiply whole numbers: their weights are stored in seven bits, with a scale for each
column, embeddings in six or five, with one for the table. Other weights are stored in eight bits
and computed with in 32. Nothing is rounded while it runs, so no batch changes a text's scores.

## Limits

- Tweets of 2012 to 2018 taught it: later words, other platforms' habits and long texts are less
  known to it. It reads 2,000 characters and 128 pieces of words at most.
- Other languages than English have some 1,700 labelled texts each; the table says how much that is
  worth. Hindi (mostly in Latin letters, mixed with English) is no better than chance, and languages
  not in the table are guesswork.
- Labels of sentiment are disputed: on TweetEval's test set, a model 20 times as large that read
  850 million tweets has a macro-recall of 73. Irony is mostly missed.
- A text without a word, an emoji or an emoticon is neutral by rule and is not shown to the model.
- What it says of groups of people mirrors what was written of them. Do not judge a single person
  by it.
"""
