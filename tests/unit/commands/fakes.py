"""Our own ports, kept in memory: a few honest lines each."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from adapters.platforms import PLATFORMS
from bot.catalog.catalog import Catalog
from bot.commands import Answer, Commands, Request, Services
from bot.domain.errors import ChannelGone, DeliveryError, StoreError
from bot.domain.evidence import Verdict
from bot.domain.incident import Incident
from bot.domain.message import Message
from bot.domain.subscription import Channel, Reminder, Subscription, ThreadRecord
from bot.evidence.reports import ReportCount
from bot.evidence.stores import UserReport
from bot.history.spans import Span
from bot.messenger import Access
from bot.ports import VersionedState
from bot.status.service import StatusService
from bot.status.snapshot import SharedSnapshot
from tests.unit.messages.examples import CLAUDE, NOW, QUIET, page_state, spoken

OPS = Channel("slack", "T1", "C-ops")
DEV = Channel("slack", "T1", "C-dev")


@dataclass
class Journal:
    incidents: list[Incident] = field(default_factory=list)
    verdicts: Sequence[Verdict] = QUIET
    changes: dict[str, object] = field(default_factory=dict)  # of each state
    down: bool = False
    never_read: bool = False

    async def load(self, provider: str) -> VersionedState:
        if self.down:
            raise StoreError("Redis is not reachable")
        if self.never_read:
            return VersionedState(None, 0)
        mine = self.verdicts if provider == "claude" else ()
        state = page_state(mine, self.incidents, provider)
        return VersionedState(replace(state, **self.changes), 1)  # type: ignore[arg-type]  # real fields

    async def incident(self, key: str) -> Incident | None:
        return next((one for one in self.incidents if one.key == key), None)

    async def history(self, provider: str, since: datetime) -> list[Incident]:
        lately = (one for one in self.incidents if one.is_open or (one.ended_at or NOW) >= since)
        return [one for one in lately if one.provider == provider]


@dataclass
class Subscriptions:
    kept: dict[Channel, Subscription] = field(default_factory=dict)
    behind: list[str] = field(default_factory=list)

    async def get(self, channel: Channel) -> Subscription | None:
        return self.kept.get(channel)

    async def put(self, subscription: Subscription, behind: Sequence[str] = ()) -> None:
        self.kept[subscription.channel] = subscription
        self.behind = list(behind)

    async def remove(self, channel: Channel) -> bool:
        return self.kept.pop(channel, None) is not None

    async def of_tenant(self, platform: str, tenant: str) -> AsyncIterator[Subscription]:
        for subscription in list(self.kept.values()):
            if (subscription.channel.platform, subscription.channel.tenant) == (platform, tenant):
                yield subscription

    async def tenants(self, platform: str) -> set[str]:
        return {one.tenant for one in self.kept if one.platform == platform}


@dataclass
class Threads:
    kept: dict[tuple[Channel, str], ThreadRecord] = field(default_factory=dict)

    async def thread(self, channel: Channel, incident: str) -> ThreadRecord | None:
        return self.kept.get((channel, incident))


@dataclass
class Speaker:
    """What the commands need of a messenger."""

    may: Access | DeliveryError = field(default_factory=lambda: Access(True))
    asked: set[Channel] = field(default_factory=set)
    refuses: DeliveryError | None = None
    people: dict[str, str] = field(default_factory=dict)  # their names, by id
    said: dict[tuple[Channel, str], Message] = field(default_factory=dict)
    pins: Any = None  # as `bot.ports.Pins`, of which the commands need `problem`

    async def access(self, channel: Channel) -> Access:
        self.asked.add(channel)
        if isinstance(self.may, DeliveryError):
            raise self.may
        return self.may

    async def direct(self, channel: Channel, person: str) -> Channel:
        return replace(channel, id=f"D-{person}")

    async def name_of(self, channel: Channel, person: str) -> str:
        if person not in self.people:
            raise ChannelGone("user_not_found")
        return self.people[person]

    async def say(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        if self.refuses:
            raise self.refuses
        self.said[channel, key] = card
        return "1.1"


@dataclass
class Reports:
    """Who reported what; nothing fades here."""

    said: list[UserReport] = field(default_factory=list)

    async def add(self, voice: UserReport, now: datetime) -> bool:
        new = all((one.person, one.surface) != (voice.person, voice.surface) for one in self.said)
        self.said.append(voice)
        return new

    async def withdraw(self, voice: UserReport) -> None:
        self.said = [one for one in self.said if one.person != voice.person]

    async def of_channel(
        self, channel: Channel, now: datetime, *, but: str | None = None
    ) -> list[ReportCount]:
        return [one for one in self._counted(now, but) if one.channel == str(channel)]

    async def everywhere(self, now: datetime) -> list[ReportCount]:
        return self._counted(now)

    def _counted(self, now: datetime, but: str | None = None) -> list[ReportCount]:
        people: dict[tuple[Channel, str], set[str]] = {}
        for one in (one for one in self.said if one.person != but):
            people.setdefault((one.channel, one.surface), set()).add(one.person)
        return [
            ReportCount(channel.owner, str(channel), surface, len(who), now, now)
            for (channel, surface), who in people.items()
        ]


@dataclass
class Reminders:
    kept: list[Reminder] = field(default_factory=list)

    async def add(self, reminder: Reminder) -> tuple[Reminder, bool]:
        new = reminder.id not in {one.id for one in self.kept}
        self.kept.append(reminder)
        return reminder, new


@dataclass
class Past:
    """What was observed over time."""

    seen: list[Span] = field(default_factory=list)

    async def spans(self, provider: str, since: datetime) -> list[Span]:
        return [span for span in self.seen if span.end >= since]


class Room:
    """Commands with everything around them, and a person who types."""

    def __init__(
        self, *incidents: Incident, verdicts: Sequence[Verdict] = QUIET, catalog: Catalog = CLAUDE
    ) -> None:
        self.incident_store = Journal(list(incidents), verdicts)
        self.subscriptions = Subscriptions()
        self.threads = Threads()
        self.slack = Speaker()
        self.reports = Reports()
        self.polled: list[str] = []
        self.past = Past()
        self.reminders = Reminders()
        self.services = Services(
            status=StatusService(
                catalog,
                self.incident_store,
                SharedSnapshot(self.incident_store, None, lambda: NOW),
                lambda: NOW,
                self.past,
            ),
            subscriptions=self.subscriptions,
            threads=self.threads,
            messengers={"slack": self.slack},  # type: ignore[dict-item]  # likewise
            reports=self.reports,
            reminders=self.reminders,  # type: ignore[arg-type]  # likewise
            rng=random.Random(1),
            explanations={row.name: row.explain for row in PLATFORMS},
            poll_soon=self.polled.append,
        )
        self.commands = Commands(self.services)

    async def type(self, text: str, *, channel: Channel = OPS, may_manage: bool = True) -> Answer:
        return await self.commands.answer(Request(channel, "U1", "Ana", text, may_manage))

    async def say(self, text: str, **more: bool) -> str:
        """What the answer's card says, whole."""
        return spoken((await self.type(text, **more)).message)  # type: ignore[arg-type]  # flags only

    @property
    def here(self) -> Subscription | None:
        return self.subscriptions.kept.get(OPS)

    def surfaces(self) -> set[str]:
        assert self.here is not None
        return set(self.here.surfaces)
