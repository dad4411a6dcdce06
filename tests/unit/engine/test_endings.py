"""How an incident ends, and what else its absence may mean."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.domain.incident import Ending, EventKind, Origin
from bot.engine.endings import ARCHIVED_AFTER, may_archive
from bot.engine.incidents import REOPENS_WITHIN
from tests.delivery_kit import incident

from .build import (
    BETTER,
    DEGRADED,
    ENDED,
    FIRST,
    MAJOR,
    OPEN,
    OPENED,
    OVER,
    PARTIAL,
    RESOLVED,
    UP,
    WITHDRAWN,
    Watch,
    minute,
    opened,
    quiet_watch,
    report,
    update,
)


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


def test_left_down_on_leaving_the_summary_it_is_followed_where_no_history_was_recorded() -> None:
    watch = Watch(has_history=False)
    watch.see(-10)
    watch.see(1, OPEN, components={"api": PARTIAL})
    assert watch.see(31) == [("i", RESOLVED)]
    assert watch.now("i").severity is PARTIAL
    assert watch.see(40, components={"api": UP}) == [("i", BETTER)]


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


def test_what_ended_before_the_last_row_of_a_full_list_fell_off_and_was_not_deleted() -> None:
    watch = opened()
    watch.see(31, ENDED, components={"api": UP})
    later = report("j", update("v1", 40), update("v2", 50, "resolved"))
    watch.see(55, recent=[later], recent_full=True)
    assert watch.now("i").ending is Ending.RESOLVED
    watch.see(56, recent=[later])
    assert watch.now("i").ending is Ending.WITHDRAWN, "a list that has room for it"


def test_each_return_of_an_old_incident_has_an_id_of_its_own() -> None:
    watch = quiet_watch()
    assert watch.state is not None
    watch.state = replace(watch.state, archived=("i", "i~2"))
    watch.see(1, report("i", FIRST, update("u3", 0.5, "investigating")))
    assert watch.now("i~3").aliases == ("i",)


@pytest.mark.parametrize(
    ("changes", "has_history", "listed", "kept_for"),
    [
        ({}, True, (), REOPENS_WITHIN),
        ({}, True, ("x1",), None),
        ({"aliases": ("x0",)}, True, ("x0",), None),
        ({}, True, None, None),  # the list was not read
        ({}, False, (), ARCHIVED_AFTER),
        ({"origin": Origin.OURS}, True, (), ARCHIVED_AFTER),
        ({"origin": Origin.OURS}, True, None, ARCHIVED_AFTER),
        ({"maintenance": True}, True, (), ARCHIVED_AFTER),
    ],
)
def test_what_is_over_is_kept_while_it_may_be_reopened_or_is_listed(
    changes: dict[str, Any],
    has_history: bool,
    listed: Collection[str] | None,
    kept_for: timedelta | None,
) -> None:
    over = replace(incident(EventKind.OPENED, EventKind.RESOLVED, at=minute(0)), **changes)
    second = timedelta(seconds=1)

    def is_kept(after: timedelta) -> bool:
        return not may_archive(over, listed, minute(0) + after, has_history=has_history)

    if kept_for is None:
        assert is_kept(100 * ARCHIVED_AFTER)
    else:
        assert is_kept(kept_for)
        assert not is_kept(kept_for + second)
    going_on = replace(over, ended_at=None)
    assert not may_archive(going_on, (), minute(0) + 100 * ARCHIVED_AFTER, has_history=True)


def test_one_that_was_never_bad_has_a_timeline_all_the_same() -> None:
    watch = quiet_watch()
    watch.see(1, report("i", update("u1", 0, "resolved", api=(UP, UP)), impact=UP))
    assert watch.now("i").timeline == ((minute(0), UP),)


def test_what_is_archived_is_remembered_beside_what_was_archived_before() -> None:
    watch = opened()
    watch.see(31, ENDED, components={"api": UP})
    assert watch.state is not None
    watch.state = replace(watch.state, archived=("long ago",))
    late = 31 + REOPENS_WITHIN / timedelta(minutes=1) + 1
    watch.see(late, recent=[])
    assert watch.state is not None
    assert watch.state.archived == ("long ago", "i")
    assert "i" not in watch.state.incidents
