"""One claimed channel, brought up to date: look where in doubt, plan, do, record, settle.

After every message that must not be sent twice its reference is recorded before anything else
is sent. Whatever happens in between, the next visit finds the claim unsettled, looks on the
platform for what this one may have sent, and goes on from there.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

import structlog

from bot.delivery import recovery
from bot.delivery.cache import back_message
from bot.delivery.context import DeliveryContext, NotNowError, ThreadTask
from bot.delivery.plan import DELETED, Act, Step, apply, key_of, plan, root_key
from bot.delivery.queue import Claim, Outcome, Settlement, Unconfirmed
from bot.delivery.retry_policy import Action, policy_for, wait_after
from bot.domain.errors import (
    CannotLook,
    DeliveryError,
    Malformed,
    MessageGone,
    RateLimited,
    StoreError,
    Superseded,
    Uncertain,
)
from bot.domain.incident import Incident
from bot.domain.subscription import Pause, ThreadRecord
from bot.ports import Bucket

log = structlog.get_logger()
T = TypeVar("T")

# Longer silent than this, and a channel is told why once it can be.
WORTH_TELLING = timedelta(minutes=10)
# An opening may be followed by replies, and those by nothing: planning ends by itself.
ROUNDS = 4


class Attempt:
    def __init__(self, tools: DeliveryContext, claim: Claim) -> None:
        self._tools = tools
        self._claim = claim
        self._channel = claim.channel
        self._deadline = claim.deadline
        self._works: list[ThreadTask] = []
        self._granted = claim.granted
        self._doubt = Unconfirmed.AS_BEFORE
        self._spoke = False  # the messenger did something for us
        self._unrecorded = False  # a message was sent whose reference is not stored yet

    async def run(self) -> None:
        """Serve the claim. What fails is settled for later; nothing is raised but cancellation."""
        try:
            settlement = await self._serve()
            if not await self._tools.queue.settle(settlement):
                log.info("delivery.claim_lost", channel=str(self._channel))
            elif settlement.unpause:
                await self._say_it_is_back()
        except Superseded:
            log.info("delivery.claim_lost", channel=str(self._channel))
        except StoreError as error:
            # The claim ends by itself, and whoever takes it next looks first.
            log.debug("delivery.unsettled", channel=str(self._channel), reason=str(error))

    async def _serve(self) -> Settlement:
        try:
            await self._bring_up_to_date()
        except NotNowError as not_now:
            return self._settlement(Outcome.LATER, at=not_now.at, delay=not_now.delay)
        except DeliveryError as error:
            return await self._react(error)
        return self._settlement(Outcome.DONE, failures=0)

    async def _bring_up_to_date(self) -> None:
        for wanted in self._claim.wanted:
            incident = await self._tools.incidents.get(wanted)
            self._works.append(ThreadTask(wanted, incident, wanted.thread))
        await self._look()
        for work in self._works:
            if work.incident is not None:
                await self._carry_out(work, work.incident)
            work.settled = True

    async def _carry_out(self, work: ThreadTask, incident: Incident) -> None:
        for _ in range(ROUNDS):
            steps = self._plan(work, incident)
            if not steps:
                return
            for step in steps:
                await self._do(step, work, incident)
                if work.thread.root is None:
                    return  # it could not be opened at all, and was parked

    def _plan(self, work: ThreadTask, incident: Incident) -> list[Step]:
        tools, subscription = self._tools, self._claim.subscription
        closes = tools.messenger.closes_threads
        return plan(incident, work.thread, subscription, tools.clock(), closes=closes)

    async def _do(self, step: Step, work: ThreadTask, incident: Incident) -> None:
        if step.act is Act.NOTE:
            work.thread = apply(work.thread, step)
            return
        if step.sends and self._unrecorded:
            await self._hold()
        await self._wait_for_limits(step)
        try:
            message = await self._perform(step, work.thread, incident)
        except MessageGone as gone:
            log.info("delivery.message_gone", channel=str(self._channel), reason=gone.reason)
            message = DELETED
        except Malformed as refused:
            plainly = await self._perform_plainly(step, work.thread, incident, refused)
            if plainly is None and step.act is Act.OPEN:
                return
            message = plainly or DELETED
        work.thread = apply(work.thread, step, message)
        self._unrecorded = self._unrecorded or step.sends

    # --- calls to the messenger -------------------------------------------------------------

    async def _perform(
        self, step: Step, thread: ThreadRecord, incident: Incident, *, plainly: bool = False
    ) -> str:
        messenger, counts, channel = self._tools.messenger, self._tools.counts, self._channel
        root = thread.root or DELETED
        if step.act is Act.CLOSE:
            await self._call("close_thread", lambda: messenger.close_thread(channel, root))
            return ""
        report_count = self._tools.report_count(channel, incident) if step.event is None else ""
        now = self._tools.clock()
        card = self._tools.cards.of(step, incident, now, plainly=plainly, report_count=report_count)
        key = key_of(step, channel, incident)
        mention = self._claim.subscription.mention if step.mention else None
        match step.act:
            case Act.OPEN:
                counts.opened += 1
                return await self._call(
                    "open_thread",
                    lambda: messenger.open_thread(channel, card, key, mention=mention),
                )
            case Act.REPLY | Act.CATCH_UP:
                counts.replied += 1
                return await self._call(
                    "reply",
                    lambda: messenger.reply(
                        channel, root, card, key, in_channel=step.in_channel, mention=mention
                    ),
                )
            case _:
                counts.revised += 1
                message = thread.replies.get(step.event.key, "") if step.event else root
                await self._call(
                    "revise", lambda: messenger.revise(channel, root, message, card, key)
                )
                return message

    async def _perform_plainly(
        self, step: Step, thread: ThreadRecord, incident: Incident, refused: Malformed
    ) -> str | None:
        """Send the plain form once; None: refused as well, and parked."""
        log.warning("delivery.malformed", channel=str(self._channel), reason=refused.reason)
        try:
            return await self._perform(step, thread, incident, plainly=True)
        except (Malformed, MessageGone) as again:
            self._park(key_of(step, self._channel, incident), again)
            return None

    def _park(self, key: str, error: DeliveryError) -> None:
        self._tools.counts.parked += 1
        log.error("delivery.parked", key=key, reason=error.reason)

    async def _call(self, name: str, call: Callable[[], Awaitable[T]]) -> T:
        """Call the messenger, if there is time for it; nothing is sent after the lease."""
        tools = self._tools
        await tools.failpoint(f"before messenger.{name}")
        if tools.stopping:
            raise NotNowError
        # Nothing is awaited between this look at the clock and the call.
        if time.monotonic() + tools.send_seconds > self._deadline:
            raise Superseded("the claim may have ended while we waited")
        try:
            async with asyncio.timeout(tools.send_seconds):
                answer = await call()
        except TimeoutError as error:
            raise Uncertain("timeout") from error
        self._spoke = True
        await tools.failpoint(f"after messenger.{name}")
        return answer

    async def _wait_for_limits(self, step: Step) -> None:
        tools = self._tools
        interval = tools.messenger.channel_interval
        if step.sends and interval:
            wait = tools.quiet_until.get(self._channel, 0.0) - time.monotonic()
            if wait > 0:
                raise NotNowError(delay=wait)
            tools.quiet_until[self._channel] = time.monotonic() + interval
        buckets = tools.messenger.buckets(self._channel, revising=not step.sends)
        if buckets:
            grant = await tools.rate_limiter.ask(buckets, granted=self._granted)
            self._granted = False
            if grant.at is not None:
                raise NotNowError(at=grant.at)

    async def _hold(self) -> None:
        settlement = self._settlement(Outcome.HOLD, failures=0)
        deadline = time.monotonic() + self._tools.queue.lease
        if not await self._tools.queue.settle(settlement):
            raise Superseded("the claim ended before it was renewed")
        self._deadline = deadline
        self._doubt, self._unrecorded = Unconfirmed.AS_BEFORE, False
        for work in self._works:
            work.wanted = replace(work.wanted, thread=work.thread)

    # --- in doubt ---------------------------------------------------------------------------

    async def _look(self) -> None:
        """Find what may have been sent without being recorded, before anything is sent."""
        for work in self._works:
            incident = work.incident
            if incident is None or not incident.events:
                continue
            since = recovery.unconfirmed_since(self._claim, work.thread, incident)
            if since is None or not any(step.sends for step in self._plan(work, incident)):
                continue
            self._tools.counts.looked += 1
            await self._look_at(work, incident, since)
            work.thread = replace(work.thread, searched_at=self._tools.clock())
        if self._claim.doubt is not None:
            self._doubt = Unconfirmed.CLEARED

    async def _look_at(self, work: ThreadTask, incident: Incident, since: datetime) -> None:
        channel, start = self._channel, recovery.look_from(since, incident)
        try:
            if work.thread.root is None:
                key = root_key(channel, incident)
                found = await self._find(None, [key], start)
                if key not in found:
                    return
                # What the store lost may have been begun when less was wanted than now.
                first = 0 if self._claim.doubt is None else work.wanted.first
                subscription = self._claim.subscription
                root = found[key]
                work.thread = recovery.adopt_root(incident, subscription, root, since, first)
            keys = recovery.keys_in_thread(channel, work.thread, incident)
            found = await self._find(work.thread.root, list(keys), start)
            work.thread = recovery.adopt_replies(channel, work.thread, incident, found)
        except CannotLook as error:
            log.info("delivery.cannot_look", channel=str(channel), reason=error.reason)
            # Better a root twice than silence; better no reply than one twice: the root says it.
            if work.thread.root is not None:
                untold = recovery.keys_in_thread(channel, work.thread, incident).values()
                passed = Step(Act.NOTE, incident.revision, covers=tuple(n.key for n in untold))
                work.thread = apply(work.thread, passed)

    async def _find(self, root: str | None, keys: list[str], since: datetime) -> Mapping[str, str]:
        if not keys:
            return {}
        find = self._tools.messenger.find
        found = await self._call("find", lambda: find(self._channel, root, keys, since))
        self._tools.counts.adopted += len(found)
        return found

    # --- how it ends ------------------------------------------------------------------------

    def _settlement(
        self,
        outcome: Outcome,
        *,
        delay: float = 0.0,
        at: float | None = None,
        failures: int | None = None,
        doubt: Unconfirmed | None = None,
        pause: Pause | None = None,
    ) -> Settlement:
        return Settlement(
            self._claim,
            outcome,
            [work.record for work in self._works if work.is_new],
            delay=delay,
            at=at,
            doubt=doubt or self._doubt,
            failures=failures,
            pause=pause,
            unpause=self._spoke and pause is None and self._claim.subscription.paused is not None,
        )

    async def _react(self, error: DeliveryError) -> Settlement:
        """Settle for later, as the table of failures says."""
        tools, claim = self._tools, self._claim
        policy = policy_for(error)
        failures = 0 if self._spoke else claim.failures
        log.info(
            "delivery.failed",
            channel=str(self._channel),
            error=type(error).__name__,
            reason=error.reason,
            failures=failures + 1,
        )
        wait = wait_after(policy, failures, tools.rng) / tools.time_scale
        match policy.action:
            case Action.WAIT if isinstance(error, RateLimited):
                tools.counts.refused += 1
                return await self._wait_behind(error)
            case Action.PAUSE:
                return self._pause(error)
            case Action.SILENCE:
                await tools.queue.silence(
                    claim.channel.platform, claim.channel.tenant, error.reason
                )
        tools.counts.failed += 1
        doubt = Unconfirmed.BEGUN if policy.action is Action.LOOK else None
        return self._settlement(Outcome.LATER, delay=wait, failures=failures + 1, doubt=doubt)

    async def _wait_behind(self, refused: RateLimited) -> Settlement:
        """Nothing was sent; everyone behind the same limit waits, and each comes at its time."""
        tools, channel = self._tools, self._channel
        if refused.bucket is None:
            return self._settlement(Outcome.LATER, delay=refused.retry_after)
        bucket = next(
            (
                bucket
                for revising in (False, True)
                for bucket in tools.messenger.buckets(channel, revising=revising)
                if bucket.name == refused.bucket
            ),
            Bucket(refused.bucket, rate=1.0),
        )
        await tools.rate_limiter.refused(bucket, refused.retry_after)
        grant = await tools.rate_limiter.ask([bucket])
        return self._settlement(Outcome.LATER, at=grant.at, delay=refused.retry_after)

    def _pause(self, error: DeliveryError) -> Settlement:
        now, before = self._tools.clock(), self._claim.subscription.paused
        tries = before.tries if before else 0
        wait = wait_after(policy_for(error), tries, self._tools.rng) / self._tools.time_scale
        since = before.since if before else now
        pause = Pause(error.reason, since, now + timedelta(seconds=wait), tries + 1)
        log.warning("subscription.paused", channel=str(self._channel), reason=error.reason)
        return self._settlement(Outcome.LATER, delay=wait, pause=pause)

    async def _say_it_is_back(self) -> None:
        """Tell the channel once why it heard nothing; if that fails, it is not tried again."""
        paused = self._claim.subscription.paused
        log.info("subscription.resumed", channel=str(self._channel))
        if paused is None or self._tools.clock() - paused.since < WORTH_TELLING:
            return
        key = f"{self._channel}/back/{paused.since:%Y%m%d%H%M%S}"
        try:
            await self._tools.messenger.say(self._channel, back_message(paused), key)
        except DeliveryError as error:
            log.info("delivery.failed", channel=str(self._channel), reason=error.reason)
