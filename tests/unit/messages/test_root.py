from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incident import Ending, EventKind, Impact, Incident, Origin, SurfaceChange
from bot.domain.message import Quote, Rows
from bot.domain.page import Severity
from bot.messages.root import root_message
from tests.unit.messages.examples import (
    CLAUDE,
    DEGRADED,
    MAJOR,
    NOW,
    OUTAGE,
    OVER,
    PARTIAL,
    UP,
    ago,
    event,
    spoken,
)


def root(incident: Incident = OUTAGE) -> str:
    return spoken(root_message(incident, NOW, CLAUDE))


def test_the_title_says_how_bad_in_colour_and_in_words() -> None:
    card = root_message(OUTAGE, NOW, CLAUDE)
    assert (card.emoji, card.title) == ("🔴", "Claude.ai unavailable · major outage")


def test_every_surface_has_a_row_with_a_word_beside_its_colour() -> None:
    text = root()
    assert "major_outage: claude.ai major outage since 17:41" in text
    assert "partial_outage: Claude Code partial outage since 17:47 (was major outage)" in text


def test_surfaces_that_are_alike_share_a_row() -> None:
    names = ("claude.ai", "api", "code", "cowork")
    began = replace(OUTAGE.events[0], changes=tuple(SurfaceChange(s, UP, PARTIAL) for s in names))
    alike = replace(
        OUTAGE,
        severity=PARTIAL,
        worst=PARTIAL,
        surfaces={s: Impact(PARTIAL, PARTIAL) for s in names},
        events=(began,),
    )
    card = root_message(alike, NOW, CLAUDE)
    (rows,) = [block.rows for block in card.blocks if isinstance(block, Rows)]

    assert [row.name for row in rows] == ["claude.ai, API, Claude Code, Cowork"]
    assert card.plain.startswith("🟠 Claude partial outage: claude.ai, API, Claude Code, Cowork.")


def test_a_surface_known_from_words_alone_is_marked() -> None:
    surfaces = {"opus": Impact(DEGRADED, DEGRADED, from_text=True)}
    assert "Opus degraded since 17:41 (from the text)" in root(replace(OUTAGE, surfaces=surfaces))


def test_the_opening_text_is_quoted_whole_and_the_latest_one_short() -> None:
    long = "word " * 400
    later = replace(
        OUTAGE, events=(replace(OUTAGE.events[0], text=long), replace(OUTAGE.events[1], text=long))
    )
    quotes = [b.text for b in root_message(later, NOW, CLAUDE).blocks if isinstance(b, Quote)]
    assert quotes[0] == long.strip()
    assert len(quotes[1]) <= 300


def test_an_edited_text_is_quoted_as_it_reads_now() -> None:
    edit = event(3, EventKind.CORRECTED, NOW, MAJOR, "We looked into it.", corrects="u1")
    text = root(replace(OUTAGE, events=(*OUTAGE.events, edit)))
    assert "We looked into it." in text
    assert "We are looking into it." not in text
    assert "edited by the provider" in text


def test_an_ended_incident_is_green_with_its_length_and_its_timeline() -> None:
    card = root_message(OVER, NOW, CLAUDE)
    assert (card.emoji, card.ended) == ("🟢", True)
    assert card.title == "Claude.ai unavailable · resolved after 1 h 53 min"
    assert "Major 40 min, partial 73 min" in spoken(card)


def test_resolved_while_still_down_is_said_and_not_green() -> None:
    left = replace(OVER, surfaces={"code": Impact(PARTIAL, MAJOR), "api": Impact(UP, MAJOR)})
    card = root_message(left, NOW, CLAUDE)
    assert card.emoji == "🟠"
    assert "Resolved by the provider, yet Claude Code is still not shown as up." in spoken(card)


def test_a_withdrawn_incident_is_struck_and_says_by_whom() -> None:
    card = root_message(replace(OVER, ending=Ending.WITHDRAWN), NOW, CLAUDE)
    assert card.struck
    assert card.ended
    assert "withdrawn by the provider" in card.title


def test_joining_midway_is_marked() -> None:
    assert "Joined midway" in spoken(root_message(OUTAGE, NOW, CLAUDE, joined_midway=True))
    assert "Joined midway" not in root()


def test_a_suspicion_is_never_told_as_a_fact() -> None:
    card = root_message(replace(OUTAGE, origin=Origin.SUSPECTED), NOW, CLAUDE)
    assert card.title.startswith("Suspected: ")
    assert spoken(card).count("has not confirmed it") == 1
    assert card.plain.startswith("🔴 Suspected: Claude major outage")


def test_an_outage_without_an_incident_says_that_the_page_shows_none() -> None:
    assert "which shows no incident for it" in root(replace(OUTAGE, origin=Origin.OURS))


def test_an_open_incident_with_everything_green_is_no_outage() -> None:
    green = replace(OUTAGE, severity=UP, surfaces={"api": Impact(UP, MAJOR)})
    card = root_message(green, NOW, CLAUDE)
    assert (card.emoji, card.ended) == ("🟢", False)
    assert card.title == "Claude.ai unavailable · up again, still watched"


def test_a_notice_that_never_was_an_outage_is_no_colour_at_all() -> None:
    notice = replace(OUTAGE, severity=UP, worst=UP, surfaces={}, timeline=((ago(10), UP),))
    card = root_message(notice, NOW, CLAUDE)
    assert (card.emoji, card.title) == ("ℹ️", "Claude.ai unavailable · notice")
    assert not any(isinstance(block, Rows) for block in card.blocks)


def test_maintenance_says_from_when_to_when() -> None:
    planned = replace(
        OUTAGE,
        maintenance=True,
        severity=Severity.MAINTENANCE,
        scheduled_for=NOW + timedelta(hours=1),
        scheduled_until=NOW + timedelta(hours=3),
    )
    card = root_message(planned, NOW, CLAUDE)
    assert (card.emoji, card.title) == ("🔧", "Claude.ai unavailable · maintenance planned")
    assert "From 18:51 until 20:51" in spoken(card)
    assert "It will touch claude.ai and Claude Code." in spoken(card)
    assert not any(isinstance(block, Rows) for block in card.blocks)


def test_the_plain_form_is_a_sentence_that_says_it_all() -> None:
    assert root_message(OUTAGE, NOW, CLAUDE).plain == (
        "🔴 Claude major outage: claude.ai; partial outage: Claude Code. Claude.ai unavailable. "
        "Claude says: identified."
    )


def test_buttons_carry_the_incident_and_none_is_too_long_for_a_platform() -> None:
    values = {button.value for button in root_message(OUTAGE, NOW, CLAUDE).buttons}
    assert values == {"claude/9l93x2ht4s5w"}
    assert root_message(replace(OUTAGE, id="x" * 90), NOW, CLAUDE).buttons == ()


@given(st.text(), st.text(max_size=50))
def test_any_text_of_a_provider_makes_a_card_with_a_title_that_keeps_our_word(
    title: str, phase: str
) -> None:
    card = root_message(replace(OUTAGE, title=title, phase=phase), NOW, CLAUDE)
    assert card.title.endswith(" · major outage")
    assert len(card.title) <= 150
    assert "\n" not in card.title


def test_a_notice_says_what_it_is_about_and_an_outage_that_names_nothing_says_so() -> None:
    about = {"api": Impact(UP, UP, from_text=True), "code": Impact(UP, UP, from_text=True)}
    notice = replace(OUTAGE, severity=UP, worst=UP, surfaces=about)
    assert "About the API and Claude Code, going by its text." in root(notice)
    assert "does not say which part of it is affected" in root(replace(OUTAGE, surfaces={}))


def test_what_we_named_ourselves_says_how_bad_it_is_once_and_as_it_is_now() -> None:
    ours = replace(OUTAGE, origin=Origin.OURS, title="Claude Code: partial outage")
    assert root_message(ours, NOW, CLAUDE).title == "Claude Code · major outage"
    theirs = replace(ours, origin=Origin.PROVIDER)
    assert root_message(theirs, NOW, CLAUDE).title == "Claude Code: partial outage · major outage"


def test_what_reopens_an_old_incident_says_which() -> None:
    assert "incident abc1" in root(replace(OUTAGE, continues="claude/abc1"))


def test_the_plain_form_never_puts_our_words_into_the_providers_mouth() -> None:
    for origin in (Origin.OURS, Origin.SUSPECTED):
        assert "says:" not in root_message(replace(OUTAGE, origin=origin), NOW, CLAUDE).plain
