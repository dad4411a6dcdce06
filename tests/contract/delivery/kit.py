"""What the tests of delivery share."""

from __future__ import annotations

from bot.domain.incident import Incident
from tests.delivery_kit import (
    Bot,
    commit,
    settled,
)


async def tell(bot: Bot, told: Incident) -> None:
    await commit(bot.store, told)
    await bot.fanout.read_events()
    await settled(bot.store)
