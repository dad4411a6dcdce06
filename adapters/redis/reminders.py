"""Who wants to be told that a surface is back, in Redis: see `bot.wishes` for what it promises."""

from __future__ import annotations

from datetime import datetime, timedelta

from adapters.redis import keys
from adapters.redis.codec import Codec
from adapters.redis.database import Database
from adapters.redis.evidence import moment, ms
from adapters.redis.scripts import WISH
from bot.delivery.reminders import Reminder, ReminderClaim

_CODEC = Codec(Reminder)
_WISHES, _CLAIMS = f"{keys.WITNESS}:wishes", f"{keys.WITNESS}:claims"


class RedisReminderStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, reminder: Reminder) -> bool:
        new = bool(await self._database.call("HSETNX", _WISHES, reminder.id, _CODEC.dump(reminder)))
        if new:  # what a crash may have left of an earlier wish says nothing of this one
            await self._database.call("HDEL", _CLAIMS, reminder.id)
        return new

    async def all(self) -> list[Reminder]:
        return [_CODEC.load(one) for one in await self._database.call("HVALS", _WISHES)]

    async def claim(
        self, reminder: Reminder, now: datetime, lease: timedelta
    ) -> ReminderClaim | None:
        length = int(lease.total_seconds() * 1000)
        found = await self._database.run(WISH, keys.WITNESS, reminder.id, ms(now), length)
        if found is None:
            return None
        kept, tried = found
        return ReminderClaim(_CODEC.load(kept), moment(int(tried)) if int(tried) else None)

    async def settle(self, reminder: Reminder) -> None:
        await self._database.call("HDEL", _WISHES, reminder.id)
        await self._database.call("HDEL", _CLAIMS, reminder.id)

    async def later(self, reminder: Reminder, due: datetime, tried_at: datetime | None) -> None:
        tried = ms(tried_at) if tried_at else 0
        await self._database.call("HSET", _CLAIMS, reminder.id, f"{ms(due)}|{tried}")
