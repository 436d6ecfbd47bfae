r"""What a model reads of a post: its text, cared for as the texts that the model was trained on.

The stored text is never touched. The rules, in order:

1. **Very long**: only the first ``LONGEST`` characters are read, before any other rule.
2. **Escapes**: HTML entities (``&amp;``, twice where a source escaped twice) and ``\u2019`` left
   in by an export become the character that they stand for; a lone half of an emoji goes.
3. **Control characters**, zero-width and direction marks are dropped (a line break is a space);
   the joiners inside an emoji or a word of an Indic or Arabic script stay.
4. **Links** become ``care.links``, with or without a scheme; an e-mail address is no link.
5. **Users**: ``@name``, ``@name@host`` and ``@name.host`` become ``care.users``.
6. **Hashtags**: kept, or split into words behind their sign (``hashtags.words_of``).
7. **Emoji**: kept, or their English names (the tone of the skin is dropped).
8. **Lower** (our own model): compatibility forms are folded (NFKC), runs of a letter or sign are
   shortened (``soooo`` is ``soo``, ``!!!!!!`` is ``!!!``), a run of words in capitals gets one
   ``[caps]`` before it, then everything is lower case.
9. Blanks are squeezed to one space, none at the ends.

A text in a script that the model never saw has no rule of its own: its pieces are unknown to the
model, which has learned that what it cannot read is neutral. Texts from right to left are kept in
their stored (logical) order. An empty text, or one of masks and signs only, has no sentiment to
read (``is_blank``): it counts as neutral.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache
from typing import Literal

from pydantic import BaseModel, ConfigDict

from enrichment.hashtags import words_of

LONGEST = 2_000
SHOUT = "[caps]"

_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_HALF = re.compile("[\ud800-\udfff]")
# C0 and C1 controls except blanks, soft hyphen, direction marks, zero-width blanks, the BOM.
# U+200C and U+200D stay: scripts and emoji are spelled with them.
_NOISE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]"
)
_LINK = re.compile(
    r"https?:/+\S*|\bwww\.\S+"
    r"|(?<![\w@./-])(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,12}/\S*"
    r"|(?<![\w@./-])(?:[a-z0-9-]{1,63}\.){1,4}(?:com|org|net|info|gov|edu)\b(?![\w@.])",
    re.IGNORECASE,
)
# A handle is ASCII on most platforms: a text that follows it without a blank is no part of it.
_USER = re.compile(
    r"(?<![\w@])[@\uff20](?:[A-Za-z0-9_]+(?:[.-][a-z0-9_-]*[a-z0-9_])*(?:@[\w-]+(?:\.[\w-]+)+)?"
    r"|\w{1,40})"
)
_TAG = re.compile(r"(?<![\w&])[#\uff03](\w{1,140})")
_MAYBE_EMOJI = re.compile("[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff]")
_LETTER_RUN = re.compile(r"([^\W\d_])\1{2,}")
_SIGN_RUN = re.compile(r"([^\w\s])\1{3,}")
_QUOTES = re.compile(r'"{2,}')
_SHOUTED = re.compile(r"(?:\b[A-Z][A-Z'\u2019]+\b[^\w\n]{0,3}){2,}")
_LONG_ENOUGH_TO_SHOUT = 4
_WORD = re.compile(r"[^\W\d_]|[\u203c-\u3299\U0001f000-\U0001faff]")
_EMOTICON = re.compile(r"[:;=8xX][-o'^]?[()\[\]DPpd/\\|*]|<3")


class TextCare(BaseModel):
    """How a model's texts were cared for: the ``text`` part of a model folder's manifest.

    Args:
        users: What stands for a user's name.
        links: What stands for a link.
        hashtags: ``split`` into words behind their sign, or ``keep``.
        emoji: ``names`` in English words, or ``keep``.
        lower: Fold forms, runs and case (rule 8).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    users: str = "@user"
    links: str = "http"
    hashtags: Literal["split", "keep"] = "keep"
    emoji: Literal["keep", "names"] = "keep"
    lower: bool = False


def for_model(text: str, care: TextCare) -> str:
    """What the model reads of a text.

    Args:
        text: As its author wrote it; of any length.
        care: As the model was trained.

    Returns:
        One line; empty where nothing is left.
    """
    text = _NOISE.sub("", _unescaped(text[:LONGEST]))
    text = _LINK.sub(lambda _: care.links, text)
    text = _USER.sub(lambda _: care.users, text)
    if care.hashtags == "split":
        text = _TAG.sub(_tag_in_words, text)
    if care.emoji == "names" and _MAYBE_EMOJI.search(text):
        text = _with_names(text)
    if care.lower:
        text = _folded(text)
    return " ".join(text.split())


def is_blank(text: str, care: TextCare) -> bool:
    """Whether a text that ``for_model`` returned holds nothing to read a sentiment from.

    That is: no letter, no emoji and no emoticon besides the masks.
    """
    rest = text.replace(care.users, " ").replace(care.links, " ")
    return _WORD.search(rest) is None and _EMOTICON.search(rest) is None


def _unescaped(text: str) -> str:
    """The characters for their escapes."""
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if "\\u" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
    if _HALF.search(text):
        # Two may be the halves of one emoji; a half alone is noise, which no tokenizer takes.
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "ignore")
    return text


def _tag_in_words(found: re.Match[str]) -> str:
    """A hashtag's sign and its words."""
    return f"# {words_of(found[1])} "


def _with_names(text: str) -> str:
    """The text with each emoji's English name in its place."""
    # Its tables take tens of milliseconds to load: only for models that read names.
    import emoji

    return emoji.replace_emoji(text, lambda sign, _: _name_of(sign))


@lru_cache(maxsize=8_192)
def _name_of(sign: str) -> str:
    """An emoji's name in words, without the tone of the skin."""
    import emoji

    name = emoji.demojize(sign, delimiters=("", "")).split(":")[0]
    name = re.sub(r"_?(medium-light|medium-dark|light|medium|dark)_skin_tone", "", name)
    return f" {name.replace('_', ' ').replace('-', ' ')} "


def _folded(text: str) -> str:
    """The text in one case and one form, its shouting marked and its runs shortened."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).replace("\u2019", "'").replace("\ufe0f", "")
    text = _QUOTES.sub('"', text)
    text = _SIGN_RUN.sub(r"\1\1\1", _LETTER_RUN.sub(r"\1\1", text))
    return _SHOUTED.sub(_marked, text).lower()


def _marked(found: re.Match[str]) -> str:
    """A run of words in capitals behind the mark of shouting; letters of names stay unmarked."""
    run = found[0]
    if max(len(word) for word in run.split()) < _LONG_ENOUGH_TO_SHOUT:
        return run
    return f"{SHOUT} {run}"
