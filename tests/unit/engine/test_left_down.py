"""Components that an incident left down at its end, and incidents that return."""

from dataclasses import replace

from bot.domain.incident import Ending, EventKind, SurfaceChange
from bot.domain.page import Severity

from .build import (
    BETTER,
    DEGRADED,
    ENDED,
    FIRST,
    LAST,
    MAJOR,
    OPEN,
    OPENED,
    OVER,
    PARTIAL,
    REOPENED,
    RESOLVED,
    UP,
    UPDATE,
    Watch,
    kinds,
    minute,
    opened,
    quiet_watch,
    report,
    update,
)


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


def test_a_resolved_text_of_an_incident_that_was_over_when_first_seen_can_be_corrected() -> None:
    watch = quiet_watch()
    watch.see(40, ENDED)
    edited = report("i", FIRST, replace(LAST, text="rewritten"))
    assert watch.see(41, edited) == [("i", EventKind.CORRECTED)]
    # Its first update was never told by itself, so its edit corrects nothing.
    silent = report("i", replace(FIRST, text="rewritten as well"), replace(LAST, text="rewritten"))
    assert watch.see(42, silent) == []


def test_an_end_that_was_never_seen_does_not_date_the_return() -> None:
    watch = Watch(has_history=False)
    watch.see(-10)
    watch.see(1, OPEN, components={"api": PARTIAL})
    watch.see(31, components={"api": UP})
    again = report("i", FIRST, LAST, update("u3", 400, api=(UP, PARTIAL)))
    assert watch.see(401, again, components={"api": PARTIAL}) == [("i~2", OPENED)]
    assert watch.last("i~2").text == "text of u3"


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


def test_one_whose_id_is_a_number_is_counted_as_any_other() -> None:
    watch = quiet_watch()
    first = (update("u1", 0, api=(UP, PARTIAL)), update("u2", 10, "resolved", api=(PARTIAL, UP)))
    watch.see(11, report("77", *first))
    again = report("77", *first, update("u3", 400, api=(UP, PARTIAL)))
    assert watch.see(401, again, recent=[again]) == [("77~2", OPENED)]


def test_what_its_words_named_is_over_with_its_end_though_a_component_is_still_down() -> None:
    watch = quiet_watch()
    words = "Requests to Claude Opus 4 fail."
    page = report("i", update("u1", 0, text=words, code=(UP, MAJOR)))
    watch.see(1, page, components={"code": MAJOR})
    assert watch.now("i").surfaces["opus"].now is MAJOR
    end = update("u2", 20, "resolved", text="This is resolved.")
    watch.see(21, report("i", *page.updates, end))
    assert watch.now("i").surfaces["code"].now is MAJOR
    assert watch.now("i").surfaces["opus"].now is UP


def test_two_hours_after_its_end_it_is_still_reopened_and_a_minute_later_it_is_new() -> None:
    for at, told in ((30 + 120, ("i", REOPENED)), (30 + 121, ("i~2", OPENED))):
        watch = opened()
        watch.see(31, ENDED, components={"api": UP})
        again = report("i", FIRST, LAST, update("u3", at, api=(UP, DEGRADED)))
        assert watch.see(at + 1, again, recent=[again], components={"api": DEGRADED}) == [told]
