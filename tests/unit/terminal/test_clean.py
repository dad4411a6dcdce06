from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.terminal.clean import clean


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[31mred", "␛[31mred"),
        ("\x1b]0;title\x07", "␛]0;title␇"),
        ("\x9b2J", "\ufffd2J"),
        ("over\u202etxt.exe", "over\ufffdtxt.exe"),
        ("\u2066a\u2069", "\ufffda\ufffd"),
        ("back\b\b\bspace", "back␈␈␈space"),
        ("a\tb", "a b"),
        ("one\ntwo\r\nthree\u2028four\x0bfive", "one two three four five"),
        ("\x7f", "\ufffd"),
        ("\ud800", "\ufffd"),
    ],
)
def test_what_a_terminal_would_obey_is_only_shown(hostile: str, shown: str) -> None:
    assert clean(hostile) == shown


@pytest.mark.parametrize("text", ["שלום", "日本語", "🔴 émoji 👩‍💻", "i\u0307", "नमस्ते", "–“”…"])
def test_ordinary_text_of_any_script_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


def test_piled_up_marks_do_not_run_over_other_lines() -> None:
    assert len(clean("a" + "\u0301" * 100)) == 5


def test_lines_stay_lines_where_they_may() -> None:
    assert clean("one\n\ntwo\x1b", lines=True) == "one\n\ntwo␛"


@given(st.text(st.characters()))
def test_nothing_that_controls_is_ever_left(text: str) -> None:
    left = clean(text, lines=True).replace("\n", "")
    assert not [c for c in left if unicodedata.category(c) in {"Cc", "Cs"}]
    assert not [c for c in left if unicodedata.bidirectional(c) in {"RLO", "LRO", "RLE", "LRE"}]
