"""When to look at which channel next: see `bot.delivery.schedule.Timetable`."""

from __future__ import annotations

from datetime import datetime

from adapters.redis import keys
from adapters.redis.codec import moment, ms, pairs
from adapters.redis.database import Database
from adapters.redis.scripts import APPOINT
from bot.delivery.schedule import Appointment

BATCH = 256  # of a shard at a time: what is left is found at once by the next look


class RedisTimetable:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: datetime) -> list[Appointment]:
        platforms = await self._database.call("SMEMBERS", keys.PLATFORMS_KEY)
        found = []
        for platform in sorted(one.decode() for one in platforms):
            for base in self._database.shards.of_platform(platform):
                page = await self._database.call(
                    "ZRANGEBYSCORE",
                    f"{base}:appointments",
                    "-inf",
                    ms(now),
                    "WITHSCORES",
                    "LIMIT",
                    0,
                    BATCH,
                )
                for member, score in pairs(page):
                    channel = keys.channel_of(platform, member.decode())
                    found.append(Appointment(channel, moment(float(score))))
        return found

    async def advance(self, appointment: Appointment, following: datetime | None) -> None:
        channel = appointment.channel
        await self._database.run(
            APPOINT,
            self._database.shards.of(channel),
            keys.member(channel),
            ms(appointment.at),
            ms(following) if following else "",
        )
