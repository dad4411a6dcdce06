from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.incident import Ending, EventKind, Impact, Origin, SurfaceChange
from bot.domain.message import Quote
from bot.messages.reply import catch_up_message, reply_message
from tests.unit.messages.examples import (
    CLAUDE,
    IDENTIFIED,
    MAJOR,
    NOW,
    OPENED,
    OUTAGE,
    OVER,
    PARTIAL,
    RESOLVED,
    UP,
    ago,
    event,
    spoken,
)


def test_an_update_is_quoted_word_for_word_below_what_changed() -> None:
    card = reply_message(OUTAGE, IDENTIFIED, NOW, CLAUDE)
    assert spoken(card).splitlines() == [
        "🔴 Identified",
        "better: Claude Code major outage → partial outage",
        "> 17:47",
        "> We know why.",
    ]


def test_worse_names_the_incident_since_the_channel_sees_it_alone() -> None:
    worse = event(
        3, EventKind.WORSE, NOW, MAJOR, "It spreads.", changes=(SurfaceChange("api", UP, PARTIAL),)
    )
    card = reply_message(OUTAGE, worse, NOW, CLAUDE)
    assert card.title == "Worse: Claude.ai unavailable · API partial outage"
    assert "worse: API up → partial outage" in spoken(card)


def test_resolved_says_how_long_and_how_bad_it_was() -> None:
    card = reply_message(OVER, RESOLVED, NOW, CLAUDE)
    assert (card.emoji, card.title) == (
        "🟢",
        "Resolved: Claude.ai unavailable · after 1 h 53 min",
    )
    assert "up again: Claude Code partial outage → up" in spoken(card)
    assert "Major 40 min, partial 73 min" in spoken(card)


def test_resolved_while_something_is_still_down_is_not_shown_green() -> None:
    left = replace(OVER, surfaces={"api": Impact(PARTIAL, MAJOR)})
    card = reply_message(left, replace(RESOLVED, severity=PARTIAL), NOW, CLAUDE)
    assert card.emoji == "🟠"
    assert "Yet the API is still not shown as up" in spoken(card)


def test_an_edited_update_shows_its_new_text_and_says_so() -> None:
    edit = event(4, EventKind.CORRECTED, NOW, UP, "We know exactly why.", corrects="u2")
    card = reply_message(replace(OVER, events=(*OVER.events, edit)), IDENTIFIED, NOW, CLAUDE)
    assert "> We know exactly why." in spoken(card)
    assert "edited by the provider" in spoken(card)


def test_news_without_words_has_no_empty_quote() -> None:
    silent = replace(IDENTIFIED, text=" \n ")
    card = reply_message(replace(OUTAGE, events=(OPENED, silent)), silent, NOW, CLAUDE)
    assert not any(isinstance(block, Quote) for block in card.blocks)


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_of_news_has_a_title_and_a_plain_sentence(kind: EventKind) -> None:
    card = reply_message(OVER, replace(IDENTIFIED, kind=kind, phase=""), NOW, CLAUDE)
    assert card.title
    assert "Claude.ai unavailable" in card.plain


def test_many_updates_of_one_poll_are_all_quoted() -> None:
    said = [event(n, EventKind.UPDATE, NOW, MAJOR, f"Text {n}.") for n in range(2, 7)]
    said = [replace(one, observed_at=NOW, update_id=f"u{one.revision}") for one in said]
    card = catch_up_message(replace(OUTAGE, events=(OPENED, *said)), 1, NOW)
    assert [block.text for block in card.blocks if isinstance(block, Quote)] == [
        f"Text {n}." for n in range(2, 7)
    ]


def test_catching_up_tells_the_present_and_how_much_was_missed() -> None:
    card = catch_up_message(OVER, 1, NOW)
    assert card.title == "Catching up: Claude.ai unavailable · resolved after 1 h 53 min"
    text = spoken(card)
    assert "2 updates came since my last message here" in text
    assert "In short: major outage → up." in text
    assert "> This is over." in text
    assert "> We know why." not in text


def test_our_own_words_are_not_quoted_as_the_providers() -> None:
    ours = replace(OPENED, update_id=None, text="The page shows it down.")
    card = reply_message(replace(OUTAGE, events=(ours,)), ours, NOW, CLAUDE)
    assert not any(isinstance(block, Quote) for block in card.blocks)
    assert "The page shows it down." in spoken(card)


def test_a_suspicion_that_came_to_nothing_is_not_called_resolved() -> None:
    suspected = replace(OVER, origin=Origin.SUSPECTED)
    assert reply_message(suspected, RESOLVED, NOW, CLAUDE).title.startswith("Nothing confirmed: ")


def test_a_confirmation_says_how_far_ahead_we_were() -> None:
    confirmed = replace(OUTAGE, suspected_at=ago(30), official_at=ago(18))
    card = reply_message(confirmed, replace(OPENED, kind=EventKind.CONFIRMED), NOW, CLAUDE)
    assert "Suspected here 12 min before the provider said so." in spoken(card)


def test_when_much_gets_worse_the_title_says_how_bad_it_is_and_the_lines_say_what() -> None:
    changes = tuple(SurfaceChange(s, UP, PARTIAL) for s in ("api", "code", "cowork"))
    worse = event(3, EventKind.WORSE, NOW, MAJOR, changes=changes)
    card = reply_message(OUTAGE, worse, NOW, CLAUDE)
    assert card.title == "Worse: Claude.ai unavailable · partial outage"
    assert "worse: API, Claude Code and Cowork (up → partial outage)" in spoken(card)


def test_what_was_only_handed_over_is_neither_resolved_nor_up_again() -> None:
    given = (SurfaceChange("api", PARTIAL, UP, released=True),)
    end = replace(
        RESOLVED,
        ending=Ending.HANDED_OVER,
        phase="handed over",
        changes=given,
        text="",
        note="Now it is “B”.",
    )
    card = reply_message(replace(OVER, ending=Ending.HANDED_OVER), end, NOW, CLAUDE)
    assert card.title == "Handed over: Claude.ai unavailable"
    assert card.emoji == "ℹ️"
    assert "Now it is “B”." in spoken(card)
    assert "up again" not in spoken(card)
