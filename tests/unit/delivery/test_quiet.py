"""Quiet hours: put off, never dropped; at their end one message if something still matters."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.delivery.plan import plan
from bot.delivery.quiet_end import (
    GoingOn,
    QuietEnd,
    QuietEndNews,
    summary_of,
    summed_up_as,
    told_in,
)
from bot.delivery.steps import Act, Step, apply
from bot.domain.blindness import Blindness
from bot.domain.incident import EventKind, Impact, Incident
from bot.domain.page import Severity
from bot.domain.quiet import Period, QuietHours
from bot.domain.subscription import Channel, Reason, Subscription, ThreadRecord
from tests.delivery_kit import incident, more
from tests.unit.test_local_time import CHANGING, changes

HERE = Channel("chat", "T1", "C1")
NIGHT = QuietHours(time(22), time(7), "Europe/Berlin")
MIDNIGHT = datetime(2026, 11, 20, 23, tzinfo=UTC)  # in Berlin
MORNING = datetime(2026, 11, 21, 6, tzinfo=UTC)  # 07:00 in Berlin
ASKED = Subscription(HERE, quiet=NIGHT, mention="<@U1>", changed_at=MIDNIGHT - timedelta(days=9))


@dataclass
class ChannelLife:
    """One channel as the worker would keep it, with all that was ever sent to it."""

    subscription: Subscription
    told: dict[str, Incident] = field(default_factory=dict)
    threads: dict[str, ThreadRecord] = field(default_factory=dict)
    ends: dict[str, ThreadRecord] = field(default_factory=dict)
    sent: list[tuple[datetime, str, bool]] = field(default_factory=list)  # when, what, in channel

    def event(self, name: str, now: datetime, *kinds: EventKind, severity: Severity) -> None:
        known = self.told.get(name)
        if known is None:
            known = incident(EventKind.OPENED, id_=name, at=now, severity=severity)
        else:
            bad = Impact(severity, severity)
            known = replace(
                more(known, *kinds, at=now),
                severity=severity,
                worst=max(severity, known.worst, key=lambda one: one.rank),
                surfaces={"api": bad},
            )
        self.told[name] = known
        self.deliver(now)

    def deliver(self, now: datetime) -> None:
        """Carry out what is planned for every incident."""
        for name, known in self.told.items():
            for _ in range(4):
                thread = self.threads.get(name, ThreadRecord())
                summary = self.ends.get(summary_of(known, self.subscription) or "")
                found = plan(
                    known,
                    thread,
                    self.subscription,
                    now,
                    told_in_summary=told_in(summary, known),
                )
                for step in found.steps:
                    self._send(now, f"{name}/{step.event.key if step.event else 'root'}", step)
                    thread = apply(thread, step, "m")
                self.threads[name] = thread

    def end(self, now: datetime) -> None:
        """Quiet hours end: first the message, or first the threads, as the worker comes to them."""
        assert self.subscription.quiet is not None
        period = self.subscription.quiet.last_ended(now)
        assert period is not None
        known = tuple((i, self.threads[n]) for n, i in self.told.items())
        news = QuietEndNews(QuietEnd(period), GoingOn(known))
        record = self.ends.get(news.subject.key, ThreadRecord())
        for step in news.plan(record, self.subscription, now).steps:
            self._send(now, news.subject.key, step)
            record = apply(record, step, "m")
        self.ends[news.subject.key] = record
        self.deliver(now)

    def _send(self, now: datetime, what: str, step: Step) -> None:
        if step.sends:
            seen = step.in_channel or step.act in {Act.OPEN, Act.SAY}
            self.sent.append((now, what, seen))

    def in_channel(self, now: datetime) -> list[str]:
        return [what for at, what, seen in self.sent if at == now and seen]


def night(severity: Severity = Severity.PARTIAL, quiet: QuietHours = NIGHT) -> ChannelLife:
    """A channel in which something opens at midnight."""
    life = ChannelLife(replace(ASKED, quiet=quiet))
    life.event("a", MIDNIGHT, severity=severity)
    return life


def test_what_opens_at_night_is_one_message_in_the_morning_and_a_thread_with_its_next_news() -> (
    None
):
    life = night()
    assert life.sent == []
    life.end(MORNING)
    assert len(life.in_channel(MORNING)) == len(life.sent) == 1
    life.end(MORNING + timedelta(seconds=5))
    assert len(life.sent) == 1
    later = MORNING + timedelta(hours=1)
    life.event("a", later, EventKind.UPDATE, severity=Severity.PARTIAL)
    assert life.in_channel(later) == ["a/root"]


def test_what_is_over_in_the_morning_is_silence() -> None:
    life = night()
    life.event("a", MIDNIGHT + timedelta(hours=2), EventKind.RESOLVED, severity=Severity.UP)
    life.end(MORNING)
    assert life.sent == []


def test_several_that_go_on_are_still_one_message() -> None:
    life = night()
    life.event("b", MIDNIGHT + timedelta(hours=1), severity=Severity.DEGRADED)
    life.end(MORNING)
    assert len(life.sent) == 1


def test_what_was_told_before_is_edited_at_night_and_goes_on_in_its_thread_in_the_morning() -> None:
    life = ChannelLife(ASKED)
    evening = MIDNIGHT - timedelta(hours=3)
    life.event("a", evening, severity=Severity.PARTIAL)
    assert life.in_channel(evening) == ["a/root"]
    life.event("a", MIDNIGHT, EventKind.WORSE, severity=Severity.PARTIAL)
    life.event("a", MIDNIGHT + timedelta(hours=1), EventKind.RESOLVED, severity=Severity.UP)
    assert len(life.sent) == 1
    assert life.threads["a"].shown == life.told["a"].revision
    life.end(MORNING)
    assert life.in_channel(MORNING) == []
    assert [what for at, what, _ in life.sent if at == MORNING] == ["a/u3"]  # in its thread


def test_except_major_wakes_the_channel_once_it_is_major() -> None:
    life = night(Severity.PARTIAL, replace(NIGHT, except_major=True))
    assert life.sent == []
    worse = MIDNIGHT + timedelta(hours=1)
    life.event("a", worse, EventKind.WORSE, severity=Severity.MAJOR)
    assert life.in_channel(worse) == ["a/root"]
    life.end(MORNING)
    assert life.in_channel(MORNING) == []


def test_an_event_stored_too_late_for_the_summary_is_told_by_itself() -> None:
    life = night()
    life.end(MORNING)
    late = more(life.told["a"], EventKind.UPDATE, at=MORNING - timedelta(seconds=1))
    life.told["a"] = late
    now = MORNING + timedelta(seconds=3)
    life.deliver(now)
    assert life.in_channel(now) == ["a/root"]


def test_the_summary_says_after_a_crash_what_it_was_recorded_to_say() -> None:
    known = incident(EventKind.OPENED, id_="a", at=MIDNIGHT, severity=Severity.PARTIAL)
    other = incident(EventKind.OPENED, id_="b", at=MIDNIGHT, severity=Severity.PARTIAL)
    end = QuietEnd(Period(MORNING - timedelta(hours=9), MORNING))
    first = QuietEndNews(end, GoingOn(((known, ThreadRecord()),)))
    assert end.version.partition(":")[0] == "1"
    record, say = first.plan(ThreadRecord(), ASKED, MORNING).steps
    assert (record.act, say.act, say.mention) == (Act.RECORD, Act.SAY, True)
    stands = apply(ThreadRecord(), record)
    both = GoingOn(((known, ThreadRecord()), (other, ThreadRecord())))
    again = QuietEndNews(end, both)
    assert [step.act for step in again.plan(stands, ASKED, MORNING).steps] == [Act.SAY]
    assert again.matters(stands, ASKED, MORNING)[0] == [known]
    assert again.plan(apply(stands, say, "m"), ASKED, MORNING).reason is Reason.TOLD


def test_a_page_that_was_lost_from_sight_at_night_and_still_is_matters() -> None:
    hit = {"api": Impact(Severity.MAJOR, Severity.MAJOR)}
    blind = Blindness("claude", MIDNIGHT, MIDNIGHT, hit, hit, Severity.MAJOR)
    end = QuietEnd(Period(MORNING - timedelta(hours=9), MORNING))
    found = QuietEndNews(end, GoingOn((), (blind,))).plan(ThreadRecord(), ASKED, MORNING)
    assert found.reason is Reason.DUE
    seen = replace(blind, ended_at=MORNING - timedelta(hours=1))
    found = QuietEndNews(end, GoingOn((), (seen,))).plan(ThreadRecord(), ASKED, MORNING)
    assert found.reason is Reason.NOTHING_LEFT


KINDS = st.sampled_from(
    [EventKind.UPDATE, EventKind.WORSE, EventKind.BETTER, EventKind.RESOLVED, EventKind.REOPENED]
)
SEVERITIES = st.sampled_from([Severity.DEGRADED, Severity.PARTIAL, Severity.MAJOR])
STORY = st.lists(
    st.tuples(st.integers(0, 72 * 60), st.sampled_from("abc"), KINDS, SEVERITIES), max_size=9
)


@settings(max_examples=300)
@given(
    st.sampled_from(CHANGING),
    st.integers(0, 20),
    st.sampled_from([(22, 7), (1, 3), (0, 0), (13, 12)]),
    st.frozensets(st.integers(0, 6), min_size=1, max_size=6),
    st.booleans(),
    STORY,
)
def test_over_any_change_of_clocks_nothing_is_lost_or_doubled_and_one_message_ends_the_night(
    zone: str,
    which: int,
    hours: tuple[int, int],
    days: frozenset[int],
    except_major: bool,
    story: list[tuple[int, str, EventKind, Severity]],
) -> None:
    quiet = QuietHours(time(hours[0]), time(hours[1]), zone, days, except_major)
    change = changes(zone)[which % len(changes(zone))]
    start, stop = change - timedelta(hours=36), change + timedelta(days=12)
    asked = replace(ASKED, quiet=quiet, changed_at=start - timedelta(days=20))
    life = ChannelLife(asked)
    moments = {start + timedelta(minutes=at): (name, kind, s) for at, name, kind, s in story}
    ends, at = set(), quiet.next_end(start)
    while at is not None and at < stop:
        ends.add(at)
        at = quiet.next_end(at)
    for now in sorted(moments.keys() | ends):
        if now in ends:
            period = quiet.last_ended(now)
            assert period is not None
            due = [one for one in life.told.values() if _matters(one, asked, period)]
            life.end(now)
            assert len(life.in_channel(now)) == bool(due)
            life.end(now + timedelta(seconds=9))
        if now in moments:
            name, kind, severity = moments[now]
            life.event(name, now, kind, severity=severity)
            if quiet.period_at(now):
                exempt = except_major and life.told[name].worst is Severity.MAJOR
                assert exempt or all(when != now for when, _, _ in life.sent)
    life.deliver(stop)
    whats = [what for _, what, _ in life.sent]
    assert len(whats) == len(set(whats))
    _nothing_is_lost(life, stop)


def _matters(one: Incident, asked: Subscription, period: Period) -> bool:
    exempt = asked.quiet and asked.quiet.except_major and one.worst is Severity.MAJOR
    return one.is_open and not exempt and any(e.observed_at in period for e in one.events)


def _nothing_is_lost(life: ChannelLife, now: datetime) -> None:
    assert life.subscription.quiet is not None
    if life.subscription.quiet.period_at(now):
        return  # what is put off now is told at its end
    for name, known in life.told.items():
        thread = life.threads[name]
        if thread.root is not None:
            missed = [e for e in known.events if e.revision > thread.joined]
            assert all(event.key in thread.replies for event in missed)
        elif known.is_open:
            assert any(summed_up_as(known) in record.replies for record in life.ends.values())
