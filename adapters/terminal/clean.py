"""Makes text from outside harmless on a terminal.

A terminal obeys control characters: escape sequences recolour, move, retitle or paste; bidi
overrides make text read as something else. Here they become visible marks.
"""

from __future__ import annotations

import unicodedata

_BIDI = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C}
_MARK = "\ufffd"
_CONTROL_PICTURES = 0x2400  # U+2401 is the picture of U+0001, and so on
_MOST_MARKS_ON_A_LETTER = 4  # more combining marks than any script needs run over other lines


def is_obeyed(char: str) -> bool:
    """Return whether a terminal might do something else with it than show it."""
    return ord(char) in _BIDI or unicodedata.category(char) in {"Cc", "Cs", "Cn"}


def clean(text: str, *, lines: bool = False) -> str:
    """`text` with nothing in it that a terminal would obey. `lines`: line breaks may stay."""
    # splitlines knows every kind of line break, among them those that only some terminals obey.
    parts = []
    for part in text.splitlines():
        harmless, marks = [], 0
        for char in part.replace("\t", " "):
            marks = marks + 1 if unicodedata.combining(char) else 0
            if marks > _MOST_MARKS_ON_A_LETTER:
                continue
            if ord(char) < 0x20:
                harmless.append(chr(_CONTROL_PICTURES + ord(char)))
            else:
                harmless.append(_MARK if is_obeyed(char) else char)
        parts.append("".join(harmless))
    return ("\n" if lines else " ").join(parts)
