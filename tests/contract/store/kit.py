"""What the tests of the store share."""

from __future__ import annotations

from adapters.redis.store import Store
from bot.delivery.queue import Claim
from bot.domain.state import State
from bot.domain.subscription import Channel
from tests.delivery_kit import utc_now

HERE = Channel("chat", "T1", "C1")


def fresh(name: str) -> State:
    return State(name, utc_now(), utc_now())


async def claim_again(store: Store) -> Claim:
    """Claim once the lease of the last claim has ended."""
    while True:
        found = await store.queue.claim("chat", 64)
        if found.claims:
            return found.claims[0]
