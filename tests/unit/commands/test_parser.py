"""The grammar as a table: what is typed, and what is understood."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.catalog.names import length_of
from bot.commands.parser import parse
from bot.commands.table import verb_words
from bot.domain.incident import CHANNEL_KINDS
from bot.domain.page import Severity
from bot.messages.headline import Question
from tests.unit.messages.examples import CLAUDE, SEVERAL

DEGRADED, PARTIAL, MAJOR = Severity.DEGRADED, Severity.PARTIAL, Severity.MAJOR


_DERIVED = {"rest", "arguments", "given", "is_sentence", "versions"}


def understood(text: str) -> dict[str, Any]:
    """What differs from an empty line."""
    words, empty = parse(text, CLAUDE), parse("", CLAUDE)
    return {
        name: getattr(words, name)
        for name in words.__slots__
        if name not in _DERIVED and getattr(words, name) != getattr(empty, name)
    }


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("", {}),
        ("api", {"surfaces": ["api"]}),
        ("api code", {"surfaces": ["api", "code"]}),
        ("api, code", {"surfaces": ["api", "code"]}),
        ("API", {"surfaces": ["api"]}),
        ("claude.ai", {"surfaces": ["claude.ai"]}),
        ("Claude Code", {"surfaces": ["code"]}),
        ("claude-code", {"surfaces": ["code"]}),
        ("claude", {"providers": ["claude"]}),
        ("opus 4.6", {"surfaces": ["opus"]}),
        ("opus4.6", {"surfaces": ["opus"]}),
        ("claude-opus-4-6-20260201", {"surfaces": ["opus"]}),
        ("claude-3-5-sonnet", {"surfaces": ["sonnet"]}),
        ("api share", {"surfaces": ["api"], "share": True}),
        ("share", {"share": True}),
        ("is the api down?", {"surfaces": ["api"]}),
        ("Is Claude Code down right now?", {"surfaces": ["code"]}),
        ("is it down", {}),
        ("is the api back?", {"surfaces": ["api"], "question": Question.UP}),
        ("/isclaudedown api", {"surfaces": ["api"]}),
        ("/isclaudedown subscribe api", {"verb": "subscribe", "surfaces": ["api"]}),
    ],
)
def test_a_question(text: str, meaning: dict[str, Any]) -> None:
    assert understood(text) == meaning


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("subscribe", {}),
        ("sub", {}),
        ("SUBSCRIBE API", {"surfaces": ["api"]}),
        ("subscribe api code partial", {"surfaces": ["api", "code"], "severity": PARTIAL}),
        ("subscribe partial code api", {"surfaces": ["code", "api"], "severity": PARTIAL}),
        ("opus subscribe", {"surfaces": ["opus"]}),
        ("subscribe api major outage", {"surfaces": ["api"], "severity": MAJOR}),
        ("subscribe to the api from degraded up", {"surfaces": ["api"], "severity": DEGRADED}),
        ("subscribe all", {"severity": Severity.UP}),
        ("subscribe maintenance", {"severity": Severity.MAINTENANCE}),
        ("subscribe everything", {"everything": True}),
        ("subscribe +opus -mobile", {"plus": ["opus"], "minus": ["mobile"]}),
        ("subscribe +opus –mobile", {"plus": ["opus"], "minus": ["mobile"]}),
        ("subscribe ＋opus", {"plus": ["opus"]}),
        ("subscribe +claude code", {"plus": ["code"]}),
        ("subscribe api api", {"surfaces": ["api"]}),
        (
            "subscribe api <!subteam^S12|@oncall>",
            {"surfaces": ["api"], "mention": "<!subteam^S12>"},
        ),
        ("subscribe api <@&12345>", {"surfaces": ["api"], "mention": "<@&12345>"}),
        ("subscribe api <@U1AB>", {"surfaces": ["api"], "mention": "<@U1AB>"}),
        ("subscribe api nomention", {"surfaces": ["api"], "no_mention": True}),
        ("subscribe api <!channel>", {"surfaces": ["api"], "everybody": True}),
        ("subscribe @here api", {"surfaces": ["api"], "everybody": True}),
        ("subscribe api thread-only", {"surfaces": ["api"], "thread_only": CHANNEL_KINDS}),
    ],
)
def test_a_subscription(text: str, meaning: dict[str, Any]) -> None:
    assert understood(text) == {"verb": "subscribe", **meaning}


@pytest.mark.parametrize(
    ("text", "verb", "meaning"),
    [
        ("unsub", "unsubscribe", {}),
        ("stop", "unsubscribe", {}),
        ("subs", "subscriptions", {}),
        ("list", "subscriptions", {}),
        ("mute for 30 min", "mute", {}),
        ("unmute", "unmute", {}),
        ("history", "history", {}),
        ("history api 7d", "history", {"surfaces": ["api"], "length": timedelta(days=7)}),
        ("history 7 days api", "history", {"surfaces": ["api"], "length": timedelta(days=7)}),
        ("api history", "history", {"surfaces": ["api"]}),
        ("history opus 7d", "history", {"surfaces": ["opus"], "length": timedelta(days=7)}),
        ("history opus 4.6 7 days", "history", {"surfaces": ["opus"], "length": timedelta(7)}),
        ("history opus 7 days", "history", {"surfaces": ["opus"], "length": timedelta(days=7)}),
        ("test", "test", {}),
        ("why", "why", {}),
        ("help", "help", {}),
        ("?", "help", {}),
    ],
)
def test_other_verbs(text: str, verb: str, meaning: dict[str, Any]) -> None:
    assert understood(text) == {"verb": verb, **meaning}


@pytest.mark.parametrize(("word", "verb"), verb_words().items())
def test_every_synonym_is_its_verb_alone(word: str, verb: str) -> None:
    assert parse(word, CLAUDE).verb == verb


def test_the_rest_of_a_report_is_kept_as_it_was_typed() -> None:
    words = parse("/isclaudedown report code   it says: 529, *overloaded*", CLAUDE)
    assert (words.verb, words.rest) == ("report", "code it says: 529, *overloaded*")
    assert words.doubts == []


def test_an_ambiguous_word_is_a_doubt_with_all_its_meanings() -> None:
    (doubt,) = parse("subscribe clau", CLAUDE).doubts
    assert set(doubt.meanings) == {"claude.ai", "code", "government"}


@pytest.mark.parametrize(
    "text",
    [
        "is claude down for everyone or just me",
        "hey, does it work for you and me?",
        "so, are we down again?",
        "what's going on with Claude",
        "why is claude down?",
        "why isn't it working",
        "is it back",
        "when will it be back?",
        "are there any issues",
        "can you tell me if anyone else has problems with claude",
    ],
)
def test_a_question_in_plain_english_is_a_question_about_everything(text: str) -> None:
    for catalog in (CLAUDE, SEVERAL):
        words = parse(text, catalog)
        assert (words.verb, words.asked, words.doubts) == ("ask", [], [])


@pytest.mark.parametrize(
    ("text", "surfaces"),
    [
        ("is the api, or code, down for us?", ["api", "code"]),
        ("does Opus 4.8 have trouble today?", ["opus"]),
        ("major outage of the api?", ["api"]),
    ],
)
def test_a_question_in_plain_english_names_what_it_names(text: str, surfaces: list[str]) -> None:
    words = parse(text, CLAUDE)
    assert (words.verb, words.asked, words.doubts) == ("ask", surfaces, [])


def test_is_it_just_me_is_asked_by_those_words() -> None:
    for text in ("is it just me?", "only me?", "justme", "just me with code"):
        assert parse(text, CLAUDE).verb == "justme"


def test_everyday_words_add_no_surface_to_a_subscription() -> None:
    words = parse("subscribe me to api and code", CLAUDE)
    assert (words.surfaces, words.doubts) == (["api", "code"], [])


def test_the_version_of_a_model_is_kept() -> None:
    assert parse("is opus 4.8 down", CLAUDE).versions == {"opus": "4.8"}
    assert parse("opus", CLAUDE).versions == {}


def test_a_provider_with_a_sign_is_all_of_its_surfaces() -> None:
    words = parse("subscribe -github", SEVERAL)
    assert (words.providers, words.surfaces) == ([], [])
    assert words.minus == [s.id for s in SEVERAL.provider("github").surfaces]


def test_an_unknown_word_is_a_doubt_with_the_nearest_match() -> None:
    assert parse("subscibe", CLAUDE).doubts[0].close == "subscribe"
    assert parse("subscribe majr", CLAUDE).doubts[0].close == "major"
    assert parse("subscribe consol3", CLAUDE).doubts[0].close == "console"
    assert parse("subscribe xyzzy", CLAUDE).doubts[0].close == ""


@pytest.mark.parametrize(
    ("token", "length"),
    [
        ("2h", timedelta(hours=2)),
        ("30m", timedelta(minutes=30)),
        ("30min", timedelta(minutes=30)),
        ("7d", timedelta(days=7)),
        ("2w", timedelta(days=14)),
        ("1h30m", timedelta(minutes=90)),
        ("3hours", timedelta(hours=3)),
    ],
)
def test_lengths_of_time(token: str, length: timedelta) -> None:
    assert length_of(token) == length


@pytest.mark.parametrize("token", ["", "h", "2", "0h", "2x", "-2h", "2months", "99999h", "²h"])
def test_what_is_no_length_of_time(token: str) -> None:
    assert length_of(token) is None


VOCABULARY = st.sampled_from(
    [
        "subscribe",
        "sub",
        "api",
        "code",
        "opus",
        "+opus",
        "-api",
        "4.6",
        "claude",
        "major",
        "all",
        "2h",
        "7",
        "d",
        "share",
        "is",
        "the",
        "?",
        "co",
    ]
)


@given(st.one_of(st.text(), st.lists(VOCABULARY, max_size=8).map(" ".join)))
def test_any_text_is_read_without_an_error(text: str) -> None:
    for catalog in (CLAUDE, SEVERAL):
        words = parse(text, catalog)
        assert words.verb in verb_words()
        known = {surface.id for surface in catalog.surfaces()}
        assert known >= {*words.surfaces, *words.plus, *words.minus}


@given(st.lists(st.sampled_from(["api", "opus", "major", "2h"]), unique=True), st.integers(0, 4))
def test_the_order_of_words_does_not_matter(words: list[str], place: int) -> None:
    typed = [*words[:place], "subscribe", *words[place:]]
    meant = parse(" ".join(["subscribe", *sorted(words)]), CLAUDE)
    found = parse(" ".join(typed), CLAUDE)
    assert found.verb == "subscribe"
    assert (set(found.surfaces), found.severity, found.length) == (
        set(meant.surfaces),
        meant.severity,
        meant.length,
    )
