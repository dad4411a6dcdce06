"""Caches of what many attempts need at the same time: incidents, messages, report counts."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Generic, TypeVar

from bot.catalog.catalog import Catalog
from bot.delivery.queue import PendingThread
from bot.delivery.steps import Act, Step
from bot.domain.blindness import BLIND, Blindness
from bot.domain.incident import Incident
from bot.domain.message import Line, Lines, Message, Text, Time
from bot.domain.subscription import Pause, Reminder
from bot.messages.blindness import blind_message, seen_again_message
from bot.messages.digest import digest_message
from bot.messages.evidence import back_message
from bot.messages.quiet import quiet_end_message
from bot.messages.reply import catch_up_message, reply_message
from bot.messages.root import root_message
from bot.messages.taking import untaken_message
from bot.ports import IncidentStore
from bot.status.digest import Digest

T_co = TypeVar("T_co", covariant=True)

INCIDENTS_KEPT = 64  # guess: rarely more than a handful are open
MESSAGES_KEPT = 256  # guess: some steps and surface counts of each of them
FRESH = 60.0  # seconds: durations in a message are true to the minute


class IncidentCache:
    """Incidents, read once however many channels are stale about one."""

    def __init__(self, incident_store: IncidentStore, providers: Iterable[str] = ()) -> None:
        self._incident_store = incident_store
        self._providers = tuple(providers)
        self._kept: OrderedDict[str, Incident] = OrderedDict()
        self._reading = asyncio.Lock()

    def put(self, incident: Incident) -> None:
        """Keep what was just read anyway."""
        self._kept[incident.key] = incident
        self._kept.move_to_end(incident.key)
        if len(self._kept) > INCIDENTS_KEPT:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Forget all incidents."""
        self._kept.clear()

    async def get(self, pending: PendingThread) -> Incident | None:
        """Return the incident at least as new as wanted, if the store has it as new as that.

        Raises:
            StoreError: the store did not answer.
        """
        if kept := self._fresh(pending):
            return kept
        async with self._reading:  # hundreds of channels ask for the same at the same time
            if kept := self._fresh(pending):
                return kept
            incident = await self._incident_store.incident(pending.subject)
            if incident is not None:
                self.put(incident)
            return incident

    async def named(self, key: str) -> Incident | None:
        """Return an incident as the store has it now.

        Raises:
            StoreError: the store did not answer.
        """
        return await self._incident_store.incident(key)

    async def blindness(self, pending: PendingThread) -> Blindness | None:
        """Return the blindness that is pending; None: there is another one by now.

        Raises:
            StoreError: the store did not answer.
        """
        provider = pending.subject.removeprefix(BLIND).partition("/")[0]
        state = (await self._incident_store.load(provider)).state
        found = state.blindness if state else None
        return found if found and found.key == pending.subject else None

    async def going_on(self) -> tuple[list[Incident], list[Blindness]]:
        """Return what is open, of all providers, and the pages that were lost from sight.

        Raises:
            StoreError: the store did not answer.
        """
        incidents, blind = [], []
        for provider in self._providers:
            state = (await self._incident_store.load(provider)).state
            if state is not None:
                incidents += [one for one in state.incidents.values() if one.is_open]
                blind += [state.blindness] if state.blindness else []
        return incidents, blind

    def _fresh(self, pending: PendingThread) -> Incident | None:
        kept = self._kept.get(pending.subject)
        if kept is not None and (
            kept.revision > pending.revision or kept.version == pending.version
        ):
            return kept
        return None


class MessageCache:
    """Messages of steps: one object for all channels that get the same, so it is rendered once."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self._kept: OrderedDict[object, Message] = OrderedDict()

    def of(
        self,
        step: Step,
        incident: Incident,
        now: datetime,
        *,
        plainly: bool = False,
        switch: Line = (),
    ) -> Message:
        """Return what a step shows.

        `plainly`: the form for a platform that refused the other. `switch`: of a root, what the
        channel's team can use instead.
        """
        event = step.event.key if step.event else None
        moment = int(now.timestamp() // FRESH)
        catch_up = step.act is Act.CATCH_UP
        form = (event, catch_up, step.since, step.midway, plainly, step.report_count, switch)
        name = (incident.key, incident.version, incident.title, form, moment)
        message = self._kept.get(name)
        if message is None:
            message = message_of(step, incident, now, self.catalog, switch)
            if plainly:
                message = replace(message, blocks=(), buttons=())
            self._kept[name] = message
            if len(self._kept) > MESSAGES_KEPT:
                self._kept.popitem(last=False)
        return message

    def of_blindness(self, step: Step, blindness: Blindness, now: datetime) -> Message:
        """Return one of its two messages, the same for all channels within a minute."""
        name = (blindness.key, step.part, int(now.timestamp() // FRESH))
        message = self._kept.get(name)
        if message is None:
            make = seen_again_message if step.part else blind_message
            message = self._kept[name] = make(blindness, now, self.catalog)
        return message

    def of_quiet_end(
        self, incidents: Sequence[Incident], blind: Sequence[Blindness], now: datetime
    ) -> Message:
        """Return what is said at the end of quiet hours."""
        return quiet_end_message(incidents, blind, now, self.catalog)

    def of_untaken(self, incident: Incident, since: datetime, now: datetime) -> Message:
        """Return what is said where nobody has taken a major outage."""
        return untaken_message(incident, since, now, self.catalog)

    def of_digest(self, digest: Digest, now: datetime) -> Message:
        """Return the message of one channel's digest."""
        return digest_message(digest, now, self.catalog)

    def of_reminder(self, reminder: Reminder, now: datetime) -> Message:
        """Return the one message of a reminder; it is one person's own, and not kept."""
        return back_message(reminder.surfaces, reminder.asked_at, now, self.catalog)


def message_of(
    step: Step, incident: Incident, now: datetime, catalog: Catalog, switch: Line = ()
) -> Message:
    """Return the message of a step that has one (every act but closing and noting)."""
    if step.event is None:
        return root_message(
            incident,
            now,
            catalog,
            joined_midway=step.midway,
            report_count=step.report_count or None,
            switch=switch,
        )
    if step.act is Act.CATCH_UP:
        return catch_up_message(incident, step.since, now)
    return reply_message(incident, step.event, now, catalog)


def resumed_message(pause: Pause) -> Message:
    """Return what a channel is told once, when it can be written to again."""
    words = f"I could not write to this channel ({pause.reason}). I can again, and go on from here."
    since = (Text("Since "), Time(pause.since, "date"), Text("."))
    return Message(
        "I can write here again", words, emoji="🔔", blocks=(Lines(((Text(words),), since)),)
    )


class TimedCache(Generic[T_co]):
    """A value read at most every so many seconds, and by one reader at a time."""

    def __init__(self, read: Callable[[], Awaitable[T_co]], seconds: float) -> None:
        self._read = read
        self._seconds = seconds
        self._value: T_co | None = None
        self._until = 0.0  # monotonic
        self._reading = asyncio.Lock()

    async def get(self) -> T_co:
        """Return the value; raises what reading it raises."""
        async with self._reading:
            if self._value is None or time.monotonic() >= self._until:
                return await self._renewed()
            return self._value

    async def renew(self) -> T_co:
        """Read the value anew, and keep it for those who ask next."""
        async with self._reading:
            return await self._renewed()

    async def _renewed(self) -> T_co:
        self._value = value = await self._read()
        self._until = time.monotonic() + self._seconds
        return value
