"""The first look, and looks that fail."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

from bot.domain.incident import EventKind
from bot.domain.page import PageList
from bot.domain.state import Track
from bot.engine.endings import credible, needed_lists

from .build import DEGRADED, MAJOR, PARTIAL, UP, Watch, kinds, minute, quiet_watch, report, update

RUNNING = report("i", update("u1", -60, api=(UP, PARTIAL)), update("u2", -30, api=(PARTIAL, MAJOR)))
PAST = report("old", update("o1", -900, "resolved"))


def begun() -> Watch:
    watch = Watch()
    assert watch.see(0, RUNNING, recent=[RUNNING, PAST], components={"api": MAJOR}) == []
    return watch


def test_the_first_look_tells_nothing_and_takes_up_what_runs() -> None:
    watch = begun()
    incident = watch.now("i")
    assert kinds(incident) == ["opened"]
    assert incident.revision == 1
    assert incident.severity is MAJOR
    assert incident.events[0].text == "text of u2"
    assert watch.state is not None
    assert set(watch.state.incidents) == {"i"}


def test_after_the_first_look_only_what_is_new_is_told() -> None:
    watch = begun()
    assert watch.see(1, RUNNING, recent=[RUNNING, PAST]) == []
    end = report("i", *RUNNING.updates, update("u3", 5, "resolved", api=(MAJOR, UP)))
    told = watch.see(6, recent=[end, PAST], components={"api": UP})
    # Both news are fresh to the test's watcher; the first was never in `changed` before.
    assert told == [("i", EventKind.OPENED), ("i", EventKind.RESOLVED)]


def test_what_ended_before_the_first_look_is_no_news_though_its_list_comes_later() -> None:
    watch = Watch()
    watch.see(0)
    assert watch.see(10, recent=[PAST]) == []
    assert watch.see(20, recent=[PAST]) == []


def test_one_of_a_list_that_came_late_gets_a_thread_of_its_own_when_it_is_reopened() -> None:
    watch = Watch()
    watch.see(0)
    watch.see(10, recent=[PAST])
    again = report("old", *PAST.updates, update("o2", 19, api=(UP, PARTIAL)))
    assert watch.see(20, again, recent=[again]) == [("old~2", EventKind.OPENED)]


def test_the_list_is_needed_at_first_when_the_page_changed_and_now_and_then() -> None:
    watch = begun()
    assert watch.state is not None
    quiet = replace(watch.page(1, [RUNNING], None), updated_at=watch.state.page_updated_at)
    needed = partial(needed_lists, watch.state)

    assert needed_lists(None, quiet, now=minute(1)) == {PageList.INCIDENTS}
    unread = replace(watch.state, history_at=None)
    assert needed_lists(unread, quiet, now=minute(1)) == {PageList.INCIDENTS}
    assert needed(quiet, now=minute(1)) == frozenset()
    assert needed(replace(quiet, updated_at=minute(1)), now=minute(1)) == {PageList.INCIDENTS}
    assert needed(replace(quiet, incidents=()), now=minute(1)) == {PageList.INCIDENTS}
    assert needed(quiet, now=minute(10)) == {PageList.INCIDENTS}


def test_a_list_that_could_not_be_read_is_needed_again_at_the_next_look() -> None:
    watch = begun()
    watch.see(1, RUNNING, recent=None)
    assert watch.state is not None
    quiet = replace(watch.page(2, [RUNNING], None), updated_at=minute(1))
    assert needed_lists(watch.state, quiet, now=minute(2)) == {PageList.INCIDENTS}


def test_a_page_may_forget_one_incident_and_not_all_of_several() -> None:
    watch = begun()
    assert watch.state is not None
    track = Track(page_end=minute(-60))
    one = replace(watch.state, tracks={"old": track}, incidents={})
    two = replace(one, tracks={"old": track, "older": track})
    empty = watch.page(1, [], [])
    assert credible(one, empty, minute(1)).recent == ()
    assert credible(two, empty, minute(1)).recent is None
    some = watch.page(1, [], [PAST])
    assert credible(two, some, minute(1)).recent == (PAST,)


def test_the_list_of_maintenances_is_needed_when_one_left_the_summary() -> None:
    watch = Watch()
    work = report("m", update("w1", 0, "in_progress"), maintenance=True)
    watch.see(0, work, recent=[])
    left = watch.page(1, [], None)

    assert needed_lists(watch.state, left, now=minute(1)) == set(PageList)


def test_a_component_down_at_the_first_look_is_followed_silently() -> None:
    watch = Watch()
    assert watch.see(0, components={"api": DEGRADED}) == []
    assert watch.state is not None
    (own,) = watch.state.incidents
    assert watch.see(1) == []
    told = watch.see(5, components={"api": UP})
    assert told[-1] == (own, EventKind.RESOLVED)


def test_one_reopened_that_had_ended_before_the_first_look_gets_a_thread_of_its_own() -> None:
    watch = begun()
    again = report("old", *PAST.updates, update("o2", 9, api=(UP, PARTIAL)))
    told = watch.see(10, RUNNING, again, recent=[RUNNING, again])
    assert told == [("old~2", EventKind.OPENED)]


def test_a_page_that_fails_changes_nothing_but_that_it_fails() -> None:
    watch = begun()
    before = watch.state
    watch.fail(1, "HTTP 405")
    watch.fail(9, "not JSON")
    after = watch.state
    assert before is not None
    assert after is not None
    assert (after.failing_since, after.failure) == (minute(1), "not JSON")
    assert after.incidents == before.incidents
    assert after.components == before.components
    assert after.observed_at == before.observed_at
    assert watch.see(10, RUNNING, recent=[RUNNING, PAST]) == []
    assert watch.state is not None
    assert watch.state.failing_since is None
    assert watch.state.failure == ""


def test_a_failure_between_two_looks_does_not_confirm_a_flap() -> None:
    watch = quiet_watch()
    watch.see(1, components={"api": DEGRADED})
    watch.fail(2)
    assert watch.see(3, components={"api": UP}) == []


def test_a_copy_out_of_a_cache_that_is_older_than_what_was_seen_changes_nothing() -> None:
    watch = quiet_watch()
    quiet = watch.page(-9, (), ())
    watch.see(1, components={"api": MAJOR})
    before = watch.state
    assert watch.take(replace(quiet, age=timedelta(minutes=11)), 2) == []
    assert watch.state == before


def test_what_came_out_of_a_cache_is_known_as_of_then() -> None:
    watch = quiet_watch()
    copy = replace(watch.page(4, (), None), age=timedelta(minutes=3))
    watch.take(copy, 4)
    assert watch.state is not None
    assert watch.state.observed_at == minute(1)
