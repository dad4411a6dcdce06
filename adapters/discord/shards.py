"""The shards of the gateway, shared among replicas: each holds sessions of its part.

A shard has one session among all replicas: who gives it up ends the session first, and who cannot
renew its lease ends them all before another replica takes them. Alone it keeps them, whatever Redis
does. https://docs.discord.com/developers/events/gateway#sharding
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import Final

import discord
import structlog

from adapters.discord.errors import DiscordRefused, TokenRefused
from adapters.discord.events import GuildListener, SessionEvents
from adapters.discord.frames import SessionOver
from adapters.discord.gateway import (
    FATAL,
    GatewayRefused,
    ShardingRequired,
    ask_gateway,
    close,
    hold,
    make_client,
    point_at,
    stay_at,
)
from adapters.discord.guilds import GuildTable
from adapters.discord.rest import RestClient
from adapters.discord.session_starts import GOOD_SECONDS, GROUP_SECONDS, SessionStarts
from adapters.discord.settings import DiscordSettings
from adapters.redis.shards import RedisShards, ShardPart
from bot.domain.errors import DeliveryError, StoreError
from bot.loops.periodic import StoreBackoff, wait_for

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 60.0
# A token that was accepted once and is no more: somebody has to act.
REFUSED_PAUSE: Final = 600.0
LEAVE_SECONDS: Final = 2.0

Listen = Callable[[discord.Client], GuildListener | None]


class ShardSessions:
    """Holds this replica's sessions. `listen` registers the listeners on each new client."""

    def __init__(
        self,
        settings: DiscordSettings,
        rest: RestClient,
        guilds: GuildTable,
        store: RedisShards,
        monotonic: Callable[[], float],
        listen: Listen,
    ) -> None:
        self._settings = settings
        self._rest = rest
        self._guilds = guilds
        self._store = store
        self._monotonic = monotonic
        self._listen = listen
        self._starts = SessionStarts(monotonic, may_start=self._may_start)
        self._backoff = StoreBackoff("discord.shards")
        self._shards = 0  # of the gateway, as all replicas count them; 0: not known yet
        self._wanted = 0  # the same, as Discord says
        self._keep_until = 0.0  # without another renewal others may hold our shards after that
        self._alone = True
        self._sessions: dict[int, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self.clients: dict[int, discord.Client] = {}  # by shard
        # discord.py writes addresses with tokens and other people's words into its log.
        logging.getLogger("discord").setLevel(logging.CRITICAL)

    async def run(self) -> None:
        """Hold sessions, until cancelled. What is wrong here stops nobody else."""
        try:
            self._shards = self._wanted = await self._count_shards()
            while True:
                self._wake.clear()
                wait = self._store.lease / 4
                try:
                    await self._renew()
                    self._backoff.answered()
                except StoreError as error:
                    wait = min(self._backoff.failed(error), wait)
                    if not self._alone and self._monotonic() >= self._keep_until:
                        await self._end(list(self._sessions))
                await wait_for(self._wake, wait)
        finally:
            await self._end(list(self._sessions))
            with suppress(StoreError, TimeoutError):
                async with asyncio.timeout(LEAVE_SECONDS):
                    await self._store.leave()

    async def _count_shards(self) -> int:
        """Ask Discord how many shards it wants, until it says."""
        pause = FIRST_PAUSE
        while True:
            try:
                return (await ask_gateway(self._rest)).shards
            except TokenRefused as refused:
                log.warning("discord.refused", reason=str(refused), again_in=REFUSED_PAUSE)
                await asyncio.sleep(REFUSED_PAUSE)
            except (DiscordRefused, DeliveryError) as error:
                log.warning("discord.unreachable", reason=str(error), again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _renew(self) -> None:
        """Renew the lease, and hold what is our part of the shards by now.

        Raises:
            StoreError: it may not have been renewed.
        """
        # The other half is for an attempt that goes on, and for ending the sessions.
        keep_until = self._monotonic() + self._store.lease / 2
        part = await self._take()
        self._keep_until, self._alone = keep_until, part.replicas == 1
        if part.shards != self._shards:
            log.info("discord.shards_counted_anew", before=self._shards, now=part.shards)
            await self._end(list(self._sessions))
        self._shards = self._wanted = part.shards
        await self._end(self._sessions.keys() - part.held)
        if surplus := sorted(part.held)[part.share :]:
            await self._end(surplus)
            part = await self._take(surplus)
        if started := sorted(part.held - self._sessions.keys()):
            log.info("discord.shards_taken", shards=started, of=part.shards)
        for shard in started:
            self._sessions[shard] = asyncio.create_task(self._keep(shard, part.shards))

    async def _take(self, given_up: Collection[int] = ()) -> ShardPart:
        force = self._wanted != self._shards
        try:
            async with asyncio.timeout(self._store.lease / 4):
                return await self._store.take(self._wanted, force=force, given_up=given_up)
        except TimeoutError:
            raise StoreError("Redis does not answer") from None

    async def _may_start(self, group: int) -> bool:
        try:
            return await self._store.may_identify(group, GROUP_SECONDS)
        except StoreError:
            return True  # then each replica paces its own

    async def _end(self, shards: Iterable[int]) -> None:
        """End the sessions of shards, and forget their guilds, of which nobody tells any more."""
        ended = {shard: task for shard in shards if (task := self._sessions.pop(shard, None))}
        for task in ended.values():
            task.cancel()
        await asyncio.gather(*ended.values(), return_exceptions=True)
        for shard in ended:
            self._guilds.keep(frozenset(), shard, self._shards)

    async def _keep(self, shard: int, shards: int) -> None:
        """Hold a session of one shard, one after another, until cancelled."""
        pause = FIRST_PAUSE
        while True:
            again, began = REFUSED_PAUSE, self._monotonic()
            try:
                await self._hold(shard, shards)
            except SessionOver:
                again = FIRST_PAUSE  # `SessionStarts` makes it more if that happens often
            except (GatewayRefused, TokenRefused) as refused:
                log.warning("discord.refused", reason=str(refused), again_in=again)
            except ShardingRequired:
                self._wake.set()  # all sessions begin anew
            except Exception as error:  # discord.py, aiohttp or the system ended it: made again
                if self._monotonic() - began >= GOOD_SECONDS:
                    pause = FIRST_PAUSE
                again, pause = pause, min(pause * 2, LONGEST_PAUSE)
                log.warning("discord.unreachable", reason=type(error).__name__, again_in=again)
            await asyncio.sleep(again)

    async def _hold(self, shard: int, shards: int) -> None:
        """Begin a session when it may be begun, and hold it to its end."""
        gateway = await ask_gateway(self._rest)
        self._starts.update(gateway)
        url = self._settings.gateway_url
        point_at(self._settings.base, url or gateway.url)
        client = make_client(shard, shards, lambda: self._starts.slot(shard))
        events = SessionEvents(client, self._rest, self._guilds, self._listen(client))
        if url:
            stay_at(client, url)
        self.clients[shard] = client
        try:
            await client.login(self._settings.token)
            log.info("discord.logged_in", shard=shard, shards=shards)
            await self._starts.turn(shard)
            await hold(client)
        except discord.LoginFailure:
            raise GatewayRefused(FATAL[4004]) from None
        except ShardingRequired:
            self._wanted = max(gateway.shards, shards + 1)
            raise
        finally:
            del self.clients[shard]
            await close(client)
            await events.close()
