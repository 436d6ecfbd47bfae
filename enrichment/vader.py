"""VADER, a lexicon of English with rules for emphasis, negation and emoji.

Hutto, C.J. & Gilbert, E.E. (2014). VADER: A Parsimonious Rule-based Model for Sentiment Analysis of
Social Media Text. ICWSM-14. The scores are the library's own, unrounded and unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from enrichment.sentiment import Label, ScoringError, Sentiment

# The thresholds that the authors' README gives for the compound score.
_POSITIVE_FROM, _NEGATIVE_TO = 0.05, -0.05


# The library's time grows with the square of a text's words, and it reads an emoji as the words of
# its description: a post of 5,000 emoji would take 45 s.
_READ_CHARS = 20_000
_EMOJI_CHARS = 30


class Vader:
    """VADER behind the seam.

    ``score`` is the compound score; ``p_pos``, ``p_neu`` and ``p_neg`` are VADER's shares of the
    text, which are proportions and no probabilities: so there is no ``unsure`` here, and the label
    comes from the compound score by the authors' thresholds. Of a text longer than 20,000
    characters, where an emoji counts as 30, the start is read.
    """

    def __init__(self) -> None:
        self._analyzer = SentimentIntensityAnalyzer()
        self.name = vader_name()

    def score(
        self, texts: Sequence[str], *, vader: Sequence[Sentiment] | None = None
    ) -> list[Sentiment]:
        """See ``Model.score``; an empty text is neutral with score 0.0."""
        if vader is not None:
            return list(vader)
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> Sentiment:
        try:
            found = self._analyzer.polarity_scores(self._start(text))
        except (IndexError, ValueError, RecursionError) as exc:
            raise ScoringError(f"VADER cannot score it: {exc}") from exc
        return Sentiment(
            label=_label(found["compound"]),
            score=found["compound"],
            p_pos=found["pos"],
            p_neu=found["neu"],
            p_neg=found["neg"],
        )

    def _start(self, text: str) -> str:
        if len(text) * _EMOJI_CHARS <= _READ_CHARS:
            return text
        left = _READ_CHARS
        for at, char in enumerate(text):
            left -= _EMOJI_CHARS if char in self._analyzer.emojis else 1
            if left < 0:
                return text[:at]
        return text


def vader_name() -> str:
    """The name of VADER's scores: it holds the library's version."""
    return f"vader-{version('vaderSentiment')}"


def _label(compound: float) -> Label:
    if compound >= _POSITIVE_FROM:
        return "positive"
    return "negative" if compound <= _NEGATIVE_TO else "neutral"
