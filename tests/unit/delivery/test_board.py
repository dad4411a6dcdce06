"""Plans of a board: one message, changed when what it shows changes, ended once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.delivery.board import BoardNews, state_of
from bot.delivery.steps import Act, apply
from bot.domain.board import PIN, BoardState
from bot.domain.message import Message
from bot.domain.page import Severity
from bot.domain.subscription import Reason, ThreadRecord
from bot.messages.board import BoardContent
from tests.unit.messages.examples import DOWN, OUTAGE, QUIET, claude, seen

NOW = datetime(2026, 11, 20, 16, 5, tzinfo=UTC)
EARLIER = NOW - timedelta(minutes=7)


def news(
    shown: str | None = "up", *, number: int = 7, pins: bool = True, at: datetime = NOW
) -> BoardNews:
    content = None if shown is None else BoardContent(Message(shown, shown), (shown,), at)
    return BoardNews(BoardState("1:x"), number, content, pins=pins)


def acts(board: BoardNews, thread: ThreadRecord) -> list[Act]:
    return [step.act for step in board.plan(thread, None, NOW).steps]


def told(board: BoardNews, thread: ThreadRecord, ref: str = "m1", pin: str = "") -> ThreadRecord:
    """Carry out all that is missing, as the platform would."""
    while steps := board.plan(thread, None, NOW).steps:
        for step in steps:
            thread = apply(thread, step, pin if step.act is Act.PIN else ref)
    return thread


def test_it_is_sent_once_pinned_once_and_changed_only_when_it_shows_something_else() -> None:
    assert acts(news(), ThreadRecord()) == [Act.SAY]
    stands = told(news(), ThreadRecord())
    assert (stands.root, stands.joined, stands.replies) == ("m1", 7, {PIN: ""})
    assert news().plan(stands, None, NOW).reason is Reason.TOLD
    assert acts(news("down"), stands) == [Act.EDIT]
    assert acts(news(), told(news(pins=False), ThreadRecord())) == [Act.PIN]


def test_once_an_hour_it_is_changed_so_that_its_age_says_whether_we_run() -> None:
    stands = told(news(), ThreadRecord())
    assert acts(news(at=NOW + timedelta(minutes=54)), stands) == []
    assert acts(news(at=NOW + timedelta(minutes=55)), stands) == [Act.EDIT]


def test_what_could_not_be_pinned_is_tried_again_with_the_next_change() -> None:
    stands = told(news(), ThreadRecord(), pin="I lack the permission")
    assert acts(news(), stands) == []
    assert acts(news("down"), stands) == [Act.EDIT, Act.PIN]
    assert told(news("down"), stands).replies == {PIN: ""}


def test_a_deleted_board_is_off_and_asked_for_again_it_is_another_message() -> None:
    (edit,) = news("down").plan(told(news(), ThreadRecord()), None, NOW).steps
    gone = apply(told(news(), ThreadRecord()), edit, "")
    assert news("worse").plan(gone, None, NOW).reason is Reason.ROOT_DELETED
    assert news(None).plan(gone, None, NOW).reason is Reason.ROOT_DELETED
    (say,) = news(number=8).plan(gone, None, NOW).steps
    assert say.act is Act.SAY
    assert acts(news(number=8), apply(gone, say, "m2")) == [Act.PIN]
    anew = told(news(number=8), gone, ref="m2")
    assert (anew.root, anew.joined, anew.replies) == ("m2", 8, {PIN: ""})


def test_its_end_is_the_last_change_and_comes_once() -> None:
    stands = told(news(), ThreadRecord())
    assert acts(news(None), stands) == [Act.UNPIN, Act.CLOSE]
    over = told(news(None), stands)
    assert (over.closed, over.replies) == (True, {})
    assert acts(news(None), over) == []
    assert acts(news(None), ThreadRecord()) == []  # never sent: nothing to end


def test_put_up_anew_the_old_one_ends_before_the_new_one_is_sent() -> None:
    old = told(news(), ThreadRecord())
    assert acts(news(number=8), old) == [Act.UNPIN, Act.CLOSE]
    anew = told(news(number=8), old, ref="m2")
    assert (anew.root, anew.joined, anew.closed, anew.replies) == ("m2", 8, False, {PIN: ""})


def test_the_state_of_all_boards_changes_with_what_is_seen_and_not_with_the_seconds() -> None:
    before = seen(claude(*DOWN, incidents=(OUTAGE,)))
    assert state_of(before) == state_of(replace(before, at=before.at + timedelta(seconds=30)))
    others = (
        replace(before, at=before.at + timedelta(minutes=20)),  # another hour
        seen(claude(*QUIET, incidents=(OUTAGE,))),
        seen(claude(*DOWN)),
        seen(claude(*DOWN, incidents=(replace(OUTAGE, severity=Severity.PARTIAL),))),
        seen(claude(*DOWN, incidents=(OUTAGE,), observed_at=NOW, failing_since=NOW)),
        seen(claude(*DOWN, incidents=(OUTAGE,), observed_at=EARLIER, failing_since=NOW)),
        seen(claude(*DOWN, incidents=(OUTAGE,), observed_at=NOW, failing_since=EARLIER)),
    )
    assert len({state_of(view).version for view in (before, *others)}) == 8
    assert all(state_of(view).version.startswith("1:") for view in others)
