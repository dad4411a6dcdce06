"""Components that go down while the provider says nothing."""

from dataclasses import replace

import pytest

from bot.domain.incident import Origin, SurfaceChange
from bot.domain.page import Component, Severity

from .build import (
    BETTER,
    DEGRADED,
    IDS,
    MAJOR,
    OPENED,
    OWN,
    PARTIAL,
    REOPENED,
    RESOLVED,
    UP,
    WORSE,
    Watch,
    kinds,
    minute,
    quiet_watch,
    report,
    update,
)


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


@pytest.mark.parametrize(("count", "others"), [(4, 2), (5, 3)])
def test_of_many_components_its_title_names_two_and_counts_the_others(
    count: int, others: int
) -> None:
    watch = quiet_watch()
    watch.see(1, components=dict.fromkeys(list(IDS)[:count], MAJOR))
    (known,) = watch.incidents.values()
    assert known.title.endswith(f" and {others} more: major outage")


def test_a_component_that_follows_joins_and_one_that_clears_is_better() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    assert watch.see(5, components={"code": MAJOR}) == [(OWN, WORSE)]
    assert watch.see(9, components={"api": UP}) == [(OWN, BETTER)]
    assert watch.last(OWN).changes == (SurfaceChange("api", MAJOR, UP),)
    assert watch.see(12, components={"code": UP}) == [(OWN, RESOLVED)]
    assert watch.last(OWN).note == "", "nothing has to be added to that"


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


def test_its_timeline_says_how_long_it_was_how_bad() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": MAJOR})
    watch.see(20, components={"api": DEGRADED})
    watch.see(40, components={"api": UP})
    assert watch.now(OWN).timeline == ((minute(1), MAJOR), (minute(20), DEGRADED))
    assert watch.now(OWN).ended_at == minute(40)
    watch.see(60, components={"api": MAJOR})
    again = ((minute(40), UP), (minute(60), MAJOR))
    assert watch.now(OWN).timeline[2:] == again, "reopened: it was up in between"


def test_what_a_component_does_without_a_word_stands_in_the_timeline_too() -> None:
    watch = quiet_watch()
    page = report("i", update("u1", 0, api=(UP, DEGRADED)))
    watch.see(1, page, components={"api": DEGRADED})
    watch.see(20, page, components={"api": MAJOR})
    assert watch.now("i").timeline[-1] == (minute(20), MAJOR)
