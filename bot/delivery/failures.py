"""What happens when a messenger did not carry out a call: one table.

`MessageGone` and `Malformed` concern one message and are met on the spot (see `visit`): the step
counts as done, or is tried once in its plain form and then parked.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import (
    ChannelGone,
    DeliveryError,
    RateLimited,
    TenantGone,
    TenantPaused,
    Uncertain,
)

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


class Cure(StrEnum):
    RETRY = "retry"  # the same again, later
    LOOK = "look"  # look what stands there, then the same again
    WAIT = "wait"  # everyone behind the same limit waits as long as the platform asks for
    PAUSE = "pause"  # keep the subscription, say why; try at growing intervals or when woken
    SILENCE = "silence"  # the same for all channels of the tenant; only when woken


@dataclass(frozen=True, slots=True)
class Reaction:
    """`first` is the wait after the first failure in seconds; it doubles up to `longest`."""

    cure: Cure
    first: float
    longest: float


# The class of the error itself, else the nearest one that it derives from.
REACTIONS: dict[type[DeliveryError], Reaction] = {
    DeliveryError: Reaction(Cure.RETRY, 2.0, 10 * MINUTE),
    # Some seconds, for what we sent may not be visible at once.
    Uncertain: Reaction(Cure.LOOK, 3.0, 10 * MINUTE),
    RateLimited: Reaction(Cure.WAIT, 0.0, 0.0),
    ChannelGone: Reaction(Cure.PAUSE, 5 * MINUTE, DAY),
    TenantGone: Reaction(Cure.SILENCE, HOUR, HOUR),
    TenantPaused: Reaction(Cure.SILENCE, HOUR, HOUR),
}


def reaction_to(error: DeliveryError) -> Reaction:
    return next(REACTIONS[kind] for kind in type(error).__mro__ if kind in REACTIONS)


def wait_after(reaction: Reaction, failures: int, rng: random.Random) -> float:
    """Return the seconds to wait after so many failures in a row (this one not counted).

    Up to a quarter is taken off at random, so that those who failed together part.
    """
    wait = min(reaction.first * 2.0 ** min(failures, 32), reaction.longest)
    return wait * rng.uniform(0.75, 1.0)
