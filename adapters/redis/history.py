"""The past in Redis: see `bot.history.stores` for the promises."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from adapters.redis import codec, keys
from adapters.redis.database import Argument, Database
from adapters.redis.scripts import PRUNE, TAKE_IN
from bot.domain.incident import Incident
from bot.domain.page import Severity
from bot.history.spans import Observer, Span


class RedisHistory:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def take_in(self, provider: str, incidents: Sequence[Incident]) -> None:
        arguments: list[Argument] = []
        for incident in incidents:
            ended = incident.ended_at or incident.started_at
            arguments += [incident.id, codec.incidents.dump(incident), ended.timestamp()]
        if arguments:
            await self._database.run(TAKE_IN, keys.provider(provider), *arguments)

    async def keep(self, provider: str, spans: Sequence[Span]) -> None:
        arguments: list[Argument] = []
        for span in spans:
            arguments += [f"{span.observer.value}|{span.surface}|{codec.ms(span.start)}"]
            arguments += [f"{span.severity.value}|{codec.ms(span.end)}|{span.looks}"]
        if arguments:
            await self._database.call("HSET", f"{keys.provider(provider)}:spans", *arguments)

    async def spans(self, provider: str, since: datetime) -> list[Span]:
        found = [span for _, span in await self._stored(provider) if span.end >= since]
        return sorted(found, key=lambda span: (span.start, span.observer, span.surface))

    async def prune(self, provider: str, before: datetime) -> int:
        base = keys.provider(provider)
        gone = await self._database.run(PRUNE, base, before.timestamp(), keys.INCIDENTS_KEPT)
        stored = sorted(await self._stored(provider), key=lambda pair: pair[1].end)
        surplus = max(0, len(stored) - keys.SPANS_KEPT)
        fields = [
            field
            for place, (field, span) in enumerate(stored)
            if place < surplus or span.end < before
        ]
        if fields:
            await self._database.call("HDEL", f"{base}:spans", *fields)
        return int(gone) + len(fields)

    async def _stored(self, provider: str) -> list[tuple[str, Span]]:
        """Every span with its field."""
        found = await self._database.call("HGETALL", f"{keys.provider(provider)}:spans")
        return [
            (field.decode(), _span(field.decode(), value.decode()))
            for field, value in found.items()
        ]


def _span(field: str, value: str) -> Span:
    observer, surface, start = field.split("|")
    severity, end, looks = value.split("|")
    return Span(
        Observer(observer),
        surface,
        Severity(severity),
        codec.moment(int(start)),
        codec.moment(int(end)),
        int(looks),
    )
