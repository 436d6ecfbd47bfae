"""What becomes of which text, and that one poison harms nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from enrichment.language import Detected
from enrichment.scoring import Scorers, score_posts
from enrichment.sentiment import ScoringError, Sentiment
from enrichment.vader import Vader
from lake.pending import PendingPost

VADER = Vader()


class Marked:
    """Scores every text but poisoned ones, and remembers what it was asked."""

    def __init__(self, name: str = "marked", poison: str = "poison") -> None:
        self.name = name
        self.poison = poison
        self.asked: list[list[str]] = []
        self.features: list[Sequence[Sentiment] | None] = []

    def score(
        self, texts: Sequence[str], *, vader: Sequence[Sentiment] | None = None
    ) -> list[Sentiment]:
        self.asked.append(list(texts))
        self.features.append(vader)
        if any(self.poison in text for text in texts):
            raise ScoringError("a poison text")
        return [Sentiment("positive", 0.5, 0.6, 0.3, 0.1) for _ in texts]


def _post(number: int, text: str, **options: Any) -> PendingPost:
    return PendingPost("posts-2026", f"x:{number}", number, 1, text, f"hash-{text}", **options)


def _english(texts: Sequence[str]) -> list[Detected | None]:
    if any("babel" in text for text in texts):
        raise ValueError("not to be detected")
    return [Detected("en", 0.987654321) for _ in texts]


def test_a_post_gets_the_models_score_with_vaders_beside_and_its_language() -> None:
    model = Marked()

    scored = score_posts([_post(1, "I love it")], model, Scorers(VADER, _english))

    [(post, fields)] = scored.results
    [own] = VADER.score(["I love it"])
    assert (post.id, scored.failed) == ("x:1", set())
    assert fields["sentiment"].pop("scored_at").endswith("Z")
    assert fields == {
        "enrich": {"state": "done"},
        "lang": {"detected": "en", "confidence": 0.9877},
        "sentiment": {
            "label": "positive",
            "score": 0.5,
            "p_pos": 0.6,
            "p_neu": 0.3,
            "p_neg": 0.1,
            "model": "marked",
            "text_hash": "hash-I love it",
            "vader": {
                "label": own.label,
                "score": own.score,
                "p_pos": own.p_pos,
                "p_neu": own.p_neu,
                "p_neg": own.p_neg,
            },
        },
    }
    assert model.features == [[own]]


def test_equal_texts_are_scored_once() -> None:
    model = Marked()
    posts = [_post(number, ("same", "other")[number % 2]) for number in range(10)]

    scored = score_posts(posts, model, Scorers(VADER))

    assert model.asked == [["same", "other"]]
    assert [post.id for post, _ in scored.results] == [post.id for post in posts]
    assert {fields["sentiment"]["text_hash"] for _, fields in scored.results} == {
        "hash-same",
        "hash-other",
    }


def test_a_poison_text_fails_alone_with_its_reason() -> None:
    posts = [_post(n, "poison" if n == 5 else f"text {n}") for n in range(9)]

    scored = score_posts(posts, Marked(), Scorers(VADER))

    states = {post.id: fields["enrich"] for post, fields in scored.results}
    assert states.pop("x:5") == {"state": "failed", "reason": "a poison text"}
    assert list(states.values()) == [{"state": "done"}] * 8
    assert scored.failed == {"x:5"}


def test_what_only_vader_or_the_language_cannot_read_is_scored_all_the_same() -> None:
    posts = [_post(1, "no lexicon"), _post(2, "babel", has_language=True), _post(3, "fine")]
    model = Marked()

    scored = score_posts(posts, model, Scorers(Marked("vader-x", "lexicon"), _english))

    by_id = {post.id: fields for post, fields in scored.results}
    assert {fields["enrich"]["state"] for fields in by_id.values()} == {"done"}
    assert by_id["x:1"]["sentiment"]["vader"] is None
    assert by_id["x:2"]["lang"] == {"detected": None, "confidence": None}
    assert by_id["x:3"]["sentiment"]["vader"]["label"] == "positive"
    assert [len(texts) for texts in model.asked] == [3]


def test_where_vader_is_the_model_its_scores_are_the_posts() -> None:
    scored = score_posts([_post(1, "I hate it")], Vader(), Scorers(VADER))

    sentiment = scored.results[0][1]["sentiment"]
    assert sentiment["model"] == VADER.name
    assert sentiment["score"] == sentiment["vader"]["score"] < 0


def test_a_poison_text_of_vader_as_the_model_is_failed() -> None:
    class Lexicon(Marked):
        """As VADER: scores that it is given are its own."""

        def score(
            self, texts: Sequence[str], *, vader: Sequence[Sentiment] | None = None
        ) -> list[Sentiment]:
            return super().score(texts) if vader is None else list(vader)

    poisoned = Lexicon("vader-x", "lexicon")

    scored = score_posts([_post(1, "lexicon"), _post(2, "a")], poisoned, Scorers(poisoned))

    assert [fields["enrich"]["state"] for _, fields in scored.results] == ["failed", "done"]


def test_an_empty_text_is_neutral_and_asks_no_model() -> None:
    model = Marked()

    scored = score_posts([_post(1, ""), _post(2, " \n\t")], model, Scorers(VADER, _english))

    assert model.asked == []
    for _, fields in scored.results:
        found = fields["sentiment"]
        assert (found["label"], found["score"], found["p_neu"]) == ("neutral", 0.0, 1.0)
        assert (found["vader"]["score"], found["vader"]["p_neu"]) == (0.0, 0.0)
        assert "lang" not in fields


def test_a_post_that_is_scored_again_keeps_its_score_if_the_new_model_fails() -> None:
    posts = [_post(1, "poison", state="done"), _post(2, "fine", state="done")]

    scored = score_posts(posts, Marked(), Scorers(VADER))

    assert [post.id for post, _ in scored.results] == ["x:2"]
    assert (scored.kept, scored.failed) == ({"x:1"}, set())


def test_a_post_that_failed_before_loses_the_reason() -> None:
    scored = score_posts([_post(1, "fine", has_reason=True)], Marked(), Scorers(VADER))

    assert scored.results[0][1]["enrich"] == {"state": "done", "reason": None}
