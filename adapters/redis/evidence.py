"""Evidence besides the pages, in Redis: see `bot.evidence.sources` for what it promises.

People are kept as keyed hashes, and only as long as their report counts.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import SecretStr

from adapters.redis import keys
from adapters.redis.codec import Codec, moment, ms, pairs
from adapters.redis.database import Argument, Database
from adapters.redis.scripts import REPORT, REPORT_COUNTS, SPEND, TRAFFIC
from bot.domain.subscription import Channel
from bot.evidence import reports, traffic
from bot.evidence.elsewhere import Reading
from bot.evidence.probes import ProbeHistory
from bot.evidence.reports import ReportCount
from bot.evidence.stores import Batch, EvidenceStores, UserReport
from bot.evidence.traffic import CallResult, TrafficCounts


@dataclass(frozen=True, slots=True)
class KeptCrowd:
    """The readings of one source, as they are stored."""

    counts: tuple[Reading, ...]


_RECORDS = Codec(ProbeHistory)
_CROWD = Codec(KeptCrowd)
_WINDOW_MS = int(reports.WINDOW.total_seconds() * 1000)
_BAD = frozenset({CallResult.OVERLOADED, CallResult.FAILED, CallResult.TIMEOUT})


# Called after something was written.
Changed = Callable[[], None]


class RedisProbes:
    def __init__(self, database: Database, changed: Changed = lambda: None) -> None:
        self._database = database
        self._changed = changed

    async def records(self) -> list[ProbeHistory]:
        found = await self._database.call("HVALS", f"{keys.EVIDENCE}:probes")
        return [_RECORDS.load(one) for one in found]

    async def keep(self, records: Sequence[ProbeHistory]) -> None:
        arguments: list[Argument] = []
        for record in records:
            arguments += [record.target, _RECORDS.dump(record)]
        if arguments:
            await self._database.call("HSET", f"{keys.EVIDENCE}:probes", *arguments)
            self._changed()

    async def forget(self) -> None:
        await self._database.call("DEL", f"{keys.EVIDENCE}:probes")
        self._changed()

    async def spend(self, day: str, limit: int) -> bool:
        return bool(await self._database.run(SPEND, keys.EVIDENCE, day, limit))


class RedisTraffic:
    def __init__(self, database: Database, changed: Changed = lambda: None) -> None:
        self._database = database
        self._changed = changed

    async def add(self, batches: Sequence[Batch], now: datetime, key: str | None = None) -> bool:
        arguments: list[Argument] = [ms(now) // 60_000, keys.MINUTE_KEPT_MS, key or ""]
        for batch in batches:
            for result, number in batch.results.items():
                if number > 0:
                    arguments += [f"{batch.surface}|{result.value}", number]
        counted = bool(await self._database.run(TRAFFIC, keys.EVIDENCE, *arguments))
        self._changed()
        return counted

    async def counts(self, now: datetime) -> list[TrafficCounts]:
        last = ms(now) // 60_000
        # One more at each end: the first of the window began before it, the last is not over.
        minutes = int(traffic.WINDOW.total_seconds()) // 60 + 2
        totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        seen: dict[str, list[int]] = defaultdict(list)
        for minute in range(last - minutes + 1, last + 1):
            # Few, short and rare: seven small hashes for a look.
            found = await self._database.call("HGETALL", f"{keys.EVIDENCE}:traffic:{minute}")
            for field, number in pairs(found):
                surface, _, result = field.decode().rpartition("|")
                if result == CallResult.OK.value:
                    totals[surface][0] += int(number)
                elif result in _BAD:
                    totals[surface][1] += int(number)
                seen[surface].append(minute)
        return [
            TrafficCounts(
                surface,
                good,
                bad,
                first=moment(min(seen[surface]) * 60_000),
                latest=min(now, moment((max(seen[surface]) + 1) * 60_000)),
            )
            for surface, (good, bad) in totals.items()
        ]


class RedisReports:
    """`secret` keys the hashes; without one a random key is made once and kept beside them."""

    def __init__(
        self, database: Database, secret: bytes | None = None, changed: Changed = lambda: None
    ) -> None:
        self._database = database
        self._secret = secret
        self._changed = changed

    async def add(self, report: UserReport, now: datetime) -> bool:
        member = await self._member(report)
        size: Argument = "" if report.members is None else report.members
        subscribed_at: Argument = "" if report.subscribed_at is None else ms(report.subscribed_at)
        about = (str(report.channel), member, ms(now), _WINDOW_MS, size, subscribed_at)
        new = await self._database.run(REPORT, keys.EVIDENCE, *about)
        self._changed()
        return bool(new)

    async def withdraw(self, report: UserReport) -> None:
        member = await self._member(report)
        await self._database.call("ZREM", f"{keys.EVIDENCE}:reporters:{report.channel}", member)
        self._changed()

    async def of_channel(
        self, channel: Channel, now: datetime, *, but: str | None = None
    ) -> list[ReportCount]:
        own = None if but is None else (await self.hash_of(channel.platform, but)).encode()
        base, since = keys.EVIDENCE, ms(now) - _WINDOW_MS
        found = await self._database.call(
            "ZRANGEBYSCORE", f"{base}:reporters:{channel}", f"({since}", "+inf", "WITHSCORES"
        )
        about = f"{base}:about:{channel}"
        size, subscribed_at = await self._database.call("HMGET", about, "members", "subscribed_at")
        times: dict[str, list[float]] = defaultdict(list)
        for member, score in pairs(found):
            surface, _, person = member.rpartition(b"|")
            if person != own:
                times[surface.decode()].append(float(score))
        return [
            ReportCount(
                owner=channel.owner,
                channel=str(channel),
                surface=surface,
                people=len(at),
                first=moment(min(at)),
                latest=moment(max(at)),
                members=None if size is None else int(size),
                subscribed_at=moment(float(subscribed_at)) if subscribed_at else None,
            )
            for surface, at in times.items()
        ]

    async def everywhere(self, now: datetime) -> list[ReportCount]:
        """In one round trip, however many channels report."""
        rows = await self._database.run(REPORT_COUNTS, keys.EVIDENCE, ms(now) - _WINDOW_MS)
        report_counts = []
        for name, surface, people, elsewhere, first, latest, size, subscribed_at in rows:
            channel = Channel.parse(name.decode())
            report_counts.append(
                ReportCount(
                    owner=channel.owner,
                    channel=str(channel),
                    surface=surface.decode(),
                    people=int(people),
                    first=moment(float(first)),
                    latest=moment(float(latest)),
                    members=int(size) if size else None,
                    subscribed_at=moment(float(subscribed_at)) if subscribed_at else None,
                    elsewhere=int(elsewhere),
                )
            )
        return report_counts

    async def hash_of(self, platform: str, person: str) -> str:
        """Return the keyed hash by which a person's reports are told from those of others.

        The same in all workspaces: Discord knows a person by one id everywhere, Slack in all
        workspaces of one organization.
        """
        if self._secret is None:
            key = f"{keys.EVIDENCE}:hash_key"
            await self._database.call("SET", key, secrets.token_hex(32), "NX")
            self._secret = await self._database.call("GET", key)
        who = f"{platform}/{person}".encode()
        return hmac.new(self._secret or b"", who, hashlib.sha256).hexdigest()[:32]

    async def _member(self, report: UserReport) -> str:
        return f"{report.surface}|{await self.hash_of(report.channel.platform, report.person)}"


class RedisCrowd:
    def __init__(self, database: Database, changed: Changed = lambda: None) -> None:
        self._database = database
        self._changed = changed

    async def keep(self, source: str, counts: Sequence[Reading]) -> None:
        await self._database.call(
            "HSET", f"{keys.EVIDENCE}:crowd", source, _CROWD.dump(KeptCrowd(tuple(counts)))
        )
        self._changed()

    async def counts(self) -> list[Reading]:
        found = await self._database.call("HVALS", f"{keys.EVIDENCE}:crowd")
        return [count for one in found for count in _CROWD.load(one).counts]


def evidence_stores(
    database: Database, secret: SecretStr | None, changed: Changed = lambda: None
) -> EvidenceStores:
    """`secret` keys the hashes of people; without one, a key is made and kept in Redis."""
    own_key = secret.get_secret_value().encode() if secret else None
    return EvidenceStores(
        RedisProbes(database, changed),
        RedisTraffic(database, changed),
        RedisReports(database, own_key, changed),
        RedisCrowd(database, changed),
    )
