"""The words of VADER's lexicon as texts of one word, their valence to be learned."""

from __future__ import annotations

from itertools import islice

import numpy as np
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from enrichment.training.corpus import SENTIMENT_CLASSES
from enrichment.training.examples import NO_TASK, Examples, smoothed

# Valences are -4.0 to 4.0; halved, a word errs about as much as a text does.
_SCALE = 2.0


def lexicon_examples(most: int | None = None) -> Examples:
    """One example for each word of letters; they teach words that the posts hold too seldom.

    Args:
        most: Words to take; None takes all.
    """
    lexicon = SentimentIntensityAnalyzer().lexicon
    known = ((word, float(valence)) for word, valence in lexicon.items() if word.isalpha())
    words = dict(islice(known, most))
    count = len(words)
    return Examples(
        texts=list(words),
        vader=np.zeros((count, 4), dtype=np.float32),
        targets=smoothed([0] * count),
        weights=np.zeros(count, dtype=np.float32),
        offsets=np.zeros((count, SENTIMENT_CLASSES), dtype=np.float32),
        tasks=[NO_TASK] * count,
        classes=np.zeros(count, dtype=np.int64),
        valence=np.array(list(words.values()), dtype=np.float32) / _SCALE,
    )
