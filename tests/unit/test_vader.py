"""VADER behind the seam: the library's scores, in bounded time."""

from __future__ import annotations

from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from enrichment.vader import Vader


def test_of_a_very_long_text_the_start_is_read() -> None:
    emoji, words = "😂" * 5_000, "I love it. " * 9_000

    found = Vader().score([emoji, emoji[: 20_000 // 30], words, words[:20_000]])

    assert found[0] == found[1]
    assert found[2] == found[3]


def test_a_text_within_the_bound_is_read_whole() -> None:
    text = "it is. " * 2_800 + "horrible"

    theirs = SentimentIntensityAnalyzer().polarity_scores(text)

    assert theirs["compound"] < 0
    assert Vader().score([text])[0].score == theirs["compound"]
