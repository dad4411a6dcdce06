"""Component states as they are believed: since when, and what a missing row says."""

from __future__ import annotations

from datetime import datetime

from bot.domain.page import Component, Severity, Snapshot
from bot.domain.state import ComponentState
from bot.engine.components import believe

from .build import DEGRADED, MAJOR, PARTIAL, UP, minute

KNOWN = ComponentState("API", UP, "operational", minute(-100))


def seen(
    before: ComponentState | None,
    *rows: Severity,
    at: float = 1,
    updated: float | None = None,
    polled: float | None = 0,
    at_once: bool = False,
) -> tuple[ComponentState, int]:
    """Believe what rows of one component say at each minute from `at` on."""
    flaps, known = 0, before
    for number, row in enumerate(rows):
        now = minute(at + number)
        since = None if updated is None else minute(updated)
        page = Snapshot("claude", (Component("c", "API", row, row.value, since),), (), now)
        believed, more = believe(
            {"c": known} if known else {},
            page,
            now,
            None if polled is None else minute(polled + number),
            {"c"} if at_once else set(),
        )
        known, flaps = believed["c"], flaps + more
    assert known is not None
    return known, flaps


def held(state: ComponentState) -> tuple[Severity, Severity | None, datetime]:
    return state.severity, state.pending, state.since


def test_worse_is_believed_at_the_second_look_since_the_first() -> None:
    assert held(seen(KNOWN, PARTIAL)[0]) == (UP, PARTIAL, minute(-100))
    assert held(seen(KNOWN, PARTIAL, PARTIAL)[0]) == (PARTIAL, None, minute(1))
    assert held(seen(KNOWN, DEGRADED, PARTIAL)[0]) == (PARTIAL, None, minute(1))


def test_a_major_outage_and_what_is_explained_are_believed_at_once() -> None:
    assert held(seen(KNOWN, MAJOR)[0]) == (MAJOR, None, minute(1))
    assert held(seen(KNOWN, DEGRADED, at_once=True)[0]) == (DEGRADED, None, minute(1))
    planned = Severity.MAINTENANCE
    assert held(seen(KNOWN, planned)[0]) == (planned, None, minute(1))


def test_a_change_of_one_look_is_counted_and_forgotten() -> None:
    state, flaps = seen(KNOWN, PARTIAL, UP)
    assert (held(state), flaps) == ((UP, None, minute(-100)), 1)
    down = ComponentState("API", PARTIAL, "partial_outage", minute(-100))
    assert seen(down, MAJOR, UP)[1] == 0
    state, flaps = seen(down, UP)
    assert (held(state), flaps) == ((UP, None, minute(1)), 0)


def test_the_pages_own_time_counts_unless_it_cannot_be_true() -> None:
    assert seen(KNOWN, MAJOR, updated=0.5)[0].since == minute(0.5)
    assert seen(KNOWN, MAJOR, updated=0)[0].since == minute(0), "at the last look"
    assert seen(KNOWN, MAJOR, updated=-1)[0].since == minute(1), "we saw it up after that"
    assert seen(KNOWN, MAJOR, updated=2)[0].since == minute(1), "it is in the future"
    assert seen(None, MAJOR, updated=2)[0].since == minute(1)
    assert seen(None, MAJOR, updated=-50)[0].since == minute(-50)


def test_a_word_that_means_nothing_to_us_changes_nothing_but_that_it_is_unclear() -> None:
    unclear, _ = seen(KNOWN, Severity.UNKNOWN)
    assert (unclear.severity, unclear.unclear, unclear.status) == (UP, True, "unknown")
    assert not seen(unclear, UP)[0].unclear
    assert seen(None, Severity.UNKNOWN)[0].unclear


def test_a_row_that_left_the_page_keeps_what_it_was_until_it_is_back() -> None:
    empty = Snapshot("claude", (), (), minute(1))
    gone, _ = believe({"c": KNOWN}, empty, minute(1), minute(0), set())
    assert (gone["c"].severity, gone["c"].listed, gone["c"].unlisted_since) == (
        UP,
        False,
        minute(1),
    )
    still, _ = believe(gone, empty, minute(2), minute(1), set())
    assert still["c"].unlisted_since == minute(1)
    back, _ = seen(still["c"], UP, at=3)
    assert (back.listed, back.unlisted_since) == (True, None)
