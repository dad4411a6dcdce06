"""How an incident ends, and what else its absence may mean."""

from dataclasses import replace

from bot.domain.incident import Ending, EventKind, SurfaceChange
from bot.domain.page import Severity

from .build import DEGRADED, MAJOR, PARTIAL, UP, Watch, kinds, minute, quiet_watch, report, update

OPENED, UPDATE, BETTER = EventKind.OPENED, EventKind.UPDATE, EventKind.BETTER
RESOLVED, REOPENED = EventKind.RESOLVED, EventKind.REOPENED
WITHDRAWN, OVER = EventKind.WITHDRAWN, EventKind.OVER

FIRST = update("u1", 0, api=(UP, PARTIAL))
LAST = update("u2", 30, "resolved", api=(PARTIAL, UP))
OPEN = report("i", FIRST)
ENDED = report("i", FIRST, LAST)


def opened() -> Watch:
    watch = quiet_watch()
    watch.see(1, OPEN, components={"api": PARTIAL})
    return watch


def test_leaving_the_summary_tells_nothing_until_the_history_list_says_why() -> None:
    watch = opened()
    assert watch.see(31, components={"api": UP}) == []
    assert watch.now("i").is_open
    assert watch.see(32, recent=[ENDED]) == [("i", RESOLVED)]


def test_an_incident_deleted_by_the_provider_is_withdrawn_once() -> None:
    watch = opened()
    other = report("old", update("o", -500, "resolved"))
    assert watch.see(31, recent=[other], components={"api": UP}) == [("i", WITHDRAWN)]
    assert watch.now("i").withdrawn
    assert not watch.now("i").is_open
    assert watch.see(32, recent=[other]) == []


def test_one_deleted_after_its_end_is_withdrawn_too() -> None:
    watch = opened()
    other = report("old", update("o", -500, "resolved"))
    watch.see(31, recent=[ENDED, other], components={"api": UP})
    assert watch.see(60, recent=[other]) == [("i", WITHDRAWN)]
    assert watch.see(61, recent=[other]) == []


def test_falling_off_the_end_of_the_list_is_neither_end_nor_deletion() -> None:
    watch = opened()
    watch.see(31, recent=[ENDED], components={"api": UP})
    newer = [report(f"n{n}", update(f"n{n}", 100 + n, "resolved")) for n in range(3)]
    watch.see(200, recent=newer, recent_full=True)
    told = watch.see(300, recent=newer, recent_full=True)
    assert told == []
    assert watch.state is not None
    assert "i" not in watch.state.incidents
    # A deletion further up may bring it back into the list: it is not new for that.
    told = watch.see(400, recent=[*newer[1:], ENDED], recent_full=True)
    assert told == [("n0", WITHDRAWN)]


def test_an_open_incident_that_fell_off_the_list_ends_with_a_word_of_ours() -> None:
    watch = opened()
    newer = [report(f"n{n}", update(f"n{n}", 100 + n, "resolved")) for n in range(3)]
    told = watch.see(9000, recent=newer, recent_full=True, components={"api": UP})
    assert ("i", RESOLVED) in told
    assert "no longer lists" in watch.last("i").note


def test_a_list_that_is_empty_all_of_a_sudden_withdraws_nothing() -> None:
    watch = opened()
    other = report("j", update("v", 2, "resolved"))
    more = report("k", update("w", 3, "resolved"))
    watch.see(4, OPEN, recent=[OPEN, other, more])
    assert watch.see(31, recent=[]) == []
    assert watch.now("i").is_open


def test_where_no_history_was_recorded_leaving_the_summary_is_the_end() -> None:
    watch = Watch(has_history=False)
    watch.see(-10)
    watch.see(1, OPEN, components={"api": PARTIAL})
    assert watch.see(31, components={"api": UP}) == [("i", RESOLVED)]
    assert watch.see(32) == []


def test_an_incident_resolved_with_its_components_down_is_followed_to_their_end() -> None:
    # Claude's j160kkjmm2n1: the resolving update still says partial for all four.
    watch = opened()
    end = report("i", FIRST, update("u2", 30, "resolved", api=(PARTIAL, PARTIAL)))
    assert watch.see(31, end) == [("i", RESOLVED)]
    assert watch.last("i").severity is PARTIAL
    assert watch.see(35, recent=[end]) == []
    assert watch.see(50, recent=[end], components={"api": UP}) == [("i", BETTER)]
    assert watch.now("i").severity is UP
    assert watch.now("i").ended_at == minute(50)
    assert watch.see(60, recent=[end]) == []
    assert kinds(watch.now("i")).count("resolved") == 1
    # Down again after that is another event, and ours.
    ((id_, kind),) = watch.see(70, recent=[end], components={"api": MAJOR})
    assert (id_.startswith("own-"), kind) == (True, OPENED)


def test_what_is_followed_goes_over_to_the_next_incident_that_names_it() -> None:
    watch = opened()
    end = report("i", FIRST, update("u2", 30, "resolved", api=(PARTIAL, PARTIAL)))
    watch.see(31, end)
    next_one = report("j", update("v1", 40, api=(PARTIAL, MAJOR)), title="Again")
    told = watch.see(41, next_one, recent=[next_one, end], components={"api": MAJOR})
    assert sorted(told) == [("i", BETTER), ("j", OPENED)]
    assert "Again" in watch.last("i").note
    assert watch.see(42, next_one, recent=[next_one, end]) == []


def test_components_unlinked_at_the_end_are_up_unless_the_page_shows_them_down() -> None:
    watch = opened()
    bare = report("i", FIRST, update("u2", 30, "resolved"))
    watch.see(31, bare, components={"api": UP})
    assert watch.now("i").surfaces["api"].now is UP
    other = opened()
    assert other.see(31, bare) == [("i", RESOLVED)]
    assert other.last("i").severity is PARTIAL


def test_reopened_within_two_hours_it_is_the_same_incident() -> None:
    watch = opened()
    watch.see(31, ENDED, components={"api": UP})
    again = report("i", FIRST, LAST, update("u3", 100, api=(UP, DEGRADED)))
    told = watch.see(101, again, components={"api": DEGRADED})
    assert told == [("i", REOPENED)]
    incident = watch.now("i")
    assert incident.is_open
    assert [s for _, s in incident.timeline] == [PARTIAL, UP, DEGRADED]
    end = report(
        "i", FIRST, LAST, again.updates[-1], update("u4", 130, "resolved", api=(DEGRADED, UP))
    )
    assert watch.see(131, end, components={"api": UP}) == [("i", RESOLVED)]
    assert len({event.key for event in watch.now("i").events}) == 4


def test_reopened_later_it_is_a_new_incident_that_continues_the_old() -> None:
    watch = opened()
    watch.see(31, ENDED, components={"api": UP})
    again = report("i", FIRST, LAST, update("u3", 400, api=(UP, DEGRADED)))
    told = watch.see(401, again, recent=[again], components={"api": DEGRADED})
    assert told == [("i~2", OPENED)]
    assert watch.now("i~2").continues == "claude/i"
    assert watch.now("i~2").started_at == minute(400)
    more = report("i", *again.updates, update("u4", 410))
    assert watch.see(411, more, recent=[more]) == [("i~2", UPDATE)]
    end = report("i", *more.updates, update("u5", 420, "resolved", api=(DEGRADED, UP)))
    assert watch.see(421, end, components={"api": UP}) == [("i~2", RESOLVED)]
    third = report("i", *end.updates, update("u6", 900))
    assert watch.see(901, third, recent=[third]) == [("i~3", OPENED)]


def test_resolved_and_opened_again_between_two_looks_is_two_updates() -> None:
    watch = opened()
    again = report("i", FIRST, LAST, update("u3", 35, api=(UP, PARTIAL)))
    assert watch.see(36, again) == [("i", UPDATE), ("i", UPDATE)]
    assert watch.now("i").is_open


def test_what_came_and_went_between_two_looks_is_told_once_as_over() -> None:
    watch = quiet_watch()
    assert watch.see(40, ENDED) == [("i", OVER)]
    incident = watch.now("i")
    assert (incident.quiet, incident.worst, incident.severity) == (False, PARTIAL, UP)
    assert incident.surfaces["api"].worst is PARTIAL
    assert watch.see(41, ENDED) == []


def test_what_was_over_for_more_than_a_day_is_history_only() -> None:
    watch = quiet_watch()
    assert watch.see(1600, ENDED) == [("i", OVER)]
    assert watch.now("i").quiet


def test_one_posted_after_the_fact_may_begin_after_its_end() -> None:
    # Claude's 1019wwb67615: started_at is later than resolved_at.
    watch = quiet_watch()
    said = update("u1", 30, "resolved", posted=45)
    past = report("i", said, resolved=30, started_at=minute(44), created_at=minute(44))
    assert watch.see(46, past) == [("i", OVER)]
    incident = watch.now("i")
    assert incident.ended_at is not None
    assert incident.started_at <= incident.ended_at


def test_one_of_no_duration_is_told_like_any_other() -> None:
    # Claude's 7bk0ftl0mpny: opened and resolved on the same whole hour.
    watch = quiet_watch()
    past = report("i", update("u1", 0, "resolved"), resolved=0)
    assert watch.see(5, past) == [("i", OVER)]
    assert watch.now("i").started_at == watch.now("i").ended_at


def test_an_incident_that_only_the_list_shows_open_waits_for_the_summary() -> None:
    watch = quiet_watch()
    assert watch.see(1, recent=[OPEN]) == []
    assert watch.see(2, OPEN, recent=[OPEN], components={"api": PARTIAL}) == [("i", OPENED)]


def test_after_a_gap_everything_that_happened_meanwhile_is_told_in_order() -> None:
    watch = opened()
    watch.fail(10)
    short = report("j", update("v1", 40, code=(UP, MAJOR)), update("v2", 50, "resolved"))
    running = report("k", update("w1", 55, code=(UP, DEGRADED)))
    told = watch.see(
        60, running, recent=[running, short, ENDED], components={"api": UP, "code": DEGRADED}
    )
    assert told == [("i", RESOLVED), ("j", OVER), ("k", OPENED)]


def test_a_resolved_text_of_an_incident_that_was_over_when_first_seen_can_be_corrected() -> None:
    watch = quiet_watch()
    watch.see(40, ENDED)
    edited = report("i", FIRST, replace(LAST, text="rewritten"))
    assert watch.see(41, edited) == [("i", EventKind.CORRECTED)]
    # Its first update was never told by itself, so its edit corrects nothing.
    silent = report("i", replace(FIRST, text="rewritten as well"), replace(LAST, text="rewritten"))
    assert watch.see(42, silent) == []


def test_left_down_on_leaving_the_summary_it_is_followed_where_no_history_was_recorded() -> None:
    watch = Watch(has_history=False)
    watch.see(-10)
    watch.see(1, OPEN, components={"api": PARTIAL})
    assert watch.see(31) == [("i", RESOLVED)]
    assert watch.now("i").severity is PARTIAL
    assert watch.see(40, components={"api": UP}) == [("i", BETTER)]


def test_an_end_that_was_never_seen_does_not_date_the_return() -> None:
    watch = Watch(has_history=False)
    watch.see(-10)
    watch.see(1, OPEN, components={"api": PARTIAL})
    watch.see(31, components={"api": UP})
    again = report("i", FIRST, LAST, update("u3", 400, api=(UP, PARTIAL)))
    assert watch.see(401, again, components={"api": PARTIAL}) == [("i~2", OPENED)]
    assert watch.last("i~2").text == "text of u3"


def test_a_page_that_lists_nothing_any_more_has_not_ended_everything() -> None:
    watch = Watch(has_history=False)
    watch.see(-10)
    watch.see(1, OPEN, components={"api": PARTIAL})
    emptied = replace(watch.page(2, (), None), components=())
    assert watch.take(emptied, 2) == []
    assert watch.now("i").is_open
    assert watch.state is not None
    assert watch.state.failing_since == minute(2)
    assert watch.see(3, OPEN) == []
    assert watch.state.failing_since is None


def test_what_another_open_incident_still_has_down_is_not_told_as_up_again() -> None:
    watch = opened()
    other = report("j", update("v1", 5, api=(PARTIAL, MAJOR)), components=["api"])
    watch.see(6, OPEN, other, components={"api": MAJOR})
    silent = replace(ENDED, updates=(FIRST, update("u2", 30, "resolved")))
    assert watch.see(31, other, silent, recent=[other, silent]) == [("i", RESOLVED)]
    assert [change.released for change in watch.last("i").changes] == [True]
    assert "another incident of the same title" in watch.last("i").note


def test_what_it_is_followed_for_and_another_takes_is_handed_over_by_its_title() -> None:
    watch = opened()
    silent = report("i", FIRST, update("u2", 30, "resolved"))
    watch.see(31, silent, recent=[silent])
    other = report("j", update("v1", 35, api=(PARTIAL, PARTIAL)), title="API errors")
    assert ("i", EventKind.BETTER) in watch.see(36, other, recent=[other, silent])
    assert watch.last("i").ending is Ending.HANDED_OVER
    assert watch.last("i").note == "What is still down belongs to “API errors”."


def test_what_went_up_and_is_down_again_for_another_was_not_handed_over() -> None:
    watch = opened()
    both = update("u1", 0, api=(UP, PARTIAL), code=(UP, PARTIAL))
    watch = quiet_watch()
    watch.see(1, report("i", both), components={"api": PARTIAL, "code": PARTIAL})
    silent = report("i", both, update("u2", 30, "resolved"))
    watch.see(31, silent, recent=[silent], components={"code": UP})
    # Code, which had cleared, is another incident's; the API simply comes up.
    other = report("j", update("v1", 35, code=(UP, MAJOR)))
    told = watch.see(36, other, recent=[other, silent], components={"api": UP, "code": MAJOR})
    assert ("i", EventKind.BETTER) in told
    assert watch.last("i").ending is Ending.NONE
    assert watch.last("i").phase == "resolved"
    assert watch.last("i").changes == (SurfaceChange("api", PARTIAL, UP),)


MAINTENANCE = Severity.MAINTENANCE


def test_an_end_into_maintenance_is_not_up_again() -> None:
    watch = opened()
    assert watch.see(31, ENDED, components={"api": MAINTENANCE}) == [("i", RESOLVED)]
    assert watch.last("i").changes == (SurfaceChange("api", PARTIAL, MAINTENANCE),)
    assert watch.see(50, recent=[ENDED]) == []
    assert watch.see(60, recent=[ENDED], components={"api": UP}) == [("i", EventKind.BETTER)]
    incident = watch.now("i")
    assert incident.ended_at == minute(30)
    assert incident.timeline == ((minute(0), PARTIAL),)


def test_one_in_maintenance_after_its_end_that_goes_down_is_another_matter() -> None:
    watch = opened()
    watch.see(31, ENDED, components={"api": MAINTENANCE})
    told = watch.see(300, recent=[ENDED], components={"api": MAJOR})
    assert [kind for id_, kind in told if id_ != "i"] == [OPENED]
    assert [kind for id_, kind in told if id_ == "i"] == [EventKind.BETTER]
