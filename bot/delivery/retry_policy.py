"""Reactions to a call that a messenger did not carry out: one table, and the settlement it makes.

`MessageGone` and `Malformed` concern one message and are met by the attempt itself: the step counts
as done, or is tried once in its plain form and then parked.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

import structlog

from bot.delivery.context import DeliveryContext
from bot.delivery.queue import Claim, Outcome, Settlement, Unconfirmed
from bot.domain.errors import (
    ChannelGone,
    DeliveryError,
    RateLimited,
    TenantGone,
    TenantPaused,
    Uncertain,
)
from bot.domain.subscription import Pause
from bot.messenger import Bucket

log = structlog.get_logger()

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


class Action(StrEnum):
    RETRY = "retry"  # the same again, later
    LOOK = "look"  # search for what stands there, then the same again
    WAIT = "wait"  # everyone behind the same limit waits as long as the platform asks for
    PAUSE = "pause"  # keep the subscription, say why; try at growing intervals or when woken
    SILENCE = "silence"  # the same for all channels of the tenant; only when woken


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`first` is the wait after the first failure in seconds; it doubles up to `longest`."""

    action: Action
    first: float
    longest: float


# The class of the error itself, else the nearest one that it derives from. Waits are guesses.
POLICIES: dict[type[DeliveryError], RetryPolicy] = {
    DeliveryError: RetryPolicy(Action.RETRY, 2.0, 10 * MINUTE),
    # Some seconds, for what we sent may not be visible at once.
    Uncertain: RetryPolicy(Action.LOOK, 3.0, 10 * MINUTE),
    RateLimited: RetryPolicy(Action.WAIT, 0.0, 0.0),
    ChannelGone: RetryPolicy(Action.PAUSE, 5 * MINUTE, DAY),
    TenantGone: RetryPolicy(Action.SILENCE, HOUR, HOUR),
    # Channel by channel, so that it passes by itself where nobody has to act; what works in one
    # wakes the others.
    TenantPaused: RetryPolicy(Action.PAUSE, MINUTE, HOUR),
}


def policy_for(error: DeliveryError) -> RetryPolicy:
    return next(POLICIES[kind] for kind in type(error).__mro__ if kind in POLICIES)


def wait_after(policy: RetryPolicy, failures: int, rng: random.Random) -> float:
    """Return the seconds to wait after so many failures in a row (this one not counted).

    Up to a quarter is taken off at random, so that those who failed together part.
    """
    wait = min(policy.first * 2.0 ** min(failures, 32), policy.longest)
    return wait * rng.uniform(0.75, 1.0)


async def settlement_after(
    error: DeliveryError, context: DeliveryContext, claim: Claim, failures: int
) -> Settlement:
    """Return how a claim goes on after this error, without what was done before it.

    `failures`: in a row, this one not counted. Everybody whom the error concerns waits as well.

    Raises:
        StoreError: they could not be made to.
    """
    channel, policy = claim.channel, policy_for(error)
    log.info(
        "delivery.failed",
        channel=str(channel),
        error=type(error).__name__,
        reason=error.reason,
        failures=failures + 1,
    )
    wait = wait_after(policy, failures, context.rng) / context.time_scale
    if isinstance(error, RateLimited):
        context.counts.refused += 1
        return await _wait_behind(error, context, claim)
    if policy.action is Action.PAUSE:
        if claim.subscription is not None:
            # Kept, with the reason why it is not written to.
            log.warning("subscription.paused", channel=str(channel), reason=error.reason)
            now, before = context.clock(), claim.subscription.paused
            since, tries = (before.since, before.tries) if before else (now, 0)
            wait = wait_after(policy, tries, context.rng) / context.time_scale
            pause = Pause(error.reason, since, now + timedelta(seconds=wait), tries + 1)
            return Settlement(claim, Outcome.LATER, delay=wait, pause=pause)
        if isinstance(error, ChannelGone):
            return Settlement(claim, Outcome.DONE)  # nobody subscribed there: nothing to resume
    if policy.action is Action.SILENCE:
        await context.queue.silence(channel.platform, channel.tenant, error.reason)
    context.counts.failed += 1
    look = policy.action is Action.LOOK
    unconfirmed = Unconfirmed.SINCE_CLAIM if look else Unconfirmed.UNCHANGED
    return Settlement(
        claim, Outcome.LATER, delay=wait, failures=failures + 1, unconfirmed=unconfirmed
    )


async def _wait_behind(refused: RateLimited, context: DeliveryContext, claim: Claim) -> Settlement:
    """Nothing was sent; everyone behind the same limit waits, and each comes at its time."""
    if refused.bucket is None:
        return Settlement(claim, Outcome.LATER, delay=refused.retry_after)
    known = {
        bucket.name: bucket
        for revising in (True, False)
        for bucket in context.messenger.buckets(claim.channel, revising=revising)
    }
    bucket = known.get(refused.bucket, Bucket(refused.bucket, rate=1.0))
    await context.rate_limiter.refused(bucket, refused.retry_after)
    permit = await context.rate_limiter.acquire([bucket])
    return Settlement(claim, Outcome.LATER, at=permit.at, delay=refused.retry_after)
