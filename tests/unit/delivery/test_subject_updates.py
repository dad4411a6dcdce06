"""What is written back of a subject once an attempt has dealt with it."""

from __future__ import annotations

from dataclasses import replace

from bot.delivery.blindness import BlindnessNews
from bot.delivery.queue import PendingThread, Subject
from bot.delivery.reminders import ReminderNews
from bot.delivery.steps import DELETED, Act, Step
from bot.delivery.subjects import SubjectTask
from bot.domain.blindness import Blindness
from bot.domain.incident import EventKind, Origin
from bot.domain.page import Severity
from bot.domain.subscription import Reason, Reminder, ThreadRecord
from tests.delivery_kit import more
from tests.unit.delivery.claimed import STANDS, TOLD
from tests.unit.delivery.platform import HERE
from tests.unit.delivery.stage import ASKED, NOW


def pending(told: Subject, thread: ThreadRecord) -> PendingThread:
    return PendingThread(told.key, told.version, thread)


def test_a_thread_is_up_to_date_with_the_version_that_was_told_unless_it_counts_people() -> None:
    done = SubjectTask(pending(TOLD, STANDS), TOLD, ASKED, STANDS, settled=True)
    assert done.update.version == TOLD.version
    assert replace(done, settled=False).update.version == ""
    counted = replace(STANDS, report_count="3 here")
    assert replace(done, thread=counted).update.version == "", "their reports expire"
    over = more(TOLD, EventKind.RESOLVED)
    assert replace(done, thread=counted, subject=over).update.version == over.version
    unknown = replace(done, subject=None)
    assert (unknown.update.version, unknown.update.settled) == ("", True)


def test_only_what_changed_or_is_dealt_with_is_written() -> None:
    untouched = SubjectTask(pending(TOLD, STANDS), TOLD, ASKED, STANDS)
    assert not untouched.is_new
    assert replace(untouched, settled=True).is_new
    assert replace(untouched, thread=replace(STANDS, shown=2)).is_new


def test_a_root_that_tells_all_of_what_goes_on_needs_no_second_plan() -> None:
    one = SubjectTask(pending(TOLD, STANDS), TOLD, ASKED, STANDS)
    root = Step(Act.OPEN, 2, since=2)
    assert one.is_told_by([root])
    assert not one.is_told_by([replace(root, since=1)])
    assert not one.is_told_by([root, Step(Act.CLOSE, 2)])
    assert not one.is_told_by([replace(root, act=Act.REVISE)])
    assert not one.is_told_by([])
    assert not replace(one, subject=more(TOLD, EventKind.RESOLVED)).is_told_by([root])
    assert not replace(one, subject=None).is_told_by([root])


def test_only_a_major_outage_that_goes_on_is_urgent() -> None:
    one = SubjectTask(pending(TOLD, STANDS), TOLD, ASKED, STANDS)
    assert one.is_urgent
    for other in (replace(TOLD, severity=Severity.PARTIAL), None):
        assert not replace(one, subject=other).is_urgent
    news = BlindnessNews(Blindness("claude", NOW, NOW, worst=Severity.MAJOR))
    assert not replace(one, subject=news).is_urgent


def test_where_a_destination_is_gone_nothing_more_is_told_of_it() -> None:
    reminder = Reminder(HERE, "U1", ("api",), NOW)
    news = ReminderNews(reminder, lambda _: None)
    one = SubjectTask(pending(reminder, ThreadRecord()), news, None, ThreadRecord())
    one.give_up(NOW)
    assert (one.thread.root, one.settled, one.reason) == (DELETED, True, Reason.TOLD)
    assert one.update.forget
    suspected = replace(TOLD, origin=Origin.SUSPECTED)
    other = SubjectTask(pending(suspected, ThreadRecord()), suspected, ASKED, ThreadRecord())
    other.give_up(NOW)
    assert (other.reason, other.update.forget) == (Reason.ROOT_DELETED, False)
