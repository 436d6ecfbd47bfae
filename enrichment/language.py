"""The language of a post, from what its author wrote in words.

The rules, in order:

1. **Very long**: at most the first ``text_care.LONGEST`` characters are read.
2. HTML entities become characters; control characters and direction marks go (``text_care``).
3. **Handles, links, hashtags** and the marks of a repost (``RT``) go: they are of no language, or
   of another than the post.
4. **Emoji, digits, signs** go; what is left are letters, their marks and apostrophes, in lower
   case, each run of a letter shortened to two.
5. **Long**: of that, the first ``_CHARS_READ`` characters decide; more changes nothing.
6. **Too little**: with fewer than ``_FEWEST_LETTERS`` letters (marks count, as the vowels of Indic
   scripts are) there is no language (None). A character of Chinese, Japanese or Korean counts as
   three letters.
7. **Too unsure**: below ``LEAST_CONFIDENCE`` there is none either: such a guess is more often wrong
   than right. The platform's own claim is kept beside, and nothing here changes it.

The identifier is py3langid (multinomial naive Bayes over byte n-grams: Lui & Baldwin, "langid.py:
An Off-the-shelf Language Identification Tool", ACL 2012, https://aclanthology.org/P12-3005/). It
knows 140 languages and is not restricted to any of them. It carries its data. Its confidence is
its share of probability, cooled by the text's length: see docs/decisions/0011-language-detection.md
for how often it is right.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import regex

from enrichment.text_care import TextCare, for_model
from lake.text import without_hashtags

LEAST_CONFIDENCE = 0.2
_CHARS_READ = 400
_FEWEST_LETTERS = 6
_SIGN_LETTERS = 3

# One character for each handle, so that an "RT" before one can be told from a word.
_CARE = TextCare(users="@", links=" ")
_REPOST = regex.compile(r"\b(?:RT|MT|rt)\b(?=\s*@)|^\s*RT\b")
_NO_LETTERS = regex.compile(
    r"[^\p{L}\p{M}\s'\u2019\u200c\u200d]+|[\ufe0e\ufe0f\u20e3]+|(?<![\p{L}\p{M}])[\u200c\u200d]+"
)
_RUN = regex.compile(r"(\p{L})\1{2,}")
_LETTER = regex.compile(r"[\p{L}\p{M}]")
_SIGN = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}]")
_NO_LANGUAGE = "zxx"  # the identifier's class for what people do not write: ISO 639-2
# Varieties that ISO 639-3 counts as members of a language that has a two-letter code.
MEMBER_OF = {
    "ary": "ar",
    "arz": "ar",
    "nn": "no",
    "gug": "gn",
    "kik": "ki",
    "sdh": "ku",
    "fuv": "ff",
    "uzs": "uz",
    "wuu": "zh",
    "yue": "zh",
}


@dataclass(frozen=True, slots=True)
class Detected:
    """A text's language.

    Args:
        language: ISO 639-1 where there is such a code, else ISO 639-3.
        confidence: ``LEAST_CONFIDENCE`` to 1.0; what it means is measured in decision 11.
    """

    language: str
    confidence: float


def detect(text: str) -> Detected | None:
    """The language of one text; None where too little is left to say one. Blocking, thread-safe.

    The first call of a process loads the identifier (about a second).
    """
    words = words_of_text(text)
    if _letters(words) < _FEWEST_LETTERS:
        return None
    found, confidence = _identifier().classify(words)
    # The shares are float32: their sum may pass 1 by a rounding.
    confidence = round(min(float(confidence), 1.0), 4)
    if found == _NO_LANGUAGE or confidence < LEAST_CONFIDENCE:
        return None
    return Detected(MEMBER_OF.get(found, found), confidence)


def detect_all(texts: Sequence[str]) -> list[Detected | None]:
    """``detect`` of each text, in order; equal texts are looked at once."""
    known: dict[str, Detected | None] = {}
    for text in texts:
        if text not in known:
            known[text] = detect(text)
    return [known[text] for text in texts]


def words_of_text(text: str) -> str:
    """What of a text can tell its language: rules 1 to 5. Pure."""
    text = for_model(text, _CARE)
    text = _NO_LETTERS.sub(" ", without_hashtags(_REPOST.sub(" ", text)))
    return " ".join(_RUN.sub(r"\1\1", text).lower().split())[:_CHARS_READ]


def _letters(words: str) -> int:
    """How many letters there are, by rule 6."""
    count = len(_LETTER.findall(words))
    if count < _FEWEST_LETTERS:
        count += (_SIGN_LETTERS - 1) * len(_SIGN.findall(words))
    return count


_loading = threading.Lock()
_loaded: list[Any] = []


def _identifier() -> Any:
    """The identifier, loaded once; classifying changes nothing in it, so threads may share it."""
    if not _loaded:
        with _loading:
            if not _loaded:
                # It brings numpy: only a process that detects languages waits for that.
                from py3langid.langid import MODEL_FILE, LanguageIdentifier

                _loaded.append(LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True))
    return _loaded[0]
