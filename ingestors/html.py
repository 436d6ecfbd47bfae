"""HTML as people read it: the text of a post that a platform sends as markup."""

from __future__ import annotations

from html.parser import HTMLParser

import regex

from lake.text import clean

_BLOCKS = frozenset({"p", "div", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5"})
_LINES = frozenset({"br", "li", "tr"})
_HIDDEN = frozenset({"script", "style"})
_GAPS = regex.compile(r"\n{3,}")


def plain_text(html: str) -> str:
    """The text between the tags: entities decoded, a paragraph after an empty line, no tags.

    Mastodon hides parts of a link in ``invisible`` and ``ellipsis`` spans; they are kept, so a
    link reads as its whole address. Markup that is broken gives the text that is there.
    """
    reader = _Reader()
    # The parser stops with an AssertionError at a marked section that it does not know.
    reader.feed(html.replace("<![", "&lt;!["))
    reader.close()
    lines = "".join(reader.parts).split("\n")
    return clean(_GAPS.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip())


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        if tag in _HIDDEN:
            self._hidden += 1
        elif tag in _LINES:
            self.parts.append("\n")
        elif tag in _BLOCKS:
            self.parts.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        elif tag in _BLOCKS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)
