"""Channels and workspaces that are lost, come back or move, as pauses and wake-ups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import structlog

from bot.delivery.cache import resumed_message
from bot.delivery.context import DeliveryContext
from bot.delivery.queue import Claim, Queue
from bot.domain.errors import DeliveryError
from bot.domain.subscription import Channel, Pause
from bot.ports import Clock, Subscriptions

log = structlog.get_logger()

# Paused for longer than this, and a channel is told why once it can be (guess).
WORTH_TELLING = timedelta(minutes=10)


class ChannelLifecycle:
    """Every method may raise `StoreError`, and may be repeated."""

    def __init__(self, subscriptions: Subscriptions, queue: Queue, clock: Clock) -> None:
        self._subscriptions = subscriptions
        self._queue = queue
        self._clock = clock

    async def lost(self, channel: Channel, reason: str) -> None:
        """It cannot be written to until the platform says otherwise. Kept, with the reason."""
        subscription = await self._subscriptions.get(channel)
        if subscription is not None:
            pause = Pause(reason, self._clock(), next_try=None)
            await self._subscriptions.put(replace(subscription, paused=pause))

    async def back(self, channel: Channel) -> None:
        """Something changed for the better: try at once."""
        await self._queue.wake(channel)

    async def moved(self, old: Channel, new: Channel) -> None:
        """The platform gave a channel another id."""
        subscription = await self._subscriptions.get(old)
        if subscription is not None:
            await self._subscriptions.put(replace(subscription, channel=new))
            await self._subscriptions.remove(old)

    async def tenant_lost(self, platform: str, tenant: str, reason: str) -> None:
        await self._queue.silence(platform, tenant, reason)

    async def lost_tenants(self, platform: str) -> Mapping[str, str]:
        """Return the workspaces that nothing is sent to until they are back, with the reasons."""
        return await self._queue.silenced(platform)

    async def is_lost(self, platform: str, tenant: str) -> bool:
        """Return whether nothing is sent to a workspace until it is back."""
        return await self._queue.is_silenced(platform, tenant)

    async def tenant_back(self, platform: str, tenant: str) -> None:
        await self._queue.wake_tenant(platform, tenant)


async def announce_resumption(context: DeliveryContext, claim: Claim) -> None:
    """Tell a channel once why it got nothing for long; if that fails, it is not tried again."""
    paused = claim.subscription.paused if claim.subscription else None
    log.info("subscription.resumed", channel=str(claim.channel))
    if paused is None or context.clock() - paused.since < WORTH_TELLING:
        return
    key = f"{claim.channel}/back/{paused.since:%Y%m%d%H%M%S}"
    try:
        await context.messenger.say(claim.channel, resumed_message(paused), key)
    except DeliveryError as error:
        log.info("delivery.failed", channel=str(claim.channel), reason=error.reason)
