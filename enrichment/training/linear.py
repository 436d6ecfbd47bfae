"""A linear teacher: words, pairs of words and parts of words, weighed by TF-IDF, with VADER.

It errs on other texts than the networks do, which is what makes it worth asking.
"""

from __future__ import annotations

import re
import warnings
from itertools import pairwise
from typing import Any

import numpy as np

from enrichment.training.examples import Examples, Floats

_STRENGTH = 2.0
_ROUNDS = 60
_MOST_TERMS = 200_000


def _terms(text: str) -> list[str]:
    """Words and pairs of words."""
    words = text.split()
    return words + [f"{one} {two}" for one, two in pairwise(words)]


def _bits(text: str) -> list[str]:
    """Two to five characters that follow each other inside a word."""
    found: list[str] = []
    for word in re.findall(r"\S+", text):
        framed = f" {word} "
        for size in range(2, 6):
            found += [framed[i : i + size] for i in range(max(1, len(framed) - size + 1))]
    return found


class LinearTeacher:
    """Logistic regression on counted terms.

    Args:
        seen_at_least: Texts that a term must occur in.
    """

    def __init__(self, seen_at_least: int = 2) -> None:
        # scikit-learn takes a second to import and sets environment variables when it is.
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import LogisticRegression

        shared = {"sublinear_tf": True, "max_features": _MOST_TERMS, "dtype": np.float32}
        self._terms = TfidfVectorizer(analyzer=_terms, min_df=seen_at_least, **shared)
        self._bits = TfidfVectorizer(analyzer=_bits, min_df=2 * seen_at_least, **shared)
        self._model = LogisticRegression(C=_STRENGTH, max_iter=_ROUNDS, tol=1e-3)

    def fit(self, examples: Examples) -> LinearTeacher:
        """Learn from those of the examples that have a target of sentiment."""
        from sklearn.exceptions import ConvergenceWarning

        places = np.flatnonzero(examples.weights > 0).tolist()
        texts = [examples.texts[place] for place in places]
        self._terms.fit(texts)
        self._bits.fit(texts)
        inputs = self._inputs(texts, examples.vader[places])
        with warnings.catch_warnings():
            # The rounds are few on purpose: more of them learn the training texts by heart.
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._model.fit(inputs, examples.targets[places].argmax(axis=1))
        return self

    def log_shares(self, texts: list[str], vader: Floats) -> Floats:
        """[texts, 3] logarithms of the shares of negative, neutral and positive."""
        found: Floats = self._model.predict_log_proba(self._inputs(texts, vader)).astype(np.float32)
        return found

    def _inputs(self, texts: list[str], vader: Floats) -> Any:
        """A sparse matrix: terms, bits, VADER's features and both signs of its compound score."""
        from scipy import sparse

        compound = vader[:, 3:]
        lexicon = np.hstack([vader, np.maximum(compound, 0.0), np.minimum(compound, 0.0)])
        parts = [self._terms.transform(texts), self._bits.transform(texts)]
        return sparse.hstack([*parts, sparse.csr_matrix(lexicon)]).tocsr()
