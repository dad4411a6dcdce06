"""What an incident of the provider's makes us say."""

from dataclasses import replace

from bot.delivery.plan import plan
from bot.domain.incident import EventKind, Impact, SurfaceChange
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription, ThreadRecord

from .build import DEGRADED, IDS, MAJOR, PARTIAL, UP, kinds, minute, quiet_watch, report, update

OPENED, UPDATE, WORSE, BETTER = (
    EventKind.OPENED,
    EventKind.UPDATE,
    EventKind.WORSE,
    EventKind.BETTER,
)
RESOLVED, CORRECTED, REOPENED = EventKind.RESOLVED, EventKind.CORRECTED, EventKind.REOPENED

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


def test_a_component_named_as_operational_beside_others_that_are_down_is_not_touched() -> None:
    watch = quiet_watch()
    first = update("u1", 0, claude_ai=(UP, MAJOR), government=(UP, UP))
    watch.see(1, report("i", first), components={"claude.ai": MAJOR})
    assert set(watch.now("i").surfaces) == {"claude.ai"}


def test_impact_counts_only_where_no_component_was_ever_down() -> None:
    watch = quiet_watch()
    notice = update("u1", 0, api=(UP, UP))
    watch.see(1, report("i", notice, impact=PARTIAL))
    assert watch.now("i").severity is PARTIAL
    # Its row decides what the API suffers now; that it was named counts for who is told.
    assert watch.now("i").surfaces["api"] == Impact(UP, PARTIAL)
    down = update("u2", 5, api=(UP, DEGRADED))
    watch.see(6, report("i", notice, down, impact=MAJOR), components={"api": DEGRADED})
    assert watch.now("i").severity is DEGRADED


def test_an_impact_that_moves_without_a_word_was_moved_by_another_incident() -> None:
    watch = quiet_watch()
    page = report("i", update("u1", 0), impact=PARTIAL)
    watch.see(1, page)
    assert watch.see(5, replace(page, impact=MAJOR)) == []
    assert watch.now("i").severity is PARTIAL


def test_an_impact_that_had_moved_before_the_incident_spoke_is_not_its_own() -> None:
    # Claude, 23 June 2026: a notice spoke while another incident's "critical" stood on it.
    watch = quiet_watch()
    page = report("i", update("u1", 0), impact=PARTIAL)
    watch.see(1, page)
    watch.see(5, replace(page, impact=MAJOR))
    later = report("i", update("u1", 0), update("u2", 6), impact=MAJOR)
    assert watch.see(7, later) == [("i", UPDATE)]
    assert watch.now("i").severity is PARTIAL


def test_an_impact_that_moves_with_a_word_counts() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", update("u1", 0), impact=PARTIAL))
    later = report("i", update("u1", 0), update("u2", 6), impact=MAJOR)
    assert watch.see(7, later) == [("i", WORSE)]


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


def test_every_surface_ever_touched_is_remembered_when_the_page_unlinks_them() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", FIRST, components=["api"]), components={"api": PARTIAL})
    code = update("u2", 5, api=(PARTIAL, UP), code=(UP, DEGRADED))
    watch.see(6, report("i", FIRST, code), components={"api": UP, "code": DEGRADED})
    end = update("u3", 30, "resolved")  # affected_components: null
    watch.see(31, report("i", FIRST, code, end), components={"code": UP})
    surfaces = watch.now("i").surfaces
    assert {name: impact.worst for name, impact in surfaces.items()} == {
        "api": PARTIAL,
        "code": DEGRADED,
    }
    assert watch.last("i").changes == (SurfaceChange("code", DEGRADED, UP),)


def test_a_component_the_catalog_does_not_know_counts_for_severity_and_names_no_surface() -> None:
    watch = quiet_watch()
    watch.see(1, components={"newcomer": UP})
    page = report("i", update("u1", 5), components=["newcomer"])
    watch.see(6, page, components={"newcomer": MAJOR})
    assert watch.now("i").severity is MAJOR
    assert watch.now("i").surfaces == {}


def test_models_follow_the_words_and_the_severity_of_the_whole() -> None:
    watch = quiet_watch()
    first = update("u1", 0, text="Errors on Opus 4.6. Haiku is not affected.", api=(UP, PARTIAL))
    watch.see(1, report("i", first), components={"api": PARTIAL})
    opus = watch.now("i").surfaces["opus"]
    assert (opus.now, opus.from_text) == (PARTIAL, True)
    assert "haiku" not in watch.now("i").surfaces
    assert not watch.now("i").surfaces["api"].from_text


def test_a_model_named_later_is_no_worsening_for_everybody() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", FIRST), components={"api": PARTIAL})
    named = update("u2", 5, text="It is Sonnet 5.")
    assert watch.see(6, report("i", FIRST, named)) == [("i", UPDATE)]
    assert watch.last("i").changes == (SurfaceChange("sonnet", UP, PARTIAL),)


def test_an_unknown_impact_is_an_incident_all_the_same() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", update("u1", 0), impact=Severity.UNKNOWN))
    assert watch.now("i").severity is DEGRADED


def test_a_component_id_that_only_an_update_names_is_still_a_surface() -> None:
    watch = quiet_watch()
    del watch.states[IDS["code"]]
    watch.see(1, report("i", update("u1", 0, code=(UP, PARTIAL))))
    assert watch.now("i").surfaces["code"].now is PARTIAL


WORDS = "Claude Code and the Console are slow."


def test_a_surface_named_in_words_is_as_its_row_shows_it() -> None:
    watch = quiet_watch()
    first = update("u1", 0, text=WORDS)
    watch.see(1, report("i", first))
    assert watch.last("i").changes == ()
    assert watch.now("i").surfaces["code"] == Impact(UP, DEGRADED, from_text=True)

    worse = report("i", first, update("u2", 5), impact=MAJOR)
    assert watch.see(6, worse) == [("i", WORSE)]
    assert watch.last("i").changes == ()
    watch.see(7, worse, components={"console": PARTIAL})
    watch.see(8, worse)
    assert watch.last("i").changes == (SurfaceChange("console", UP, PARTIAL),)


def test_a_row_that_shows_what_the_words_had_said_calls_nobody_again() -> None:
    watch = quiet_watch()
    page = report("i", update("u1", 0, text=WORDS), impact=PARTIAL)
    watch.see(1, page)
    watch.see(2, page, components={"code": PARTIAL})
    assert watch.see(3, page) == [("i", UPDATE)]
    assert watch.last("i").changes == (SurfaceChange("code", UP, PARTIAL),)


def test_an_end_calls_nothing_up_again_that_the_page_shows_down() -> None:
    watch = quiet_watch()
    named = report("i", update("u1", 0, text="Opus fails."), components=["api"], impact=PARTIAL)
    other = report("j", update("v1", 5, api=(UP, MAJOR)), components=["api"])
    watch.see(1, named)
    watch.see(6, named, other, components={"api": MAJOR})
    end = report("i", *named.updates, update("u2", 9, "resolved"))
    watch.see(10, other, end, recent=[other, end])
    assert [c for c in watch.last("i").changes if c.surface == "api" and not c.released] == []


def test_a_notice_that_speaks_of_trouble_is_told_quietly_to_those_who_asked_for_degraded() -> None:
    watch = quiet_watch()
    said = update("u1", 0, text="Logging in to claude.ai from iOS is unavailable.")
    watch.see(1, report("i", said, title="iOS logins", impact=UP))
    notice = watch.now("i")
    assert (notice.notice, notice.worst) == (True, UP)
    channel = Channel("slack", "T1", "C1")
    asked_at = minute(-60)
    default = Subscription(channel, created_at=asked_at)
    assert default.matches(notice)
    assert Subscription(channel, surfaces=frozenset({"claude.ai"})).matches(notice)
    assert not Subscription(channel, surfaces=frozenset({"code"})).matches(notice)
    assert not Subscription(channel, Severity.PARTIAL).matches(notice)
    (root,) = plan(notice, ThreadRecord(), default, minute(1)).steps
    assert not root.mention

    end = report("i", said, update("u2", 9, "resolved"), title="iOS logins", impact=UP)
    watch.see(10, end)
    thread = ThreadRecord(root="r", joined=1, shown=1)
    reply = plan(watch.now("i"), thread, default, minute(10)).steps[0]
    assert not reply.in_channel
    assert not reply.mention


def test_a_notice_that_turns_bad_is_an_incident_like_any_other() -> None:
    watch = quiet_watch()
    said = update("u1", 0, text="Some requests fail.")
    watch.see(1, report("i", said, impact=UP))
    worse = report("i", said, update("u2", 5, api=(UP, PARTIAL)), impact=UP)
    assert watch.see(6, worse, components={"api": PARTIAL}) == [("i", WORSE)]
    assert not watch.now("i").notice


def test_a_notice_of_something_else_is_none_that_speaks_of_trouble() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", update("u1", 0, text="New terms."), title="Terms", impact=UP))
    assert not watch.now("i").notice
    over = report("j", update("v1", 5, "resolved", text="Some requests failed."), impact=UP)
    watch.see(6, over)
    assert not watch.now("j").notice
