"""What Slack and Discord share about text: every measure holds for any text at all."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.http import decode, encode
from adapters.chat.text import ELLIPSIS, clean, cut, head, size

texts = st.one_of(st.text(max_size=60), st.text(alphabet="a🔴\\ &;", max_size=60))


def without_half_escape(text: str) -> str:
    return re.sub(r"(?<!\\)((?:\\\\)*)\\$", r"\1", text)


@given(texts, st.integers(-1, 80))
def test_a_cut_text_fits_and_says_that_it_was_cut(text: str, room: int) -> None:
    short = cut(text, room)

    assert size(short) <= max(0, room) or short == text
    assert short in {text, ""} or short.endswith(ELLIPSIS)


@given(texts, st.integers(0, 80))
def test_a_beginning_is_as_long_as_fits(text: str, room: int) -> None:
    kept = head(text, room)

    assert text.startswith(kept)
    assert kept == text or room - size(kept) <= 1


@given(texts.map(lambda text: text.replace("\\", "\\\\")), st.integers(0, 80))
def test_what_a_platform_mends_is_whole_after_a_cut(text: str, room: int) -> None:
    short = cut(text, room, without_half_escape).removesuffix(ELLIPSIS)

    assert (len(short) - len(short.rstrip("\\"))) % 2 == 0


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("a\r\nb\rc", "a\nb\nc"),
        ("\x1b[31mred\x9b0m", "[31mred0m"),
        ("\u202egnp.exe", "gnp.exe"),
        ("half \ud800 a pair", "half  a pair"),
        ("tab\tstays", "tab\tstays"),
    ],
)
def test_what_no_message_needs_is_removed(raw: str, shown: str) -> None:
    assert clean(raw) == shown


def test_json_that_utf_8_cannot_carry_is_sent_all_the_same() -> None:
    assert decode(encode({"text": ["\ud800 down", "up"]})) == {"text": ["? down", "up"]}


@pytest.mark.parametrize("raw", [b"", b"<html>", b"[1]", b"\xff"])
def test_an_answer_that_is_no_json_object_is_empty(raw: bytes) -> None:
    assert decode(raw) == {}
