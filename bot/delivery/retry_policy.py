"""What happens when a messenger did not carry out a call: one table.

`MessageGone` and `Malformed` concern one message and are met on the spot (see `visit`): the step
counts as done, or is tried once in its plain form and then parked.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.errors import (
    ChannelGone,
    DeliveryError,
    RateLimited,
    TenantGone,
    TenantPaused,
    Uncertain,
)

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


class Action(StrEnum):
    RETRY = "retry"  # the same again, later
    LOOK = "look"  # look what stands there, then the same again
    WAIT = "wait"  # everyone behind the same limit waits as long as the platform asks for
    PAUSE = "pause"  # keep the subscription, say why; try at growing intervals or when woken
    SILENCE = "silence"  # the same for all channels of the tenant; only when woken


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`first` is the wait after the first failure in seconds; it doubles up to `longest`."""

    action: Action
    first: float
    longest: float


# The class of the error itself, else the nearest one that it derives from.
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
