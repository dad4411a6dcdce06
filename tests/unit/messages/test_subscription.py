from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.commands.table import help_lines
from bot.domain.incident import EventKind
from bot.domain.message import Text
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Pause, Subscription
from bot.messages.help import help_message
from bot.messages.subscription import changed_message, effective, subscriptions_message
from bot.messages.text import notice
from tests.unit.messages.examples import CLAUDE, NOW, ago, line_words, spoken

HERE = Subscription(Channel("slack", "T1", "C1"), surfaces=frozenset({"code", "api"}))


@pytest.mark.parametrize(
    ("severity", "words"),
    [
        (Severity.UP, "every notice"),
        (Severity.MAINTENANCE, "from maintenance up"),
        (Severity.DEGRADED, "from degraded up"),
        (Severity.PARTIAL, "from partial outage up"),
        (Severity.MAJOR, "major outages only"),
    ],
)
def test_what_a_channel_gets_is_one_line(severity: Severity, words: str) -> None:
    line = line_words(effective(replace(HERE, severity=severity), CLAUDE, NOW))
    assert line == f"This channel gets: API, Claude Code · {words}"


def test_everything_else_that_is_set_stands_in_the_same_line() -> None:
    full = replace(
        HERE,
        mention="<!subteam^S1>",
        thread_only=frozenset({EventKind.WORSE, EventKind.RESOLVED}),
        muted_until=NOW + timedelta(hours=1),
    )
    assert line_words(effective(full, CLAUDE, NOW)) == (
        "This channel gets: API, Claude Code · from degraded up"
        " · calls somebody when it opens and when it gets worse"
        " · only in the thread: resolved and worse"
        " · muted until 18:51"
    )


def test_a_mute_that_is_over_is_not_spoken_of() -> None:
    over = replace(HERE, muted_until=ago(1))
    assert "muted" not in line_words(effective(over, CLAUDE, NOW))


def test_a_paused_channel_says_since_when_why_and_what_to_do() -> None:
    pause = Pause("not_in_channel", ago(60), NOW + timedelta(minutes=5))
    paused = replace(HERE, paused=pause)
    text = spoken(subscriptions_message(paused, [], CLAUDE, NOW, "The platform says {}".format))
    assert "Paused since 16:51: The platform says not_in_channel. I try again in 5 min." in text


def test_a_change_ends_with_the_settings_and_the_command_that_changes_them() -> None:
    last = spoken(changed_message("Done", HERE, CLAUDE, NOW, str)).splitlines()[-2:]
    assert last[0].startswith("This channel gets: ")
    assert last[1] == (
        "Change it: subscribe api code partial replaces, subscribe -api adjusts, "
        "unsubscribe ends it."
    )


def test_other_channels_are_counted_and_not_named() -> None:
    other = replace(HERE, channel=Channel("slack", "T1", "C-secret"))
    text = spoken(subscriptions_message(None, [other], CLAUDE, NOW, str))
    assert "This channel is not subscribed" in text
    assert "1 other channel here is subscribed too." in text
    assert "C-secret" not in text


def test_help_lists_what_the_table_of_commands_has() -> None:
    assert "explain <pasted error>" in spoken(help_message(help_lines()))


def test_a_sentence_that_is_read_aloud_ends_once() -> None:
    card = notice("What?", (Text("I don't know it."),), (Text("Did you mean api?"),), (Text("Ok"),))
    assert card.plain == "What? I don't know it. Did you mean api? Ok"
