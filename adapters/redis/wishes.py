"""Who wants to be told that a surface is back, in Redis: see `bot.wishes` for what it promises."""

from __future__ import annotations

from datetime import datetime, timedelta

from adapters.redis import keys
from adapters.redis.database import Database
from adapters.redis.scripts import WISH
from adapters.redis.witness import moment, ms
from bot.codec import Codec
from bot.wishes import Claim, Wish

_CODEC = Codec(Wish)
_WISHES, _CLAIMS = f"{keys.WITNESS}:wishes", f"{keys.WITNESS}:claims"


class RedisWishes:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, wish: Wish) -> bool:
        new = bool(await self._database.call("HSETNX", _WISHES, wish.id, _CODEC.dump(wish)))
        if new:  # what a crash may have left of an earlier wish says nothing of this one
            await self._database.call("HDEL", _CLAIMS, wish.id)
        return new

    async def all(self) -> list[Wish]:
        return [_CODEC.load(one) for one in await self._database.call("HVALS", _WISHES)]

    async def claim(self, wish: Wish, now: datetime, lease: timedelta) -> Claim | None:
        length = int(lease.total_seconds() * 1000)
        found = await self._database.run(WISH, keys.WITNESS, wish.id, ms(now), length)
        if found is None:
            return None
        kept, tried = found
        return Claim(_CODEC.load(kept), moment(int(tried)) if int(tried) else None)

    async def settle(self, wish: Wish) -> None:
        await self._database.call("HDEL", _WISHES, wish.id)
        await self._database.call("HDEL", _CLAIMS, wish.id)

    async def later(self, wish: Wish, due: datetime, tried_at: datetime | None) -> None:
        tried = ms(tried_at) if tried_at else 0
        await self._database.call("HSET", _CLAIMS, wish.id, f"{ms(due)}|{tried}")
