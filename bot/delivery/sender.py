"""Calls to the messenger under one claim: within its lease, within the limits, and counted."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from bot.delivery.announcement import Announcement, DueStep
from bot.delivery.context import DeliveryContext, NotNowError
from bot.delivery.queue import Claim
from bot.delivery.reminders import ReminderNews
from bot.delivery.steps import DELETED, Act, Step, key_of
from bot.delivery.subjects import SubjectTask
from bot.domain.errors import DeliveryError, Superseded, Uncertain
from bot.domain.incident import Incident
from bot.domain.message import Line

T = TypeVar("T")


class Sender:
    """Sends what one attempt has to send."""

    def __init__(self, context: DeliveryContext, claim: Claim) -> None:
        self.deadline = claim.deadline  # of the lease, seconds of the monotonic clock
        self.answered = False  # the messenger sent something for us, now or before
        self._context = context
        self._channel = claim.channel
        self._granted = claim.granted

    async def wait_for_limits(self, step: Step, task: SubjectTask) -> None:
        """Return if the step may be carried out now. All but a major outage lets others go first.

        Raises:
            NotNowError: a limit named a later time.
            StoreError: the limits cannot be asked now.
        """
        context = self._context
        interval = context.messenger.channel_interval
        if step.sends and interval:
            wait = context.next_send_at.get(self._channel, 0.0) - time.monotonic()
            if wait > 0:
                raise NotNowError(delay=wait)
            context.next_send_at[self._channel] = time.monotonic() + interval
        buckets = context.messenger.buckets(self._channel, revising=not step.sends)
        if buckets:
            permit = await context.rate_limiter.acquire(
                buckets, granted=self._granted, patient=not task.is_urgent
            )
            self._granted = False
            if permit.ask_again_in:
                raise NotNowError(delay=permit.ask_again_in)
            if permit.at is not None:
                raise NotNowError(at=permit.at)

    async def send(self, step: Step, task: SubjectTask, *, plainly: bool = False) -> str:
        """Carry a step out on the platform; returns the message's reference. Raises as `call`."""
        context, counts, channel = self._context, self._context.counts, self._channel
        messenger, thread, now = context.messenger, task.thread, context.clock()
        root, place = thread.root or DELETED, thread.goes_on_in or DELETED
        mention = task.subscription.mention if step.mention and task.subscription else None
        if isinstance(task.subject, Announcement):
            return await self._announce(task.subject, step, task, plainly=plainly)
        if not isinstance(task.subject, Incident):
            raise TypeError(f"no plan has steps for {task.subject}")
        if step.act is Act.CLOSE:
            await self.call("close_thread", lambda: messenger.close_thread(channel, place))
            return DELETED
        switch: Line = ()
        if step.event is None and context.switch_lines is not None:  # a root
            switch = await context.switch_lines.line(channel, task.subject)
        message = context.messages.of(step, task.subject, now, plainly=plainly, switch=switch)
        key = key_of(step, channel, task.subject)
        match step.act:
            case Act.OPEN:
                counts.opened += 1
                return await self.call(
                    "open_thread",
                    lambda: messenger.open_thread(channel, message, key, mention=mention),
                )
            case Act.REPLY | Act.CATCH_UP:
                counts.replied += 1
                return await self.call(
                    "reply",
                    lambda: messenger.reply(
                        channel, place, message, key, in_channel=step.in_channel, mention=mention
                    ),
                )
            case _:
                counts.revised += 1
                target = thread.replies.get(step.event.key, "") if step.event else root
                await self.call(
                    "revise", lambda: messenger.revise(channel, root, target, message, key)
                )
                return target

    async def _announce(
        self, announcement: Announcement, step: Step, task: SubjectTask, *, plainly: bool
    ) -> str:
        """Carry out a step of what is told outside threads. Raises as `call`."""
        context, counts, channel = self._context, self._context.counts, self._channel
        messenger, stands = context.messenger, task.thread.root or DELETED
        subscription = task.subscription
        if (pins := messenger.pins) and step.act in {Act.PIN, Act.UNPIN}:
            change = pins.pin if step.act is Act.PIN else pins.unpin
            return await self.call(step.act.value, lambda: change(channel, stands)) or ""
        message = announcement.message(
            DueStep(step, task.thread, subscription, context.clock(), context.messages)
        )
        if plainly:
            message = replace(message, blocks=(), buttons=())
        key = announcement.keys(channel)[step.part]
        if step.act in {Act.EDIT, Act.CLOSE}:
            counts.revised += 1
            await self.call(
                "revise", lambda: messenger.revise(channel, DELETED, stands, message, key)
            )
            return stands
        mention = announcement.mention(subscription) if step.mention and subscription else None
        if isinstance(announcement, ReminderNews):
            counts.reminded += 1
        else:
            counts.noticed += 1
        return await self.call("say", lambda: messenger.say(channel, message, key, mention=mention))

    async def call(self, method: str, call: Callable[[], Awaitable[T]]) -> T:
        """Call the messenger, if there is time for it; nothing is sent after the lease.

        Raises:
            Superseded: the lease may end before the answer.
            NotNowError: the program is being stopped.
            DeliveryError: the call was not carried out.
        """
        context = self._context
        await context.failpoint(f"before messenger.{method}")
        if context.stopping:
            raise NotNowError
        # Nothing is awaited between this check of the clock and the call.
        if time.monotonic() + context.send_seconds > self.deadline:
            raise Superseded("the claim may have ended while we waited")
        try:
            async with asyncio.timeout(context.send_seconds):
                answer = await call()
        except TimeoutError as error:
            unanswered = Uncertain("timeout")
            context.health.report(self._channel.platform, unanswered)
            raise unanswered from error
        except DeliveryError as error:
            context.health.report(self._channel.platform, error)
            raise
        context.health.report(self._channel.platform)
        # A search that finds nothing does not say that messages are taken again.
        self.answered = self.answered or method != "find" or bool(answer)
        await context.failpoint(f"after messenger.{method}")
        return answer
