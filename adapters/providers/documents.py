"""Bodies as documents: JSON in any encoding that JSON may have, and the items of a feed.

Total: any bytes give a document or one `SourceError` that says what came instead.

Feeds are read by expat itself, which the standard library brings, and without a tree: nothing of
ours can be built deeper than an item's field. A document type declaration is refused, so that no
entity can be declared, let alone expanded or fetched; that is all that a wrapper around expat
would add. The size of a body is bounded where it is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat  # see above: no document type, no entities

from adapters.providers.fields import MAX_ITEMS, Moment, Raw, Words
from bot.domain.errors import SourceError


def decoded(body: bytes) -> str:
    """Return the text of a body: UTF-8, or UTF-16 and UTF-32 with or without byte order mark.

    AWS sends UTF-16 with the mark. Anything else in it becomes a replacement character.
    """
    return body.decode(json.detect_encoding(body), "replace").lstrip("\ufeff \t\r\n")


def read_json(body: bytes) -> object:
    """Return the JSON value of a body.

    Raises:
        SourceError: it is empty, HTML or XML, or broken.
    """
    text = decoded(body)
    if not text:
        raise SourceError("the page sent an empty body")
    if text.startswith("<"):
        raise SourceError("the page sent HTML or XML instead of JSON")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        kind = "JSON that is cut off or broken" if text[0] in "{[" else "text that is not JSON"
        raise SourceError(f"the page sent {kind}") from None


def changed_format(expected: str, found: object) -> SourceError:
    """Return the error for a body that is well-formed, and of another format than the page had."""
    if isinstance(found, dict):
        keys = ", ".join(sorted(str(key)[:30] for key in list(found)[:6]))
        seen = f"an object with {keys}" if keys else "an empty object"
    elif isinstance(found, list):
        seen = "a list"
    else:
        seen = str(found)[:60] if isinstance(found, str) else f"a bare {type(found).__name__}"
    return SourceError(f"the page changed its format: {expected} expected, {seen} found")


def read_object(body: bytes, expected: str, *marks: str) -> dict[str, Any]:
    """Return the JSON object of a body, which has all keys of `marks`.

    Raises:
        SourceError: no JSON, or of another format.
    """
    document = read_json(body)
    if not isinstance(document, dict) or not all(mark in document for mark in marks):
        raise changed_format(expected, document)
    return document


def read_list(body: bytes, expected: str, *marks: str) -> list[dict[str, Any]]:
    """Return the objects of a bare list that have all keys of `marks`; an empty list has none.

    Raises:
        SourceError: no list, or a list in which not one object has them: another format.
    """
    document = read_json(body)
    if not isinstance(document, list):
        raise changed_format(expected, document)
    rows = [row for row in document[:MAX_ITEMS] if isinstance(row, dict)]
    fitting = [row for row in rows if all(mark in row for mark in marks)]
    if document and not fitting:
        raise changed_format(expected, rows[0] if rows else document)
    return fitting


# --- feeds -----------------------------------------------------------------------------------

_ITEMS = {"rss": "item", "feed": "entry"}
_TEXTS = {"guid": "id", "pubDate": "updated", "published": "created", "summary": "description"}


class FeedItem(Raw):
    """An item of RSS or entry of Atom, in the words of one."""

    id: Words = ""
    title: Words = ""
    link: Words = ""
    updated: Moment = None
    description: Words = ""
    content: Words = ""
    categories: tuple[str, ...] = ()


@dataclass(slots=True)
class Feed:
    """An RSS or Atom feed: its own fields, and its items."""

    kind: str = ""  # rss or feed, as its root is called
    fields: dict[str, str] = field(default_factory=dict)
    items: list[FeedItem] = field(default_factory=list)

    def expect(self, whose: str, kind: str, is_theirs: Callable[[str, str], bool]) -> None:
        """Make sure that it is of the format that is read: by its kind, title and generator.

        Raises:
            SourceError: it is another feed.
        """
        called = self.fields.get("title", "")
        if self.kind != kind or not is_theirs(called, self.fields.get("generator", "")):
            raise changed_format(f"{whose} feed", f"a feed called {called[:40]!r}")


class _Reader:
    """Gathers the text of each field of a feed while expat reads it."""

    def __init__(self) -> None:
        self.feed = Feed()
        self._open: list[str] = []
        self._item: dict[str, Any] | None = None
        self._text: list[str] = []

    def refuse(self, *_: object) -> None:
        """Refuse a document type: it could declare entities."""
        raise SourceError("the page sent HTML, or XML with a document type, instead of a feed")

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._open:
            if tag not in _ITEMS:
                raise changed_format("a feed", f"XML that begins with <{tag[:30]}>")
            self.feed.kind = tag
        if tag == _ITEMS[self.feed.kind]:
            self._item = {"categories": []}
        if tag == "link" and attributes.get("href"):
            self._fields().setdefault("link", attributes["href"])
        if len(self._open) == self._depth():
            self._text = []
        self._open.append(tag)

    def data(self, text: str) -> None:
        self._text.append(text)

    def end(self, tag: str) -> None:
        self._open.pop()
        if tag == _ITEMS[self.feed.kind] and self._item is not None:
            if len(self.feed.items) < MAX_ITEMS:
                self.feed.items.append(FeedItem.read(self._item))
            self._item = None
        elif len(self._open) == self._depth():
            text = "".join(self._text)
            if tag == "category" and self._item is not None:
                self._item["categories"].append(text)
            elif text.strip():
                self._fields().setdefault(_TEXTS.get(tag, tag), text)

    def _fields(self) -> dict[str, Any]:
        return self.feed.fields if self._item is None else self._item

    def _depth(self) -> int:
        """Return how many elements are open around a field: rss/channel/item, or feed/entry."""
        around = 2 if self.feed.kind == "rss" else 1
        return around + (self._item is not None)


def read_feed(body: bytes) -> Feed:
    """Return the feed of a body.

    Raises:
        SourceError: it is empty, no XML, broken, no feed, or declares a document type.
    """
    text = decoded(body)
    if not text:
        raise SourceError("the page sent an empty body")
    if not text.startswith("<"):
        found = "JSON" if text[0] in "{[" else "text"
        raise changed_format("a feed", found)
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except expat.ExpatError:
        raise SourceError("the page sent XML that is cut off or broken") from None
    return reader.feed
