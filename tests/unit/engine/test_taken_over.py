"""Whose a component is that went down by itself, once the provider says something."""

from dataclasses import replace

import pytest

from bot.domain.incident import Ending, Origin
from bot.domain.page import Severity

from .build import (
    BETTER,
    DEGRADED,
    MAJOR,
    OPENED,
    OWN,
    PARTIAL,
    RESOLVED,
    UP,
    UPDATE,
    WORSE,
    Watch,
    minute,
    quiet_watch,
    report,
    update,
)


def test_the_providers_incident_within_30_min_continues_ours() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    first = update("u1", 20, api=(MAJOR, MAJOR))
    assert watch.see(21, report("i", first, title="API errors")) == [(OWN, UPDATE)]
    incident = watch.now(OWN)
    assert (incident.origin, incident.aliases) == (Origin.PROVIDER, ("i",))
    assert incident.title == "API errors"
    end = update("u2", 50, "resolved", api=(MAJOR, UP))
    told = watch.see(51, report("i", first, end, title="API errors"), components={"api": UP})
    assert told == [(OWN, RESOLVED)]
    assert watch.see(52, recent=[report("i", first, end, title="API errors")]) == []


def test_the_one_that_continues_ours_may_make_it_worse() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    first = update("u1", 5, api=(MAJOR, MAJOR), code=(UP, PARTIAL))
    assert watch.see(6, report("i", first), components={"code": PARTIAL}) == [(OWN, WORSE)]


def test_one_that_names_no_component_but_means_it_in_words_continues_ours_too() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    page = report("i", update("u1", 5, text="Requests to the Claude API fail."))
    assert watch.see(6, page) == [(OWN, UPDATE)]
    other = quiet_watch()
    other.see(1, components={"api": MAJOR})
    assert other.see(6, report("i", update("u1", 5, text="Billing is late."))) == [("i", OPENED)]


def test_a_component_that_an_open_incident_means_in_words_makes_none_of_ours() -> None:
    watch = quiet_watch()
    page = report("i", update("u1", 0, text="Requests to the Claude API fail."))
    watch.see(1, page)
    assert watch.see(5, page, components={"api": MAJOR}) == [("i", WORSE)]
    assert not watch.now("i").surfaces["api"].from_text
    ((own, kind),) = watch.see(9, page, components={"code": MAJOR})
    assert (own.startswith("own-"), kind) == (True, OPENED)


def test_an_incident_about_other_components_does_not_continue_ours() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    page = report("i", update("u1", 5, code=(UP, PARTIAL)))
    assert watch.see(6, page, components={"code": PARTIAL}) == [("i", OPENED)]
    assert watch.now(OWN).is_open


def test_after_30_min_it_is_an_incident_of_its_own_and_ours_hands_over() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    page = report("i", update("u1", 40, api=(MAJOR, MAJOR)), title="API errors")
    told = watch.see(41, page)
    assert sorted(told) == [("i", OPENED), (OWN, RESOLVED)]
    assert "API errors" in watch.last(OWN).note


def test_one_posted_for_it_after_it_was_over_adds_its_words_to_ours() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    watch.see(9, components={"api": UP})
    past = report("i", update("u1", 15, "resolved", api=(UP, UP)), components=["api"])
    assert watch.see(16, past) == [(OWN, UPDATE)]


def test_a_component_that_an_open_incident_names_makes_no_incident_of_ours() -> None:
    watch = quiet_watch()
    page = report("i", update("u1", 0, api=(UP, UP)), components=["api"])
    watch.see(1, page)
    assert watch.see(5, page, components={"api": MAJOR}) == [("i", WORSE)]


def test_what_got_worse_without_a_word_belongs_to_the_incident_that_named_it_last() -> None:
    watch = quiet_watch()
    old = report("i", update("u1", 0, api=(UP, DEGRADED)))
    new = report("j", update("v1", 9, api=(DEGRADED, DEGRADED)))
    watch.see(1, old, components={"api": DEGRADED})
    watch.see(10, old, new)
    assert watch.see(15, old, new, components={"api": MAJOR}) == [("j", WORSE)]


def test_closing_one_incident_turns_components_green_under_another() -> None:
    # Claude, 5 August 2026: f6gkkq6txl7z ends, and mgp99sn4ynd4 on the same four stays open.
    watch = quiet_watch()
    one, two = update("u1", 0, api=(UP, DEGRADED)), update("v1", 9, api=(DEGRADED, DEGRADED))
    watch.see(1, report("i", one), components={"api": DEGRADED})
    watch.see(10, report("i", one), report("j", two))
    ended = report("i", one, update("u2", 20, "resolved", api=(DEGRADED, UP)))
    told = watch.see(21, ended, report("j", two), components={"api": UP})
    assert sorted(told) == [("i", RESOLVED), ("j", BETTER)]
    assert watch.now("j").is_open
    last = report("j", two, update("v2", 40, "resolved", api=(UP, UP)))
    assert watch.see(41, last, recent=[last, ended]) == [("j", RESOLVED)]


def test_a_maintenance_never_hides_an_outage_of_the_same_component() -> None:
    watch = quiet_watch()
    work = report(
        "m", update("w1", 0, "in_progress"), components=["api"], maintenance=True, impact=UP
    )
    watch.see(1, work, components={"api": Severity.MAINTENANCE})
    told = watch.see(5, work, components={"api": MAJOR})
    assert [kind for _, kind in told] == [OPENED]


def unlinked() -> Watch:
    """A page of the kind of OpenAI's: its incidents name no component."""
    watch = Watch("openai")
    watch.states = {"01JVCV8YSWZFRSM1G5CVP253SK": (UP, minute(-9000))}
    watch.see(-10, recent=())
    return watch


def test_where_incidents_cannot_name_components_one_event_is_still_one_thread() -> None:
    watch = unlinked()
    codex = next(iter(watch.states))
    page = report("i", update("u1", 0), title="Codex is slow", linkable=False)
    told = watch.see(1, page, components={codex: DEGRADED})
    assert told == [("i", OPENED)]
    assert not watch.now("i").surfaces["openai/codex"].from_text
    assert watch.see(5, page, components={codex: UP}) == [("i", BETTER)]


def test_there_an_incident_posted_after_the_component_continues_ours() -> None:
    watch = unlinked()
    codex = next(iter(watch.states))
    ((own, _),) = watch.see(1, components={codex: MAJOR})
    page = report("i", update("u1", 9), title="Trouble", linkable=False)
    assert watch.see(10, page) == [(own, UPDATE)]


def test_there_an_old_incident_explains_nothing_that_its_words_do_not_name() -> None:
    watch = unlinked()
    codex = next(iter(watch.states))
    old = report("i", update("u1", 0), title="Sora is slow", linkable=False)
    watch.see(1, old)
    told = watch.see(2000, old, components={codex: MAJOR})
    assert [kind for _, kind in told] == [OPENED]
    fitting = unlinked()
    fitting.see(1, replace(old, title="Codex is slow"))
    assert fitting.see(2000, replace(old, title="Codex is slow"), components={codex: MAJOR}) == [
        ("i", WORSE)
    ]


def test_what_the_providers_late_incident_takes_over_is_not_told_as_up_again() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    late = report("late", update("u1", 32, api=(MAJOR, MAJOR)), components=["api"])
    assert watch.see(32, late) == [(OWN, RESOLVED), ("late", OPENED)]
    end = watch.last(OWN)
    assert end.ending is watch.now(OWN).ending is Ending.HANDED_OVER
    assert end.phase == "handed over"
    assert [change.released for change in end.changes] == [True]


@pytest.mark.parametrize("said", [{}, {"api": (MAJOR, UP)}], ids=["silent", "called up"])
def test_so_it_is_where_something_else_of_the_ended_one_is_still_down(
    said: dict[str, tuple[Severity, Severity]],
) -> None:
    watch = quiet_watch()
    first = update("u1", 0, api=(UP, MAJOR), code=(UP, MAJOR))
    late = report("late", update("v1", 10, api=(MAJOR, MAJOR)), components=["api"])
    watch.see(1, report("i", first), components={"api": MAJOR, "code": MAJOR})
    watch.see(11, report("i", first), late)
    end_word = update("u2", 20, "resolved", **said)  # type: ignore[arg-type]  # components by name
    ended = report("i", first, end_word)
    watch.see(21, ended, late)
    end = watch.last("i")
    assert {change.surface: change.released for change in end.changes} == {"api": True}


def test_the_first_word_of_the_provider_in_a_derived_ones_thread_says_that_it_is_official() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    first, second = update("u1", 5, api=(MAJOR, MAJOR)), update("u2", 6)
    watch.see(7, report("i", first, second))
    official, later = watch.now(OWN).events[-2:]
    assert official.note == "Now official: the provider posted it, as i."
    assert later.note == ""
