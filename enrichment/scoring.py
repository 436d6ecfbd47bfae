"""Posts to what enrichment adds to them. Blocking: for a worker thread.

The rules:

* equal texts of a batch are scored once;
* a text that is empty, or all blanks, asks no model and is neutral with the share 1.0 (``BLANK``,
  as texts of masks and signs alone are); where VADER is the model, with its library's shares: 0.0;
* ``sentiment.vader`` holds VADER's scores beside those of whatever model, VADER itself among them;
* ``lang.detected`` is there where a language was found; a text that changed loses an old one;
* a poison text is ``failed`` with the reason; where only VADER or the language fails, the post gets
  the model's score without them;
* a post that has a score of this text already (it is scored again) keeps it if the new model fails.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from enrichment.language import Detected
from enrichment.sentiment import BLANK, Model, ScoringError, Sentiment
from lake import times
from lake.enriching import Result
from lake.pending import PendingPost
from lake.records import Json

logger = logging.getLogger(__name__)

_LONGEST_REASON = 500
_NOTHING = Sentiment("neutral", 0.0, 0.0, 0.0, 0.0)
"""VADER's of a text without words, and what stands for its scores where it has none."""

Verdict = Sentiment | ScoringError


Detect = Callable[[Sequence[str]], list[Detected | None]]


def no_language(texts: Sequence[str]) -> list[Detected | None]:
    """Detects nothing."""
    return [None for _ in texts]


@dataclass(frozen=True, slots=True)
class Scorers:
    """What reads a text.

    Args:
        vader: VADER, whose scores are kept beside.
        detect: The language of each text, in order; None where it is not known.
    """

    vader: Model
    detect: Detect = no_language


@dataclass(slots=True)
class ScoredBatch:
    """What was found of a batch.

    Args:
        results: What is to be written.
        failed: Ids of the posts that the model could not score, and that will say so.
        kept: Ids of the posts that it could not score either, but that keep their old score.
    """

    results: list[Result] = field(default_factory=list)
    failed: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)


def score_posts(posts: Sequence[PendingPost], model: Model, scorers: Scorers) -> ScoredBatch:
    """Each post with its new fields.

    Args:
        posts: In any state; see the module for what becomes of which text.
        model: Scores the texts.
        scorers: What is kept beside.
    """
    texts = list(dict.fromkeys(post.text for post in posts if post.text.strip()))
    vader = verdicts(scorers.vader, texts)
    if model.name == scorers.vader.name:
        scores, blank = vader, _NOTHING
    else:
        blank = BLANK
        features = [_NOTHING if isinstance(one, ScoringError) else one for one in vader]
        scores = verdicts(model, texts, features)
    languages = _languages(scorers.detect, texts)
    found = dict(zip(texts, zip(scores, vader, languages, strict=True), strict=True))
    batch = ScoredBatch()
    scored_at = times.to_text(times.now())
    for post in posts:
        score, beside, language = found.get(post.text, (blank, _NOTHING, None))
        if isinstance(score, ScoringError):
            if post.state == "done":
                batch.kept.add(post.id)
            else:
                batch.failed.add(post.id)
                batch.results.append((post, _failure(post, score)))
            continue
        of = {"model": model.name, "text_hash": post.text_hash, "scored_at": scored_at}
        fields: Json = {
            "enrich": {"state": "done"} | ({"reason": None} if post.has_reason else {}),
            "sentiment": _numbers(score) | of | {"vader": _beside(post, beside)},
        }
        if language is not None:
            confidence = round(language.confidence, 4)
            fields["lang"] = {"detected": language.language, "confidence": confidence}
        elif post.has_language:
            fields["lang"] = {"detected": None, "confidence": None}
        batch.results.append((post, fields))
    return batch


def verdicts(
    model: Model, texts: Sequence[str], vader: Sequence[Sentiment] | None = None
) -> list[Verdict]:
    """A sentiment or the failure of each text, in order.

    A batch with a poison text is halved until the text is alone, so that it costs the others little
    and blocks none.
    """
    if not texts:
        return []
    try:
        return list(model.score(texts, vader=vader))
    except ScoringError as exc:
        if len(texts) == 1:
            return [exc]
    middle = len(texts) // 2
    halves = (slice(None, middle), slice(middle, None))
    first, second = (verdicts(model, texts[half], vader and vader[half]) for half in halves)
    return first + second


def _languages(detect: Detect, texts: Sequence[str]) -> list[Detected | None]:
    """The language of each text; None also for one on which the detection fails."""
    try:
        return list(detect(texts))
    except ValueError as exc:
        if len(texts) == 1:
            logger.warning("language cannot be detected", extra={"why": str(exc)})
            return [None]
    middle = len(texts) // 2
    return _languages(detect, texts[:middle]) + _languages(detect, texts[middle:])


def _failure(post: PendingPost, why: ScoringError) -> Json:
    reason = str(why)[:_LONGEST_REASON]
    logger.warning("text cannot be scored", extra={"id": post.id, "why": reason})
    return {"enrich": {"state": "failed", "reason": reason}}


def _numbers(score: Sentiment) -> Json:
    return {
        "label": score.label,
        "score": score.score,
        "p_pos": score.p_pos,
        "p_neu": score.p_neu,
        "p_neg": score.p_neg,
    }


def _beside(post: PendingPost, vader: Verdict) -> Json | None:
    """VADER's scores; None takes away those of an earlier text."""
    if isinstance(vader, ScoringError):
        logger.warning("VADER cannot score a text", extra={"id": post.id, "why": str(vader)})
        return None
    return _numbers(vader)
