"""HTML in texts of updates and posts, made plain: GitHub's bodies carry tags, Claude's are plain.

Only tags that HTML knows are interpreted. Anything else in angle brackets was meant to be read
(`<your-token>`) and stays as it is. The result is text, never markup: adapters escape it.

Total and linear. `html.parser` is neither: it raises for `<![ ` and needs minutes for some
kilobytes of `<a <a <a`, which one text of a page can hold for as long as it is listed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from adapters.chat.text import clean

_BREAKS = {"br", "div", "tr", "table", "ul", "ol", "hr"}
_PARAGRAPHS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"}
_INLINE = {
    *("a", "abbr", "b", "code", "del", "em", "font", "i", "img", "ins", "kbd", "li", "mark", "s"),
    *("small", "span", "strong", "sub", "sup", "td", "th", "tbody", "thead", "time", "u", "var"),
}
_UNSEEN = {"script", "style"}
_SPACES = {**dict.fromkeys(_BREAKS, "\n"), **dict.fromkeys(_PARAGRAPHS, "\n\n"), "li": "\n- "}

# A tag holds no "<", so that each attempt ends at the next one: linear over the whole text.
_TAG = re.compile(r"""<(/?)([a-zA-Z][\w:-]*+)((?:"[^"<]*"|'[^'<]*'|[^<>"'])*+)>""")
_HREF = re.compile(r"""\bhref\s*+=\s*+(?:"([^"]*)"|'([^']*)'|([^\s"'>]++))""", re.IGNORECASE)
_COMMENT = re.compile(r"<!--(?:(?!-->).)*+-->", re.DOTALL)
_MARKER = re.compile(r"<!doctype\b[^<>]*+>|<!\[CDATA\[|\]\]>", re.IGNORECASE)
# No letter has a number so long, and `html.unescape` raises for those that `int` refuses to read.
_NO_LETTER = re.compile(r"&#0*+[0-9]{8,}+;?")


def plain_text(body: str) -> str:
    """Return `body` as a reader would see it: tags gone, entities read, blank lines single."""
    text = clean(body)
    if "<" in text or "&" in text:
        # Beyond the last end nothing is a comment: to look for one there would be quadratic.
        head, end, tail = text.rpartition("-->")
        text = "".join(_seen(_MARKER.sub("", _COMMENT.sub("", head + end) + tail)))
    text = clean(text)  # an entity may have named what is unwanted
    text = re.sub(r"(?<![ \t\u00a0])[ \t\u00a0]++\n", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _seen(text: str) -> Iterator[str]:
    """Yield what is seen of marked-up text. A link keeps its address behind its words."""
    links: list[tuple[str, list[str]]] = []  # address, and the words since it began
    unseen = 0
    for tag, closing, attributes, source in _pieces(text):
        piece = ""
        if tag in _UNSEEN:
            unseen = max(0, unseen + (-1 if closing else 1))
        elif tag == "":
            piece = "" if unseen else _unescape(source)
        elif tag == "a" and not closing:
            links.append((_address(attributes), []))
        elif tag == "a" and links:
            address, words = links.pop()
            same = address.rstrip("/") == "".join(words).strip().rstrip("/")
            piece = "" if same or not address else f" ({address})"
        elif tag in _SPACES:
            piece = "" if closing and tag in {"li", "br"} else _SPACES[tag]
        elif tag not in _INLINE:
            piece = source
        if piece:
            if links:
                links[-1][1].append(piece)
            yield piece


def _pieces(text: str) -> Iterator[tuple[str, bool, str, str]]:
    """Split into tags and texts: (name or "", whether it closes, attributes, as it stands)."""
    at = 0
    for match in _TAG.finditer(text):
        yield "", False, "", text[at : match.start()]
        yield match[2].lower(), bool(match[1]), match[3], match[0]
        at = match.end()
    yield "", False, "", text[at:]


def _unescape(text: str) -> str:
    return html.unescape(_NO_LETTER.sub("\ufffd", text))


def _address(attributes: str) -> str:
    match = _HREF.search(attributes)
    address = _unescape(next((group for group in match.groups() if group), "")) if match else ""
    return address if address.startswith(("http://", "https://")) else ""
