from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from adapters.terminal import render
from adapters.terminal.look import Look
from bot.domain.incident import Ending
from bot.domain.message import Lines, Link, Message, Note, Quote, Row, Rows, Text, ThreadLink, Time
from bot.domain.page import Severity
from bot.messages.reply import reply_message
from bot.messages.root import root_message
from tests.unit.messages.examples import CLAUDE, IDENTIFIED, NOW, OUTAGE, OVER, ago

ZONE = timezone(timedelta(hours=2))
PLAIN = Look(80, colour=False, now=NOW.astimezone(ZONE))
COLOURED = replace(PLAIN, colour=True)
ANSI = re.compile(r"\x1b\[[\d;]*m")


def test_a_root_in_plain_lines() -> None:
    assert render.root(root_message(OUTAGE, NOW, CLAUDE), PLAIN).splitlines() == [
        "19:51 🔴 Claude.ai unavailable · major outage",
        "      🔴 claude.ai    major outage    since 19:41 (10 min)",
        "      🟠 Claude Code  partial outage  since 19:47 (4 min) · was major outage",
        "      Identified · started 19:41",
        "      ┃ 19:41 investigating · We are looking into it.",
        "      ┃ 19:47 identified · We know why.",
        "      What you can do: save your work and keep the session open.",
        "      Official: Claude status page, 2 updates · open it:",
        "      https://stspg.io/9l93x2ht4s5w",
    ]


def test_a_reply_stands_below_the_name_of_its_thread() -> None:
    drawn = render.reply(reply_message(OUTAGE, IDENTIFIED, NOW, CLAUDE), PLAIN, of="Claude.ai")
    assert drawn.splitlines() == [
        "19:51 ↳ Claude.ai",
        "      │ 🔴 Identified",
        "      │ better: Claude Code major outage → partial outage",
        "      │ ┃ 19:47 · We know why.",
    ]


def test_a_revised_root_is_one_line() -> None:
    drawn = render.revised(root_message(OVER, NOW, CLAUDE), PLAIN)
    assert drawn == "19:51 ✎ 🟢 Claude.ai unavailable · resolved after 1 h 53 min\n"


def test_colours_only_add_to_the_words() -> None:
    card = root_message(OUTAGE, NOW, CLAUDE)
    coloured = render.root(card, COLOURED)
    assert ANSI.search(coloured)
    assert ANSI.sub("", coloured) == render.root(card, PLAIN)


def test_struck_titles_are_struck_and_say_so_without_colours() -> None:
    card = root_message(replace(OVER, ending=Ending.WITHDRAWN), NOW, CLAUDE)
    assert "\x1b[1;9;32m" in render.root(card, COLOURED)
    assert "withdrawn by the provider" in render.root(card, PLAIN)


@pytest.mark.parametrize(
    ("minutes", "style", "words"),
    [
        (10, "clock", "19:41"),
        (10, "ago", "10 min ago"),
        (-10, "ago", "in 10 min"),
        (60 * 24, "clock", "19 Nov 19:51"),
        (60 * 24 * 400, "date", "16 Oct 2025 19:51"),
    ],
)
def test_times_are_in_the_readers_zone(minutes: float, style: str, words: str) -> None:
    assert render.moment(ago(minutes), PLAIN, style) == words


def test_links_show_where_they_lead_and_only_to_the_web() -> None:
    lines = Lines(((Link("open it", "https://x.org/1"), Text(" "), Link("or", "javascript:x")),))
    drawn = render.root(Message("T", "T", blocks=(lines,)), PLAIN)
    assert "open it: https://x.org/1 or" in drawn
    assert "javascript" not in drawn


HOSTILE = st.text(st.characters(), max_size=300)
SPANS = st.one_of(
    st.builds(Text, HOSTILE, st.booleans(), st.booleans(), st.booleans()),
    st.builds(Link, HOSTILE, HOSTILE.map(lambda t: f"https://{t}")),
    st.builds(Time, st.just(NOW), st.sampled_from(["clock", "ago", "date"])),
    st.builds(ThreadLink, HOSTILE),
)
LINE = st.lists(SPANS, max_size=4).map(tuple)
ROW = st.builds(Row, st.sampled_from(Severity), HOSTILE, HOSTILE, st.none(), HOSTILE)
BLOCKS = st.one_of(
    st.lists(LINE, max_size=3).map(lambda lines: Lines(tuple(lines))),
    st.builds(Quote, HOSTILE, LINE),
    st.builds(Note, LINE),
    st.lists(ROW, max_size=3).map(lambda rows: Rows(tuple(rows))),
)
CARDS = st.builds(
    Message,
    HOSTILE,
    HOSTILE,
    st.none() | st.sampled_from(Severity),
    blocks=st.lists(BLOCKS, max_size=4).map(tuple),
)


@given(CARDS, st.integers(1, 120), st.booleans())
def test_any_card_is_drawn_within_the_width_and_harmless(
    card: Message, width: int, colour: bool
) -> None:
    look = Look(width, colour, NOW)
    for drawn in (
        render.root(card, look),
        render.reply(card, look, of=card.title),
        render.revised(card, look, of=card.title),
    ):
        plain = ANSI.sub("", drawn)
        assert not [c for c in plain if ord(c) < 32 and c != "\n"]
        assert all(cell_len(line) <= max(width, 30) for line in plain.splitlines())
