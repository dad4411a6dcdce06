"""One claimed destination, brought up to date: search where unsure, plan, send, record, settle.

After every message that must not be sent twice its reference is recorded before anything else
is sent. Whatever happens in between, the next attempt finds the claim unsettled, searches the
platform for what this one may have sent, and goes on from there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from bot.delivery import recovery
from bot.delivery.cache import resumed_message
from bot.delivery.context import DeliveryContext, NotNowError, SubjectTask
from bot.delivery.plan import DELETED, Act, Step, apply, key_of
from bot.delivery.queue import Claim, Outcome, Settlement, Unconfirmed
from bot.delivery.reminders import reminder_key
from bot.delivery.retry_policy import settlement_after
from bot.domain.errors import (
    CannotLook,
    DeliveryError,
    Malformed,
    MessageGone,
    StoreError,
    Superseded,
    Uncertain,
)
from bot.domain.incident import Incident
from bot.domain.subscription import Reminder

log = structlog.get_logger()
T = TypeVar("T")

# Paused for longer than this, and a channel is told why once it can be (guess).
WORTH_TELLING = timedelta(minutes=10)
# An opening may be followed by replies, and those by nothing: planning ends by itself.
ROUNDS = 4


class Attempt:
    """One attempt; `run` it once."""

    def __init__(self, context: DeliveryContext, claim: Claim) -> None:
        self._context = context
        self._claim = claim
        self._channel = claim.channel
        self._deadline = claim.deadline
        self._tasks: list[SubjectTask] = []
        self._granted = claim.granted
        self._unconfirmed = Unconfirmed.UNCHANGED
        self._answered = False  # the messenger did something for us
        self._noted = False  # the store knows that something is being sent
        self._unrecorded = False  # a message was sent whose reference is not stored yet

    async def run(self) -> None:
        """Serve the claim. A failure is settled for later; only cancellation is raised."""
        try:
            settlement = self._with_updates(await self._serve())
            if not await self._context.queue.settle(settlement):
                log.info("delivery.claim_lost", channel=str(self._channel))
            elif settlement.resume:
                await self._announce_resumption()
        except Superseded:
            log.info("delivery.claim_lost", channel=str(self._channel))
        except StoreError as error:
            # The claim ends by itself, and whoever takes it next searches first.
            log.debug("delivery.unsettled", channel=str(self._channel), reason=str(error))

    async def _serve(self) -> Settlement:
        try:
            for pending in self._claim.pending:
                self._tasks.append(await self._context.task_of(self._claim, pending))
            await self._recover()
            for task in self._tasks:
                for _ in range(ROUNDS):
                    steps = task.plan(self._context.clock()).steps
                    for step in steps:
                        await self._carry_out(step, task)
                    if not steps:
                        break
                task.settled = True
        except NotNowError as not_now:
            return Settlement(
                self._claim,
                Outcome.LATER,
                at=not_now.at,
                delay=not_now.delay,
                unconfirmed=self._unconfirmed,
            )
        except DeliveryError as error:
            return await self._after(error)
        return Settlement(self._claim, Outcome.DONE, failures=0, unconfirmed=self._unconfirmed)

    async def _carry_out(self, step: Step, task: SubjectTask) -> None:
        if step.act is Act.NOTE:
            task.thread = apply(task.thread, step)
            return
        if step.sends and self._unrecorded:
            await self._hold()
        await self._wait_for_limits(step)
        if step.sends and self._context.messenger.rationed and not self._noted:
            # One more write for each channel, and after a crash only these must be searched.
            if not await self._context.queue.sending(self._claim):
                raise Superseded("the claim ended before anything was sent")
            self._noted = True
        try:
            message = await self._send(step, task)
        except MessageGone as gone:
            log.info("delivery.message_gone", channel=str(self._channel), reason=gone.reason)
            message = DELETED
        except Malformed as refused:
            log.warning("delivery.malformed", channel=str(self._channel), reason=refused.reason)
            try:
                message = await self._send(step, task, plainly=True)
            except (Malformed, MessageGone) as again:
                self._context.counts.parked += 1
                # Our fault; the reason says more than a traceback.
                log.error("delivery.parked", channel=str(self._channel), reason=again.reason)  # noqa: TRY400
                if step.act is Act.OPEN:
                    task.thread = replace(task.thread, parked=step.revision)
                    return
                message = DELETED
        task.thread = apply(task.thread, step, message)
        self._unrecorded = self._unrecorded or step.sends

    # --- calls to the messenger -------------------------------------------------------------

    async def _send(self, step: Step, task: SubjectTask, *, plainly: bool = False) -> str:
        """Carry a step out on the platform; returns the message's reference."""
        context, counts, channel = self._context, self._context.counts, self._channel
        messenger, thread, now = context.messenger, task.thread, context.clock()
        root = thread.root or DELETED
        if isinstance(task.subject, Reminder):
            message = context.messages.of_reminder(task.subject, now)
            key = reminder_key(task.subject)
            await self._call("say", lambda: messenger.say(channel, message, key))
            counts.reminded += 1
            return key
        if not isinstance(task.subject, Incident):
            raise TypeError(f"no plan has steps for {task.subject}")
        if step.act is Act.CLOSE:
            await self._call("close_thread", lambda: messenger.close_thread(channel, root))
            return DELETED
        message = context.messages.of(step, task.subject, now, plainly=plainly)
        key = key_of(step, channel, task.subject)
        mention = task.subscription.mention if step.mention and task.subscription else None
        match step.act:
            case Act.OPEN:
                counts.opened += 1
                return await self._call(
                    "open_thread",
                    lambda: messenger.open_thread(channel, message, key, mention=mention),
                )
            case Act.REPLY | Act.CATCH_UP:
                counts.replied += 1
                return await self._call(
                    "reply",
                    lambda: messenger.reply(
                        channel, root, message, key, in_channel=step.in_channel, mention=mention
                    ),
                )
            case _:
                counts.revised += 1
                target = thread.replies.get(step.event.key, "") if step.event else root
                await self._call(
                    "revise", lambda: messenger.revise(channel, root, target, message, key)
                )
                return target

    async def _call(self, method: str, call: Callable[[], Awaitable[T]]) -> T:
        """Call the messenger, if there is time for it; nothing is sent after the lease."""
        context = self._context
        await context.failpoint(f"before messenger.{method}")
        if context.stopping:
            raise NotNowError
        # Nothing is awaited between this check of the clock and the call.
        if time.monotonic() + context.send_seconds > self._deadline:
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
        self._answered = True
        await context.failpoint(f"after messenger.{method}")
        return answer

    async def _wait_for_limits(self, step: Step) -> None:
        context = self._context
        interval = context.messenger.channel_interval
        if step.sends and interval:
            wait = context.next_send_at.get(self._channel, 0.0) - time.monotonic()
            if wait > 0:
                raise NotNowError(delay=wait)
            context.next_send_at[self._channel] = time.monotonic() + interval
        buckets = context.messenger.buckets(self._channel, revising=not step.sends)
        if buckets:
            permit = await context.rate_limiter.acquire(buckets, granted=self._granted)
            self._granted = False
            if permit.at is not None:
                raise NotNowError(at=permit.at)

    async def _hold(self) -> None:
        """Record what was sent, and keep the claim for another lease."""
        settlement = self._with_updates(
            Settlement(self._claim, Outcome.HOLD, failures=0, unconfirmed=self._unconfirmed)
        )
        deadline = time.monotonic() + self._context.queue.lease
        if not await self._context.queue.settle(settlement):
            raise Superseded("the claim ended before it was renewed")
        self._deadline = deadline
        self._unconfirmed, self._unrecorded = Unconfirmed.UNCHANGED, False
        for task in self._tasks:
            task.pending = replace(task.pending, thread=task.thread)

    # --- recovery ---------------------------------------------------------------------------

    async def _recover(self) -> None:
        """Find what may have been sent without being recorded, before anything is sent."""
        for task in self._tasks:
            since = recovery.unconfirmed_since(self._claim, task)
            if since is None or not task.plan(self._context.clock()).sends:
                continue
            self._context.counts.searched += 1
            try:
                task.thread = await recovery.found_on_platform(task, self._claim, since, self._find)
            except CannotLook as error:
                log.info("delivery.cannot_look", channel=str(self._channel), reason=error.reason)
                task.thread = recovery.given_up(task)
            task.thread = replace(task.thread, searched_at=self._context.clock())
        if self._claim.unconfirmed_since is not None:
            self._unconfirmed = Unconfirmed.CLEARED

    async def _find(
        self, root: str | None, keys: Sequence[str], since: datetime
    ) -> Mapping[str, str]:
        find = self._context.messenger.find
        found = await self._call("find", lambda: find(self._channel, root, keys, since))
        self._context.counts.adopted += len(found)
        return found

    # --- how it ends ------------------------------------------------------------------------

    async def _after(self, error: DeliveryError) -> Settlement:
        """Settle for later, as the retry policy of the error says."""
        failures = 0 if self._answered else self._claim.failures
        settlement = await settlement_after(error, self._context, self._claim, failures)
        if settlement.outcome is Outcome.DONE:  # a destination that is gone, with its reminders
            for task in self._tasks:
                task.thread, task.settled = replace(task.thread, root=DELETED), True
                task.plan(self._context.clock())
        if settlement.unconfirmed is Unconfirmed.UNCHANGED:
            settlement = replace(settlement, unconfirmed=self._unconfirmed)
        return settlement

    def _with_updates(self, settlement: Settlement) -> Settlement:
        subscription = self._claim.subscription
        paused = subscription is not None and subscription.paused is not None
        return replace(
            settlement,
            updates=[task.update for task in self._tasks if task.is_new],
            resume=self._answered and settlement.pause is None and paused,
        )

    async def _announce_resumption(self) -> None:
        """Tell the channel once why it got nothing; if that fails, it is not tried again."""
        paused = self._claim.subscription.paused if self._claim.subscription else None
        log.info("subscription.resumed", channel=str(self._channel))
        if paused is None or self._context.clock() - paused.since < WORTH_TELLING:
            return
        key = f"{self._channel}/back/{paused.since:%Y%m%d%H%M%S}"
        try:
            await self._context.messenger.say(self._channel, resumed_message(paused), key)
        except DeliveryError as error:
            log.info("delivery.failed", channel=str(self._channel), reason=error.reason)
