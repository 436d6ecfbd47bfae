"""Labelling post after post at a terminal, a key each."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import click
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from lake.records import Json

KEYS = {"n": "negative", "u": "neutral", "p": "positive"}
_SKIP, _QUIT = "s", "q"
_HELP = "n negative   u neutral   p positive   s skip   q quit"
# What could change how the terminal shows what follows: marks of direction and the like.
_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@dataclass(slots=True)
class Session:
    """What a person says of the posts that they are shown.

    The model's label is shown only after theirs: seeing it first would change what they say.

    Args:
        posts: As ``lake.to_label`` gives them.
        ask: Waits for a key and gives it.
        console: Where posts are shown.
    """

    posts: Sequence[Json]
    ask: Callable[[], str] = click.getchar
    console: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    place: int = 0

    def next_label(self) -> tuple[Json, str] | None:
        """The next post that the person labels, and what they say; None when they are done."""
        while self.place < len(self.posts):
            post = self.posts[self.place]
            self.place += 1
            self._show(post)
            key = self._key()
            if key == _QUIT:
                return None
            if key != _SKIP:
                self._reveal(post, KEYS[key])
                return post, KEYS[key]
        return None

    def _show(self, post: Json) -> None:
        handle = post.get("author", {}).get("handle")
        who = f"{post['platform']}, {post['@timestamp'][:10]}" + (f", {handle}" if handle else "")
        title = printable(f"{self.place} of {len(self.posts)}: {who}")
        self.console.print(Panel(Text(printable(post["text"])), title=Text(title)))
        self.console.print(Text(_HELP), style="dim")

    def _key(self) -> str:
        while True:
            key = self.ask().lower()
            if key in KEYS or key in (_SKIP, _QUIT):
                return key
            if key in ("\x03", "\x04", ""):
                return _QUIT

    def _reveal(self, post: Json, label: str) -> None:
        tone = post["sentiment"]
        beside = tone.get("vader")
        told = f"{label}; {tone['model']} says {tone['label']}"
        if beside is not None:
            told += f", VADER {beside['label']}"
        self.console.print(Text(printable(told)))


def printable(text: str) -> str:
    """The text without what would command the terminal: controls become U+FFFD, lines stay."""
    return "".join(
        "\ufffd"
        if char in _DIRECTION or (char != "\n" and unicodedata.category(char) == "Cc")
        else char
        for char in text.replace("\r\n", "\n").replace("\t", " ")
    )
