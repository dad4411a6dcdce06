"""HTML in update texts, made plain: GitHub's bodies carry tags, Claude's are plain already.

Only tags that HTML knows are interpreted. Anything else in angle brackets was meant to be read
(`<your-token>`) and stays as it is. The result is text, never markup: adapters escape it.
"""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BREAKS = {"br", "div", "tr", "table", "ul", "ol", "hr"}
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"}
_INLINE = {
    *("a", "abbr", "b", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark", "s"),
    *("small", "span", "strong", "sub", "sup", "td", "th", "tbody", "thead", "time", "u", "var"),
}
_UNSEEN = {"script", "style"}


class _Plain(HTMLParser):
    """Collects what a reader would see. A link keeps its address behind its words."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._links: list[tuple[str, int]] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _BREAKS:
            self.parts.append("\n")
        elif tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag == "a":
            self._links.append((dict(attrs).get("href") or "", len(self.parts)))
        elif tag not in _INLINE:
            self.parts.append(self.get_starttag_text() or "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag == "a":
            self._end_link()

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag in _BREAKS:
            self.parts.append("\n")
        elif tag == "a":
            self._end_link()
        elif tag not in _INLINE and tag != "li":
            self.parts.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)

    def _end_link(self) -> None:
        if not self._links:
            return
        href, start = self._links.pop()
        words = "".join(self.parts[start:]).strip()
        if href.startswith(("http://", "https://")) and href.rstrip("/") != words.rstrip("/"):
            self.parts.append(f" ({href})")


def plain_text(body: str) -> str:
    """Return `body` as a reader would see it: tags gone, entities read, blank lines single."""
    text = body.replace("\r\n", "\n").replace("\r", "\n")
    if "<" in text or "&" in text:
        reader = _Plain()
        reader.feed(text)
        reader.close()
        text = "".join(reader.parts)
    # Control characters draw nothing and some of them turn text around (bidi overrides).
    text = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", "", text)
    text = re.sub(r"[ \t\u00a0]+\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()
