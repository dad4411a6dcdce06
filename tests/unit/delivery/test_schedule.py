"""A channel is looked at when its own time has come: the end of quiet hours, or a digest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time

from bot.delivery.quiet_end import QuietEnd
from bot.delivery.schedule import Appointment, ScheduleFanOut, due_now, next_due
from bot.domain.digest import DigestDue, DigestTime
from bot.domain.incident import EventKind
from bot.domain.quiet import Period, QuietHours
from bot.domain.subscription import Channel, Subscription
from tests.delivery_kit import incident
from tests.unit.delivery.platform import HERE
from tests.unit.delivery.stage import ASKED, HOUR, MINUTE, NOW
from tests.unit.delivery.streams import TOLD, Store

NIGHT = QuietHours(time(8), time(11), "UTC")
DAILY = DigestTime(time(9), "UTC")
QUIET_END = Period(NOW - 4 * HOUR, NOW - HOUR)
DAY = Period(NOW - 27 * HOUR, NOW - 3 * HOUR)


def test_what_falls_due_is_the_end_of_quiet_hours_and_the_digest() -> None:
    both = replace(ASKED, quiet=NIGHT, digest=DAILY)
    assert due_now(both, NOW) == [QuietEnd(QUIET_END), DigestDue(DAY)]
    assert due_now(ASKED, NOW) == []
    assert due_now(replace(ASKED, quiet=NIGHT), NOW) == [QuietEnd(QUIET_END)]
    assert due_now(replace(ASKED, digest=DAILY), NOW) == [DigestDue(DAY)]
    assert next_due(both, NOW) == NOW + 21 * HOUR
    assert next_due(replace(ASKED, quiet=NIGHT), NOW) == NOW + 23 * HOUR
    assert next_due(ASKED, NOW) is None


@dataclass
class Times:
    due_at: list[Appointment] = field(default_factory=list)
    advanced: list[tuple[Channel, datetime | None]] = field(default_factory=list)
    subscriptions: dict[Channel, Subscription] = field(default_factory=dict)

    async def due(self, now: datetime) -> Sequence[Appointment]:
        assert now == NOW
        return self.due_at

    async def advance(self, appointment: Appointment, following: datetime | None) -> None:
        self.advanced.append((appointment.channel, following))

    async def get(self, channel: Channel) -> Subscription | None:
        return self.subscriptions.get(channel)


async def test_at_its_time_a_channel_is_queued_with_what_was_put_off_and_gets_its_next_time() -> (
    None
):
    at_night = incident(EventKind.OPENED, id_="night", at=QUIET_END.start)
    before = incident(EventKind.OPENED, id_="before", at=QUIET_END.start - MINUTE)
    silent = replace(TOLD, id="silent", events=())
    elsewhere = replace(TOLD, id="code", surfaces={}, carried={}, provider="openai")
    only_api = replace(ASKED, quiet=NIGHT, digest=DAILY, surfaces=frozenset({"api"}))
    store = Store(past=[before, at_night, silent, elsewhere, TOLD])
    gone = Channel("chat", "T1", "gone")
    idle = Channel("chat", "T1", "idle")
    times = Times([Appointment(one, NOW) for one in (gone, HERE, idle)])
    times.subscriptions = {HERE: only_api, idle: replace(ASKED, channel=idle)}
    loop = ScheduleFanOut(times, times, store, store, ["claude", "openai"], lambda: NOW)  # type: ignore[arg-type]
    assert await loop.queue_due(), "there may be more"
    assert store.events == [
        (HERE, [QuietEnd(QUIET_END).key, DigestDue(DAY).key, at_night.key, TOLD.key])
    ]
    assert set(store.asked_since) == {QUIET_END.start}
    assert times.advanced == [(gone, None), (HERE, NOW + 21 * HOUR), (idle, None)]
    times.due_at = []
    assert not await loop.queue_due()


async def test_a_digest_alone_wakes_no_thread() -> None:
    store = Store(past=[TOLD])
    times = Times([Appointment(HERE, NOW)], subscriptions={HERE: replace(ASKED, digest=DAILY)})
    loop = ScheduleFanOut(times, times, store, store, ["claude"], lambda: NOW)  # type: ignore[arg-type]
    await loop.queue_due()
    assert store.events == [(HERE, [DigestDue(DAY).key])]
    assert store.asked_since == []
