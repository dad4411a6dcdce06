"""What Slack's limits and manners allow, for any card at all.

The judge of form is the local Slack's own reading of the documentation, not the renderer's.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from adapters.chat.text import size
from adapters.slack.mrkdwn import ZERO_WIDTH, cut_escaped, escape, split
from adapters.slack.render import Rendered, render
from bot.domain.message import (
    Button,
    Lines,
    Link,
    Message,
    Note,
    Quote,
    Row,
    Rows,
    Text,
    ThreadLink,
    Time,
)
from bot.domain.page import Severity
from tests.servers.slack.blocks import (
    TEXT_WISE,
    TOTAL_WISE,
    block_findings,
    inert_findings,
    texts,
    total_text,
)
from tests.shared import shared_path

AT = datetime(2026, 4, 28, 17, 41, tzinfo=UTC)
HOSTILE = (
    "<!channel> <!here|here> <!subteam^S1> <@U1> @channel @here &lt;!channel&gt; <http://x|y> "
    "*bold* _it_ ~s~ `c` ```block``` > quote &amp; :fire: "
    "\u202egnp.exe \x00\ud800 🔴👩‍👩‍👧 שלום مرحبا "
)

words = st.one_of(
    st.text(max_size=80),
    st.sampled_from([HOSTILE, HOSTILE * 40, "x" * 6000, "&" * 6000, "🔴" * 4000, "", " ", "\n"]),
    st.text(alphabet="<>&!@#*_~`|:\n \u200b\u202eab", max_size=200),
)
moments = st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC))
addresses = st.one_of(st.just("https://status.claude.com/incidents/x?a=1&b=2"), words)
spans = st.one_of(
    st.builds(Text, words, st.booleans(), st.booleans(), st.booleans()),
    st.builds(Link, words, addresses),
    st.builds(Time, moments, st.sampled_from(["ago", "clock", "date"])),
    st.builds(ThreadLink, words, st.one_of(st.none(), st.just("1700000000.000100"), words)),
)
lines = st.lists(spans, max_size=5).map(tuple)
rows = st.builds(Row, st.sampled_from(Severity), words, words, st.none() | moments, words)
blocks = st.one_of(
    st.builds(Lines, st.lists(lines, max_size=8).map(tuple)),
    st.builds(Quote, words, lines),
    st.builds(Rows, st.lists(rows, max_size=12).map(tuple)),
    st.builds(Note, lines),
)
buttons = st.builds(
    Button, st.sampled_from(["affected", "back"]), words, words, st.booleans(), addresses
)
cards = st.builds(
    Message,
    title=words,
    plain=words,
    severity=st.none() | st.sampled_from(Severity),
    blocks=st.lists(blocks, max_size=70).map(tuple),
    buttons=st.lists(buttons, max_size=30).map(tuple),
    struck=st.booleans(),
)


def findings(drawn: Rendered) -> list[str]:
    found = list(block_findings(drawn.blocks)) + list(
        inert_findings(drawn.text, drawn.blocks, set())
    )
    if total_text(drawn.blocks) > TOTAL_WISE:
        found.append("too much text")
    if not 1 <= len(drawn.text) <= TEXT_WISE:
        found.append("fallback text")
    return found


def shown(drawn: Rendered) -> str:
    """What a reader sees of the blocks, as far as text goes."""
    said = "\n".join(str(t["text"]) for t in texts(drawn.blocks))
    return unescape(said).replace(ZERO_WIDTH, "")


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(cards)
def test_any_card_is_within_slacks_limits_and_pings_nobody(card: Message) -> None:
    drawn = render(card)

    assert findings(drawn) == []
    json.dumps({"text": drawn.text, "blocks": drawn.blocks}).encode()


@given(words, st.integers(0, 300))
def test_a_cut_fits_and_breaks_no_entity(text: str, room: int) -> None:
    whole = escape(text)
    short = cut_escaped(whole, room)

    assert size(short) <= max(room, 0) or short == whole
    assert re.search(r"&(?!amp;|lt;|gt;)", short) is None


@given(st.text(alphabet="*_~` ab", max_size=30))
def test_nothing_from_outside_is_formatted(text: str) -> None:
    """Slack opens a style at the edge of a word and closes it at the other."""
    assert (
        re.search(r"(?<![\w])([*_~`])[^\s\u200b](?:.*[^\s\u200b])?\1(?!\w)", escape(text)) is None
    )


@pytest.mark.parametrize("text", ["claude_code and snake_case_name", "2 * 3 = 6", "14:05:10 UTC"])
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert escape(text) == text


@pytest.mark.parametrize(
    ("words", "typed"),
    [
        ("subscribe api partial", "`/isclaudedown subscribe api partial`"),
        ("(nothing)", "`/isclaudedown`"),
        ("incident abc1", "`/isclaudedown incident abc1`"),
        ("529", "`529`"),
        ("sub", "`sub`"),
    ],
)
def test_a_command_is_shown_as_it_is_typed(words: str, typed: str) -> None:
    drawn = render(Message("t", "p", blocks=(Lines(((Text(words, code=True),),)),)))
    assert typed in shown(drawn)


def test_a_quote_is_word_for_word_and_every_line_of_it_is_quoted() -> None:
    text = "We <b>see</b> errors & retries.\n\nMore: https://x.y/z\n> really"
    drawn = render(Message("t", "p", blocks=(Quote(text, (Text("14:19 investigating"),)),)))
    (quote,) = [t["text"] for t in texts(drawn.blocks) if "investigating" in t["text"]]

    assert all(line.startswith(">") for line in quote.split("\n")[1:])
    assert "\n".join(line[1:] for line in unescape(quote).split("\n")[1:]) == text


@given(words, st.integers(20, 300))
@example("000000*:*0<*", 20)
def test_a_split_loses_nothing_and_breaks_no_entity(text: str, room: int) -> None:
    whole = escape(text)
    parts = split(whole, room)

    assert all(size(part) <= room for part in parts)
    assert "".join(parts).replace(" ", "") == whole.replace(" ", "")
    assert all(re.search(r"&(?!amp;|lt;|gt;)", part) is None for part in parts)


def test_a_text_of_6000_characters_is_shown_whole() -> None:
    text = " ".join(f"word{n}" for n in range(780))
    drawn = render(Message("Down", "Down", blocks=(Quote(text),)))

    assert len(text) > 6000
    assert findings(drawn) == []
    assert re.sub(r"[\s>]+", " ", shown(drawn)).endswith(text)


def test_quotes_give_way_to_what_is_ours() -> None:
    rows_ = tuple(Row(Severity.MAJOR, f"surface {n}", "major outage", AT) for n in range(20))
    card = Message(
        "Down",
        "Down",
        blocks=(Quote("x" * 6000), Quote("y" * 6000), Rows(rows_), Note((Text("last words"),))),
        buttons=(Button("affected", "I'm affected"),),
    )
    drawn = render(card)

    assert "surface 19" in shown(drawn)
    assert "last words" in shown(drawn)
    assert shown(drawn).count("…") == 2
    assert drawn.blocks[-1]["type"] == "actions"


def test_a_time_is_in_the_readers_zone_with_utc_for_those_that_cannot() -> None:
    drawn = render(Message("t", "p", blocks=(Lines(((Time(AT),),)),)))
    assert "<!date^1777398060^{time}|17:41 UTC>" in str(drawn.blocks)


def test_a_link_that_is_not_http_is_only_its_text() -> None:
    line = (Link("tap", "javascript:alert(1)"), Text(" "), Link("page", "https://a.b/?c=1&d=2"))
    said = str(render(Message("t", "p", blocks=(Lines((line,)),))).blocks)

    assert "javascript" not in said
    assert "<https://a.b/?c=1&amp;d=2|page>" in said


def test_a_card_without_blocks_is_its_plain_text_alone() -> None:
    assert render(Message("t", "a < b")) == Rendered("a &lt; b", [])


def test_styles_hold_although_the_text_has_blanks_at_its_ends() -> None:
    line = (Text("it is "), Text(" down ", bold=True), Text("now"))
    assert "it is  *down* now" in str(render(Message("t", "p", blocks=(Lines((line,)),))).blocks)


def test_buttons_of_one_action_can_be_told_apart() -> None:
    two = (Button("incident", "one", "1"), Button("incident", "two", "2"))
    (row,) = [b for b in render(Message("t", "p", buttons=two)).blocks if b["type"] == "actions"]
    assert [e["action_id"] for e in row["elements"]] == ["icd.incident", "icd.incident.1"]


def longest_texts(folder: Path) -> list[str]:
    found: list[str] = []

    def walk(node: object) -> None:
        if isinstance(node, dict):
            for value in node.values():
                walk(value)
        elif isinstance(node, list):
            for value in node:
                walk(value)
        elif isinstance(node, str) and len(node) > 1500:
            found.append(node)

    for path in folder.rglob("*.json"):
        walk(json.loads(path.read_text(encoding="utf-8")))
    return found


def test_the_longest_texts_that_pages_ever_published_fit() -> None:
    long = longest_texts(shared_path("data"))
    assert long
    for text in long:
        card = Message(text[:300], text, blocks=(Quote(text), Quote(text), Quote(text)))
        assert findings(render(card)) == []
