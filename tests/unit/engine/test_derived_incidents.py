"""Components that go down while the provider says nothing, and when it says something later."""

from dataclasses import replace

import pytest

from bot.domain.incident import Ending, EventKind, Origin, SurfaceChange
from bot.domain.page import Component, Severity

from .build import (
    DEGRADED,
    IDS,
    MAJOR,
    PARTIAL,
    UP,
    Watch,
    kinds,
    minute,
    quiet_watch,
    report,
    update,
)

OPENED, UPDATE, WORSE, BETTER = (
    EventKind.OPENED,
    EventKind.UPDATE,
    EventKind.WORSE,
    EventKind.BETTER,
)
RESOLVED, REOPENED = EventKind.RESOLVED, EventKind.REOPENED
OWN = f"own-{IDS['api']}-{int(minute(1).timestamp())}"


def test_a_major_outage_without_an_incident_is_told_at_once() -> None:
    watch = quiet_watch()
    assert watch.see(1, components={"api": MAJOR}) == [(OWN, OPENED)]
    incident = watch.now(OWN)
    assert incident.origin is Origin.OURS
    assert incident.title == "API: major outage"
    assert watch.see(2) == []
    assert watch.see(9, components={"api": UP}) == [(OWN, RESOLVED)]
    assert watch.now(OWN).ended_at == minute(9)
    assert watch.now(OWN).phase == watch.last(OWN).phase == "resolved"


@pytest.mark.parametrize("severity", [DEGRADED, PARTIAL])
def test_a_lesser_one_is_held_back_for_one_look(severity: Severity) -> None:
    watch = quiet_watch()
    assert watch.see(1, components={"api": severity}) == []
    assert watch.see(1.5) == [(OWN, OPENED)]
    assert watch.now(OWN).started_at == minute(1)


def test_a_flap_of_one_look_is_never_told_but_counted() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": DEGRADED})
    assert watch.see(2, components={"api": UP}) == []
    assert watch.see(3) == []
    assert watch.state is not None
    assert watch.state.debounced == 1


def test_a_change_held_back_that_turns_major_is_told_at_once() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": DEGRADED})
    assert watch.see(2, components={"api": MAJOR}) == [(OWN, OPENED)]
    assert watch.last(OWN).severity is MAJOR


def test_several_components_in_one_look_are_one_incident() -> None:
    watch = quiet_watch()
    told = watch.see(1, components={"api": MAJOR, "code": MAJOR, "claude.ai": MAJOR})
    assert [kind for _, kind in told] == [OPENED]
    (incident,) = watch.incidents.values()
    assert set(incident.surfaces) == {"api", "code", "claude.ai"}
    assert incident.title == "claude.ai, API and Claude Code: major outage"


def test_a_component_that_follows_joins_and_one_that_clears_is_better() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    assert watch.see(5, components={"code": MAJOR}) == [(OWN, WORSE)]
    assert watch.see(9, components={"api": UP}) == [(OWN, BETTER)]
    assert watch.last(OWN).changes == (SurfaceChange("api", MAJOR, UP),)
    assert watch.see(12, components={"code": UP}) == [(OWN, RESOLVED)]


def test_one_that_goes_down_again_within_two_hours_is_reopened_later_it_is_new() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    watch.see(9, components={"api": UP})
    assert watch.see(60, components={"api": MAJOR}) == [(OWN, REOPENED)]
    watch.see(70, components={"api": UP})
    ((id_, kind),) = watch.see(400, components={"api": MAJOR})
    assert (kind, id_ != OWN) == (OPENED, True)


def test_maintenance_and_unknown_words_are_no_outage() -> None:
    watch = quiet_watch()
    assert watch.see(1, components={"api": Severity.MAINTENANCE}) == []
    assert watch.see(2, components={"api": Severity.UNKNOWN}) == []
    assert watch.see(3, components={"api": UP}) == []


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


def test_an_own_incident_that_vanished_with_its_component_is_let_go_after_a_day() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    del watch.states[IDS["api"]]
    assert watch.see(100) == []
    assert watch.see(1400) == []
    assert watch.see(1600) == [(OWN, RESOLVED)]
    assert "no longer lists" in watch.last(OWN).note


def test_a_component_that_comes_back_is_no_news_unless_its_status_changed() -> None:
    watch = quiet_watch()
    kept = watch.states.pop(IDS["api"])
    assert watch.see(1) == []
    assert watch.state is not None
    assert not watch.state.components[IDS["api"]].listed
    watch.states[IDS["api"]] = kept
    assert watch.see(2) == []
    del watch.states[IDS["api"]]
    watch.see(3)
    assert [kind for _, kind in watch.see(4, components={"api": MAJOR})] == [OPENED]


def test_a_new_component_that_is_down_is_believed_and_told() -> None:
    watch = quiet_watch()
    ((_, kind),) = watch.see(1, components={"newcomer": MAJOR})
    assert kind is OPENED


def test_the_pages_time_of_a_component_is_used_only_if_it_can_be_true() -> None:
    watch = quiet_watch()
    watch.see(5, components={"api": MAJOR}, since=3)
    (incident,) = watch.incidents.values()
    assert incident.started_at == minute(3)
    # OpenAI gives all components one time, of long before our last look.
    other = quiet_watch()
    other.see(5, components={"api": MAJOR}, since=-500)
    (incident,) = other.incidents.values()
    assert incident.started_at == minute(5)


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


def test_ignored_rows_of_a_page_make_no_incident() -> None:
    watch = Watch("github")
    watch.states = {"0l2p9nhqnxpd": (UP, minute(-9))}
    watch.see(0, recent=())
    assert watch.see(1, components={"0l2p9nhqnxpd": MAJOR}) == []


def test_a_page_without_a_catalog_entry_names_its_surfaces_itself() -> None:
    watch = Watch("acme")
    watch.states = {"c1": (UP, minute(-9))}
    watch.see(0, recent=())
    snapshot = replace(
        watch.page(1, (), None),
        components=(Component("c1", "Web App (EU)", MAJOR, "major_outage"),),
    )
    watch.take(snapshot, 1)
    (incident,) = watch.incidents.values()
    assert set(incident.surfaces) == {"acme/web-app-eu"}
    assert kinds(incident) == ["opened"]


def test_what_the_providers_late_incident_takes_over_is_not_told_as_up_again() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    late = report("late", update("u1", 32, api=(MAJOR, MAJOR)), components=["api"])
    assert watch.see(32, late) == [(OWN, RESOLVED), ("late", OPENED)]
    end = watch.last(OWN)
    assert end.ending is watch.now(OWN).ending is Ending.HANDED_OVER
    assert [change.released for change in end.changes] == [True]


def test_an_incident_of_ours_that_returns_no_longer_bears_the_phase_of_its_end() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    watch.see(2, components={"api": UP})
    assert watch.see(3, components={"api": MAJOR}) == [(OWN, REOPENED)]
    assert watch.now(OWN).phase == watch.last(OWN).phase == ""


def test_a_derived_one_whose_row_goes_into_maintenance_is_over_but_not_up_again() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    assert watch.see(9, components={"api": Severity.MAINTENANCE}) == [(OWN, RESOLVED)]
    assert watch.last(OWN).changes == (SurfaceChange("api", MAJOR, Severity.MAINTENANCE),)
    assert watch.see(60, components={"api": UP}) == [(OWN, BETTER)]
    assert watch.now(OWN).ended_at == minute(9)


def test_the_first_word_of_the_provider_in_a_derived_ones_thread_says_that_it_is_official() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    first, second = update("u1", 5, api=(MAJOR, MAJOR)), update("u2", 6)
    watch.see(7, report("i", first, second))
    official, later = watch.now(OWN).events[-2:]
    assert official.note == "Now official: the provider posted it, as i."
    assert later.note == ""
