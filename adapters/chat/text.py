"""Measures, cleans and cuts text for chat platforms. Pure.

A platform provides the escaping of its own markup, and for `cut` a function that mends the end of
an escaped text which was cut in the middle of an escape.
"""

from __future__ import annotations

import re
from collections.abc import Callable

ELLIPSIS = "…"
# Control characters but line breaks and tabs, lone surrogates (JSON cannot carry them), and the
# marks that turn the reading direction of whatever follows them, our own words included.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def clean(text: str) -> str:
    """Return `text` without unwanted characters; every line ends in one line feed."""
    return _UNWANTED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def size(text: str) -> int:
    """Return the length in UTF-16 units, the most that a platform may count: an emoji is two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _as_it_is(text: str) -> str:
    return text


def cut(text: str, room: int, mend: Callable[[str], str] = _as_it_is) -> str:
    """Return at most `room` units of `text`, ended by `…` if it was shortened.

    `mend` takes a shortened text and removes an incomplete escape from its end.
    """
    if size(text) <= room:
        return text
    return head(text, room - 1, mend).rstrip() + ELLIPSIS if room > 0 else ""


def head(text: str, room: int, mend: Callable[[str], str] = _as_it_is) -> str:
    """Return the longest beginning of `text` that has at most `room` units after `mend`."""
    kept = text[: max(0, room)]
    while size(kept) > room:
        # One character has one or two units, so half of what is too much can be taken at once.
        kept = kept[: -max(1, (size(kept) - room) // 2)]
    return mend(kept) if len(kept) < len(text) else kept
