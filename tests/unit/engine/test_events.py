"""The events of an incident of the provider's: texts, edits, and the end."""

from dataclasses import replace

from bot.domain.incident import EventKind, SurfaceChange

from .build import (
    BETTER,
    CORRECTED,
    DEGRADED,
    MAJOR,
    OPENED,
    PARTIAL,
    RESOLVED,
    UP,
    UPDATE,
    WORSE,
    kinds,
    minute,
    quiet_watch,
    report,
    update,
)

FIRST = update("u1", 0, api=(UP, PARTIAL))
SECOND = update("u2", 5, "identified", api=(PARTIAL, PARTIAL))
LAST = update("u3", 30, "resolved", api=(PARTIAL, UP))


def test_an_incident_is_opened_updated_and_resolved_each_once() -> None:
    watch = quiet_watch()
    down = {"api": PARTIAL}
    assert watch.see(1, report("i", FIRST), components=down) == [("i", OPENED)]
    assert watch.see(6, report("i", FIRST, SECOND)) == [("i", UPDATE)]
    over = report("i", FIRST, SECOND, LAST)
    assert watch.see(31, over, components={"api": UP}) == [("i", RESOLVED)]

    incident = watch.now("i")
    assert [event.key for event in incident.events] == ["u1", "u2", "u3"]
    assert [event.revision for event in incident.events] == [1, 2, 3]
    assert incident.timeline == ((minute(0), PARTIAL),)
    assert incident.ended_at == minute(30)
    assert (incident.severity, incident.worst) == (UP, PARTIAL)


def test_the_same_page_a_thousand_times_is_told_once() -> None:
    watch = quiet_watch()
    page = report("i", FIRST)
    told = [watch.see(1 + n / 2, page, components={"api": PARTIAL}) for n in range(1000)]
    assert told[0] == [("i", OPENED)]
    assert not any(told[1:])


def test_of_several_updates_in_one_look_each_is_told_and_the_last_carries_the_change() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", FIRST), components={"api": PARTIAL})
    more = update("u2", 3, api=(PARTIAL, MAJOR)), update("u3", 4, api=(MAJOR, DEGRADED))
    told = watch.see(6, report("i", FIRST, *more), components={"api": DEGRADED})
    assert told == [("i", UPDATE), ("i", BETTER)]
    assert watch.now("i").events[1].severity is MAJOR
    assert watch.last("i").changes == (SurfaceChange("api", PARTIAL, DEGRADED),)
    # Nobody was told of the major outage in between, yet it happened.
    assert watch.now("i").worst is MAJOR
    assert [s for _, s in watch.now("i").timeline] == [PARTIAL, MAJOR, DEGRADED]


def test_an_incident_first_seen_with_several_updates_tells_all_of_them_in_order() -> None:
    watch = quiet_watch()
    told = watch.see(6, report("i", FIRST, SECOND), components={"api": PARTIAL})
    assert told == [("i", OPENED), ("i", UPDATE)]
    assert [event.update_id for event in watch.now("i").events] == ["u1", "u2"]


def test_updates_of_one_moment_keep_the_order_of_the_page() -> None:
    watch = quiet_watch()
    same = [update(f"u{n}", 0) for n in range(4)]
    watch.see(1, report("i", *same))
    assert [event.update_id for event in watch.now("i").events] == ["u0", "u1", "u2", "u3"]


def test_worse_and_better_follow_the_component_states_not_the_phase() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", FIRST), components={"api": PARTIAL})
    worse = update("u2", 5, "monitoring", api=(PARTIAL, MAJOR))
    assert watch.see(6, report("i", FIRST, worse), components={"api": MAJOR}) == [("i", WORSE)]
    green = update("u3", 9, "investigating", api=(MAJOR, UP))
    assert watch.see(10, report("i", FIRST, worse, green), components={"api": UP}) == [
        ("i", BETTER)
    ]
    assert watch.now("i").is_open
    assert watch.now("i").severity is UP


def test_a_component_that_moves_without_a_word_is_news_of_its_own_in_the_same_thread() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", FIRST), components={"api": PARTIAL})
    assert watch.see(5, report("i", FIRST), components={"api": MAJOR}) == [("i", WORSE)]
    assert watch.last("i").text == ""
    assert watch.see(9, report("i", FIRST), components={"api": UP}) == [("i", BETTER)]
    assert watch.see(12, report("i", FIRST)) == []


def test_one_event_is_one_piece_of_news_though_update_and_component_both_show_it() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", FIRST), components={"api": PARTIAL})
    worse = update("u2", 5, api=(PARTIAL, MAJOR), code=(UP, DEGRADED))
    told = watch.see(6, report("i", FIRST, worse), components={"api": MAJOR, "code": DEGRADED})
    assert told == [("i", WORSE)]
    assert {c.surface for c in watch.last("i").changes} == {"api", "code"}


def test_an_edited_text_is_a_correction_of_the_news_that_told_it() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", FIRST), components={"api": PARTIAL})
    edited = replace(FIRST, text="a better text")
    assert watch.see(9, report("i", edited)) == [("i", CORRECTED)]
    assert watch.last("i").corrects == "u1"
    assert watch.last("i").text == "a better text"
    assert watch.see(10, report("i", edited)) == []
    # Back to what it was: another edit, with a name of its own.
    assert watch.see(11, report("i", FIRST)) == [("i", CORRECTED)]
    assert len({event.key for event in watch.now("i").events}) == 3


def test_white_space_is_no_edit() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", replace(FIRST, text="one  two\n")), components={"api": PARTIAL})
    assert watch.see(2, report("i", replace(FIRST, text="one two"))) == []


def test_a_resolved_text_rewritten_days_later_is_only_corrected() -> None:
    watch = quiet_watch()
    over = report("i", FIRST, LAST)
    watch.see(1, report("i", FIRST), components={"api": PARTIAL})
    watch.see(31, over, components={"api": UP})
    rewritten = report("i", FIRST, replace(LAST, text="what really happened"))
    assert watch.see(6000, recent=[rewritten]) == [("i", CORRECTED)]
    assert watch.see(6001, recent=[rewritten]) == []


def test_a_new_title_is_a_correction_without_a_text_to_correct() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", FIRST), components={"api": PARTIAL})
    assert watch.see(2, report("i", FIRST, title="Errors everywhere")) == [("i", CORRECTED)]
    assert watch.last("i").corrects is None
    assert watch.last("i").text == "Errors everywhere"
    assert watch.now("i").title == "Errors everywhere"


def test_what_is_said_after_the_end_is_told_and_a_postmortem_by_its_name() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", FIRST), components={"api": PARTIAL})
    watch.see(31, report("i", FIRST, LAST), components={"api": UP})
    more = update("u4", 60, "resolved"), update("u5", 90, "postmortem")
    told = watch.see(95, report("i", FIRST, LAST, *more))
    assert told == [("i", UPDATE), ("i", EventKind.POSTMORTEM)]
    assert kinds(watch.now("i")).count("resolved") == 1


def test_resolved_and_postmortem_in_one_look_are_one_end() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", FIRST), components={"api": PARTIAL})
    postmortem = update("u4", 40, "postmortem")
    told = watch.see(45, report("i", FIRST, LAST, postmortem), components={"api": UP})
    assert told == [("i", RESOLVED), ("i", EventKind.POSTMORTEM)]


def test_an_end_that_stands_before_other_updates_of_its_minute_is_still_the_end() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", FIRST), components={"api": PARTIAL})
    late = update("u4", 30, "investigating")
    page = report("i", FIRST, LAST, late, phase="resolved", resolved_at=minute(30))
    assert watch.see(31, page, components={"api": UP}) == [("i", RESOLVED), ("i", UPDATE)]


def test_phases_may_go_backwards_without_an_end_or_a_new_opening() -> None:
    watch = quiet_watch()
    phases = ["monitoring", "monitoring", "investigating", "identified"]
    updates = [update(f"u{n}", n, phase) for n, phase in enumerate(phases)]
    told = [watch.see(n + 0.5, report("i", *updates[: n + 1])) for n in range(4)]
    assert told == [[("i", OPENED)], [("i", UPDATE)], [("i", UPDATE)], [("i", UPDATE)]]


def test_a_phase_that_changes_without_a_text_is_told_once() -> None:
    watch = quiet_watch()
    page = report("i", created_at=minute(0), linkable=False)
    watch.see(1, page)
    assert watch.see(2, replace(page, phase="monitoring")) == [("i", UPDATE)]
    assert watch.see(3, replace(page, phase="monitoring")) == []


def test_an_update_that_turns_up_late_is_told_but_does_not_turn_the_state_back() -> None:
    watch = quiet_watch()
    better = update("u3", 9, "monitoring", api=(PARTIAL, UP))
    watch.see(1, report("i", FIRST), components={"api": PARTIAL})
    watch.see(10, report("i", FIRST, better), components={"api": UP})
    late = update("u2", 5, api=(PARTIAL, MAJOR), posted=10)
    assert watch.see(11, report("i", FIRST, late, better)) == [("i", UPDATE)]
    assert watch.now("i").severity is UP


def test_the_same_text_twice_in_a_row_is_told_twice() -> None:
    watch = quiet_watch()
    one, two = update("u1", 0, text="same"), update("u2", 1, text="same")
    watch.see(0.5, report("i", one))
    assert watch.see(1.5, report("i", one, two)) == [("i", UPDATE)]


def test_incidents_of_one_title_are_told_apart_by_their_id() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", FIRST), components={"api": PARTIAL})
    ended = report("i", FIRST, LAST)
    watch.see(31, ended, components={"api": UP})
    again = report("j", update("v1", 40))
    assert watch.see(41, again, recent=[again, ended]) == [("j", OPENED)]


def test_an_incident_without_any_update_is_opened_and_resolved_all_the_same() -> None:
    watch = quiet_watch()
    page = report("i", created_at=minute(0), linkable=False, title="Opus 5 errors")
    assert watch.see(1, page) == [("i", OPENED)]
    over = replace(page, phase="resolved", resolved_at=minute(9))
    assert watch.see(10, over) == [("i", RESOLVED)]
    assert watch.now("i").ended_at == minute(9)
    assert set(watch.now("i").surfaces) == {"opus"}
