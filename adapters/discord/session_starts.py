"""Pacing of the gateway's session starts: Discord takes 1,000 a day, and resets the token then.

https://docs.discord.com/developers/events/gateway#session-start-limit-object
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog

log = structlog.get_logger()

# Shards of one group (shard id modulo max_concurrency) start that far apart.
GROUP_SECONDS: Final = 5.0
# A session that lasted so long was a good one: the next start does not wait. A guess.
GOOD_SECONDS: Final = 60.0
# Short sessions one after another: 5, 10, 20 … seconds between their starts. At the longest
# pause that is 288 a day.
LONGEST_PAUSE: Final = 300.0
# Starts of a day that are left to the operator, who may have to start the program. A guess.
RESERVE: Final = 100

# Until others are asked again whether it is our turn: a guess.
_ASK_SECONDS: Final = 0.5

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Gateway:
    """Discord's answer about its gateway, and about starting sessions there."""

    url: str
    shards: int
    remaining: int  # starts left
    reset_after: float  # seconds until there are `total` again
    max_concurrency: int

    @classmethod
    def of(cls, answer: dict[str, Any]) -> Gateway:
        """Read the answer to GET /gateway/bot. Raises KeyError, ValueError: it is none."""
        limit = answer.get("session_start_limit") or {}
        return cls(
            url=str(answer["url"]),
            shards=max(1, int(answer.get("shards", 1))),
            remaining=int(limit.get("remaining", 1000)),
            reset_after=float(limit.get("reset_after", 0)) / 1000,
            max_concurrency=max(1, int(limit.get("max_concurrency", 1))),
        )


class SessionStarts:
    """Says when a shard may start a session. `monotonic` gives seconds.

    `may_start` asks other replicas whether a session of a group may start now, and notes it.
    """

    def __init__(
        self,
        monotonic: Callable[[], float],
        sleep: Sleep = asyncio.sleep,
        may_start: Callable[[int], Awaitable[bool]] | None = None,
    ) -> None:
        self._monotonic = monotonic
        self._sleep = sleep
        self._may_start = may_start
        self._remaining = RESERVE + 1
        self._resets_at = 0.0
        self._groups = 1
        self._group_free_at: dict[int, float] = {}
        self._started_at: dict[int, float] = {}  # by shard
        self._pauses: dict[int, float] = {}

    def update(self, gateway: Gateway) -> None:
        """Take over what Discord says is left."""
        self._remaining = gateway.remaining
        self._resets_at = self._monotonic() + gateway.reset_after
        self._groups = gateway.max_concurrency

    async def turn(self, shard: int) -> None:
        """Return when this shard may start a session, and count the start."""
        now = self._monotonic()
        started_at = self._started_at.get(shard)
        if started_at is None or now - started_at >= GOOD_SECONDS:
            self._pauses[shard] = 0.0
        else:
            before = self._pauses[shard]
            self._pauses[shard] = min(max(2 * before, GROUP_SECONDS), LONGEST_PAUSE)
        if self._remaining <= RESERVE and now < self._resets_at:
            wait = self._resets_at - now
            log.error("discord.session_starts_exhausted", remaining=self._remaining, wait=wait)
            await self._sleep(wait)
        elif (pause := self._pauses[shard]) > 0:
            log.warning("discord.session_start_delayed", shard=shard, seconds=pause)
            await self._sleep(pause)
        group = shard % self._groups
        now = self._monotonic()
        turn = max(now, self._group_free_at.get(group, now))
        self._group_free_at[group] = turn + GROUP_SECONDS
        if turn > now:
            await self._sleep(turn - now)
        self._remaining -= 1
        self._started_at[shard] = self._monotonic()

    async def slot(self, shard: int) -> None:
        """Return when no replica starts another session of the shard's group: right before ours."""
        while self._may_start is not None and not await self._may_start(shard % self._groups):
            await self._sleep(_ASK_SECONDS)
