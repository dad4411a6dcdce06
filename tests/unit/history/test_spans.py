"""What was observed over time: spans, and how overlapping pieces are joined."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.page import Severity
from bot.history.spans import Observer, Piece, Reading, Span, extended, laid_together

START = datetime(2026, 11, 20, tzinfo=UTC)
GAP = timedelta(minutes=10)
API = (Observer.PAGE, "api")
UP, PARTIAL, MAJOR = Severity.UP, Severity.PARTIAL, Severity.MAJOR


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def seen(*looks: tuple[float, Reading]) -> list[Span]:
    """Every span after these looks, each as it was written last."""
    last: dict[tuple[Observer, str], Span] = {}
    kept: dict[tuple[Observer, str, datetime], Span] = {}
    for minute, look in looks:
        last_now, changed = extended(last, {API: look}, at(minute), GAP)
        last.update(last_now)
        for span in (*changed, *last.values()):
            kept[span.observer, span.surface, span.start] = span
    return list(kept.values())


def test_months_of_looks_at_the_same_are_one_span() -> None:
    (span,) = seen(*[(minute / 2, Reading(UP)) for minute in range(10_000)])
    assert (span.start, span.end, span.looks) == (at(0), at(4999.5), 10_000)


def test_a_change_is_dated_by_the_page_and_no_time_is_lost_between() -> None:
    first, second = seen((0, Reading(UP)), (1, Reading(UP)), (2, Reading(MAJOR, since=at(1.4))))
    assert (first.end, second.start, second.end) == (at(1.4), at(1.4), at(2))
    # A page that dates it before our last look: until then it was seen to be up.
    first, second = seen((0, Reading(UP)), (1, Reading(UP)), (2, Reading(MAJOR, since=at(0.2))))
    assert (first.end, second.start) == (at(1), at(1))


def test_between_two_looks_too_far_apart_nothing_is_claimed() -> None:
    first, second = seen((0, Reading(UP)), (1, Reading(UP)), (30, Reading(UP)))
    assert (first.end, second.start) == (at(1), at(30))


def test_the_higher_layer_decides_and_within_one_the_worse() -> None:
    pieces = [
        Piece(at(0), at(100), UP, 0),
        Piece(at(10), at(50), PARTIAL, 1),
        Piece(at(20), at(30), MAJOR, 1),
        Piece(at(40), at(60), UP, 2),
    ]
    joined = laid_together(pieces, at(5), at(90))
    assert [(p.start, p.end, p.severity) for p in joined] == [
        (at(5), at(10), UP),
        (at(10), at(20), PARTIAL),
        (at(20), at(30), MAJOR),
        (at(30), at(40), PARTIAL),
        (at(40), at(60), UP),
        (at(60), at(90), UP),
    ]


@given(
    st.lists(
        st.tuples(
            st.integers(0, 200),
            st.integers(0, 60),
            st.sampled_from([UP, PARTIAL, MAJOR]),
            st.integers(0, 2),
        ),
        max_size=12,
    ),
    st.lists(st.integers(0, 200), max_size=4),
)
def test_every_minute_is_told_once_and_as_a_look_at_all_pieces_tells_it(
    drawn: list[tuple[int, int, Severity, int]], cuts: list[int]
) -> None:
    pieces = [Piece(at(a), at(a + n), severity, layer) for a, n, severity, layer in drawn]
    joined = laid_together(pieces, at(20), at(180), [at(cut) for cut in sorted(cuts)])
    assert all(a.end <= b.start for a, b in pairwise(joined))
    for minute in range(200):
        here = [p for p in pieces if p.start <= at(minute) < p.end and 20 <= minute < 180]
        expected = max(((p.layer, p.severity.rank) for p in here), default=None)
        told = [p for p in joined if p.start <= at(minute) < p.end]
        assert [(p.layer, p.severity.rank) for p in told] == ([expected] if expected else [])
