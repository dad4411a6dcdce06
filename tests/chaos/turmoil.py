"""Random schedules: two replicas that die, a platform that fails, stalls and limits, one seed."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass, field

from adapters.redis.store import open_store
from bot.domain.incident import Incident
from tests.chaos.ledger import Ledger
from tests.chaos.story import CHAPTERS, Death, Story
from tests.delivery_kit import channels, commit, subscribe
from tests.servers.chat import ChatServer, Fault

TROUBLE = (
    Fault.ERROR,
    Fault.ERROR_TAKEN,
    Fault.DROP,
    Fault.DROP_TAKEN,
    Fault.LIMIT,
    Fault.SLOW,
    Fault.STUCK,
)
MOST_DEATHS = 4
# Stories at a time. They share a loop, which stands still too long with many.
AT_ONCE = 6


@dataclass
class Turmoil(Story):
    """A story told by two replicas in hard times; everything that happens follows from `seed`,
    but for the order in which the machine lets things happen.
    """

    # Longer than a busy machine keeps a request unread: what is given up unread, and read after the
    # next edit, shows what was true before. In earnest they are 30 and 10.
    lease: float = 3.0
    send_seconds: float = 1.2
    seed: int = 0
    deaths: int = 0
    rng: random.Random = field(default_factory=random.Random)

    async def endure(self, ledger: Ledger) -> None:
        self.rng = random.Random(self.seed)
        platform = f"chat{self.name}"
        self.channels = channels(3, platform, tenant=f"T{self.name}")
        async with open_store(self.redis) as store, asyncio.TaskGroup() as replicas:
            await subscribe(store, *self.channels)
            running = [replicas.create_task(self._replica()) for _ in range(2)]
            told: Incident | None = None
            for kinds in CHAPTERS:
                told = self._next(told, kinds)
                self.blindness = self._seeing(told)
                await commit(store, told, blindness=self.blindness)
                if told.is_open:
                    await self.people_speak(store, told)
                # Sometimes the next news come while the last are still on their way.
                if self.rng.random() < 0.6:
                    await self._quiet(store, told)
            assert told is not None
            await self._quiet(store, told)
            for replica in running:
                replica.cancel()
            await asyncio.wait(running)
            await store.database.call("FLUSHDB")
        for channel in self.channels:
            ledger.check(self.server, channel, told)
            self.check_reminders(ledger, channel)
            self.check_blindness(ledger, channel)

    async def _replica(self) -> None:
        """Live, die, be started again."""
        while True:
            death = Death(nth=10**9)
            async with self._bot(death) as bot:
                death.armed = True
                if self.deaths < MOST_DEATHS:
                    self.deaths += 1
                    death.any_after = self.rng.randrange(1, 120)
                try:
                    await death.came.wait()
                finally:
                    await bot.freeze()
            death.armed = False


def trouble(seed: int, share: float) -> ChatServer:
    """A platform on which so many requests go wrong, in one of the ways."""
    rng = random.Random(seed)

    def fault(_: str, __: str) -> Fault | None:
        return rng.choice(TROUBLE) if rng.random() < share else None

    return ChatServer(faults=fault)


async def endure(seed: int, redis: str) -> str:
    """Run one schedule. Returns what went wrong, "" for nothing."""
    ledger = Ledger()
    async with trouble(seed, share=0.15) as server:
        story = Turmoil(f"s{seed}", redis, server, seed=seed)
        with contextlib.suppress(asyncio.CancelledError):
            await story.endure(ledger)
    return "" if ledger.is_clean else f"seed {seed}: {ledger}"
