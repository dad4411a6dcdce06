"""One claimed destination, brought up to date: search where unsure, plan, send, record.

After every message that must not be sent twice its reference is recorded before anything else
is sent. Whatever happens in between, the next attempt finds the claim unsettled, searches the
platform for what this one may have sent, and goes on from there.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TypeVar

import structlog

from bot.delivery import recovery
from bot.delivery.context import DeliveryContext, NotNowError
from bot.delivery.queue import Claim, Outcome, Settlement, Unconfirmed
from bot.delivery.retry_policy import settlement_after
from bot.delivery.sender import Sender
from bot.delivery.steps import DELETED, Act, Step, apply, placed
from bot.delivery.subjects import SubjectTask, task_of
from bot.domain.errors import (
    DeliveryError,
    Malformed,
    MessageGone,
    StoreError,
    Superseded,
)

log = structlog.get_logger()
T = TypeVar("T")

# An opening may be followed by replies, and those by nothing: planning ends by itself.
ROUNDS = 4


class Attempt:
    """One attempt; `run` it once."""

    def __init__(self, context: DeliveryContext, claim: Claim) -> None:
        self._context = context
        self._claim = claim
        self._sender = Sender(context, claim)
        self._tasks: list[SubjectTask] = []
        self._unconfirmed = Unconfirmed.UNCHANGED
        self._noted = False  # the store knows that something is being sent
        self._unrecorded = False  # a message was sent whose reference is not stored yet

    async def run(self) -> Settlement | None:
        """Serve the claim. Returns how it is to be settled; a failure is settled for later.

        None: it is not ours any more, or the store does not say. Only cancellation is raised.
        """
        try:
            return self._with_updates(await self._serve())
        except Superseded:
            log.info("delivery.claim_lost", channel=str(self._claim.channel))
        except StoreError as error:
            # The claim ends by itself, and whoever takes it next searches first.
            log.debug("delivery.unsettled", channel=str(self._claim.channel), reason=str(error))
        return None

    async def _serve(self) -> Settlement:
        try:
            for pending in self._claim.pending:
                self._tasks.append(await task_of(self._context, self._claim, pending))
            self._unconfirmed = await recovery.recover(
                self._tasks, self._claim, self._context, self._sender
            )
            for task in self._tasks:
                await self._bring_up_to_date(task)
        except NotNowError as later:
            return Settlement(self._claim, Outcome.LATER, at=later.at, delay=later.delay)
        except DeliveryError as error:
            failures = 0 if self._sender.answered else self._claim.failures
            settlement = await settlement_after(error, self._context, self._claim, failures)
            if settlement.outcome is Outcome.DONE:  # a destination that is gone
                for task in self._tasks:
                    task.give_up(self._context.clock())
            return settlement
        return Settlement(self._claim, Outcome.DONE, failures=0)

    async def _bring_up_to_date(self, task: SubjectTask) -> None:
        """Carry out what is missing of one subject, or leave it for later."""
        is_second = self._sender.answered and self._tasks[0].is_urgent and not task.is_urgent
        if is_second and self._context.crowded:
            raise NotNowError  # the major outage goes to other channels first
        for _ in range(ROUNDS):
            steps = task.plan(self._context.clock()).steps
            for step in steps:
                await self._carry_out(step, task)
            if not steps or task.is_told_by(steps):
                break
        task.settled = True

    async def _carry_out(self, step: Step, task: SubjectTask) -> None:
        if step.act in {Act.NOTE, Act.RECORD}:
            task.thread = apply(task.thread, step)
            self._unrecorded = self._unrecorded or step.act is Act.RECORD
            return
        if step.sends and self._unrecorded:
            await self._hold()
        await self._sender.wait_for_limits(step, task)
        if step.sends and self._context.messenger.rationed and not self._noted:
            # One more write for each channel, and after a crash only these must be searched.
            if not await self._context.queue.sending(self._claim):
                raise Superseded("the claim ended before anything was sent")
            self._noted = True
        try:
            message = await self._sender.send(step, task)
        except MessageGone as gone:
            log.info("delivery.message_gone", channel=str(self._claim.channel), reason=gone.reason)
            task.thread = replace(task.thread, refused=gone.reason)
            message = DELETED
        except Malformed as refused:
            log.warning(
                "delivery.malformed", channel=str(self._claim.channel), reason=refused.reason
            )
            task.thread = replace(task.thread, refused=refused.reason)
            try:
                message = await self._sender.send(step, task, plainly=True)
            except (Malformed, MessageGone) as again:
                self._context.counts.parked += 1
                # Our fault; the reason says more than a traceback.
                log.error("delivery.parked", channel=str(self._claim.channel), reason=again.reason)  # noqa: TRY400
                if step.act is Act.OPEN:
                    task.thread = replace(task.thread, parked=step.revision)
                    return
                message = DELETED
        task.thread = placed(apply(task.thread, step, message), self._context.messenger, [message])
        self._unrecorded = self._unrecorded or step.sends

    async def _hold(self) -> None:
        """Record what was sent, and keep the claim for another lease."""
        settlement = self._with_updates(Settlement(self._claim, Outcome.HOLD, failures=0))
        deadline = time.monotonic() + self._context.queue.lease
        if not await self._context.queue.settle(settlement):
            raise Superseded("the claim ended before it was renewed")
        self._sender.deadline = deadline
        self._unconfirmed, self._unrecorded = Unconfirmed.UNCHANGED, False
        for task in self._tasks:
            task.pending = replace(task.pending, thread=task.thread)

    def _with_updates(self, settlement: Settlement) -> Settlement:
        """The same with what was done, and with what was found out by searching."""
        subscription, unconfirmed = self._claim.subscription, settlement.unconfirmed
        paused = subscription is not None and subscription.paused is not None
        return replace(
            settlement,
            unconfirmed=self._unconfirmed if unconfirmed is Unconfirmed.UNCHANGED else unconfirmed,
            updates=[task.update for task in self._tasks if task.is_new],
            resume=self._sender.answered and settlement.pause is None and paused,
        )
