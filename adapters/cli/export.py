"""`export` and `restore`: the past as JSON lines, out of a store and into one.

A line is an object whose `kind` says what it is: `export` (the first: which schema, when and since
when), `incident`, or `span` (what was observed over time). Restoring writes nothing over what an
instance has seen itself, and announces nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self, TextIO

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from adapters.cli.stored import stored_data
from adapters.cli.words import length_named
from adapters.redis.history import RedisHistory
from adapters.redis.incidents import RedisIncidentStore
from bot.catalog.watched import watched_catalog
from bot.domain.errors import WrongWords
from bot.domain.incident import Incident
from bot.history.looks import EVER
from bot.history.spans import Span
from bot.ports import Clock
from bot.settings import Settings

SCHEMA = 1
BATCH = 200
# What ended lately could be taken for news by an instance that did not see it itself.
LATELY = timedelta(days=2)


_NAME = re.compile(r"[\w./-]{1,200}")


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")


class _Head(_Line):
    kind: Literal["export"]
    schema_: Literal[1] = Field(alias="schema")
    at: datetime
    since: datetime


class _Incident(_Line):
    kind: Literal["incident"]
    incident: Incident

    @model_validator(mode="after")
    def _is_a_name(self) -> Self:
        """It becomes a part of a key in the store."""
        if not _NAME.fullmatch(self.incident.provider):
            raise ValueError("no provider has such a name")
        return self


class _Span(_Line):
    kind: Literal["span"]
    provider: str
    span: Span

    @model_validator(mode="after")
    def _is_a_name(self) -> Self:
        """Both become parts of keys in the store."""
        if not _NAME.fullmatch(self.provider) or not _NAME.fullmatch(self.span.surface or "page"):
            raise ValueError("a provider or a surface has no such name")
        return self


_LINE: TypeAdapter[_Head | _Incident | _Span] = TypeAdapter(
    Annotated[_Head | _Incident | _Span, Field(discriminator="kind")]
)
_INCIDENTS, _SPANS = TypeAdapter(Incident), TypeAdapter(Span)


async def export(settings: Settings, since: str, clock: Clock, out: TextIO) -> None:
    """Write what is stored of every watched provider since then, oldest first.

    Raises:
        WrongWords: `since` is neither a date nor a length of time.
        StoreError: Redis did not answer.
    """
    now = clock()
    start = _moment(since, now) if since else EVER
    head = {"kind": "export", "schema": SCHEMA, "at": _text(now), "since": _text(start)}
    out.write(json.dumps(head) + "\n")
    async with stored_data(settings) as database:
        for provider in watched_catalog(settings).providers:
            for incident in await RedisIncidentStore(database).history(provider, start):
                told = _INCIDENTS.dump_python(incident, mode="json", exclude_defaults=True)
                out.write(_json({"kind": "incident", "incident": told}))
            for span in await RedisHistory(database).spans(provider, start):
                seen = _SPANS.dump_python(span, mode="json")
                out.write(_json({"kind": "span", "provider": provider, "span": seen}))


async def restore(settings: Settings, lines: Iterable[str], clock: Clock, out: TextIO) -> None:
    """Read all of an export, and only then write it.

    Raises:
        WrongWords: a line is nothing that `export` writes; nothing was written.
        StoreError: Redis did not answer; running it again goes on.
    """
    now = clock()
    found = _read(lines, now, now - timedelta(days=settings.history_days))
    async with stored_data(settings) as database:
        history = RedisHistory(database)
        for provider, incidents in found.incidents.items():
            for at in range(0, len(incidents), BATCH):
                await history.take_in(provider, incidents[at : at + BATCH])
        for provider, spans in found.spans.items():
            for at in range(0, len(spans), BATCH):
                await history.keep(provider, spans[at : at + BATCH])
    count, seen = (sum(map(len, one.values())) for one in (found.incidents, found.spans))
    left = [f"{found.open} still open"] if found.open else []
    left += [f"{found.old} too old to be kept"] if found.old else []
    tail = f" Left out: {', '.join(left)}." if left else ""
    out.write(
        f"Restored {count} incidents and {seen} spans of what was observed.{tail} "
        "What was seen here already stays as it is.\n"
    )


@dataclass(slots=True)
class _Found:
    incidents: dict[str, list[Incident]] = field(default_factory=dict)
    spans: dict[str, list[Span]] = field(default_factory=dict)
    open: int = 0
    old: int = 0


def _read(lines: Iterable[str], now: datetime, oldest: datetime) -> _Found:
    found = _Found()
    for line in _parsed(lines):
        match line:
            case _Incident(incident=incident) if incident.ended_at is None:
                # How it goes on only the page can tell, and it tells whoever watches it.
                found.open += 1
            case _Incident(incident=incident):
                end = incident.ended_at or now
                if end < oldest:
                    found.old += 1
                    continue
                quiet = incident.quiet or now - end < LATELY
                kept = replace(incident, quiet=quiet)
                found.incidents.setdefault(incident.provider, []).append(kept)
            case _Span(provider=provider, span=span) if span.end >= oldest:
                found.spans.setdefault(provider, []).append(span)
            case _:
                pass
    return found


def _parsed(lines: Iterable[str]) -> Iterator[_Head | _Incident | _Span]:
    first = True
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            line = _LINE.validate_json(text)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in problem["loc"][:6])
            raise WrongWords(
                f"line {number} is nothing that `export` writes ({place or 'the line'}: "
                f"{problem['msg']}); nothing was restored"
            ) from None
        if first and not isinstance(line, _Head):
            raise WrongWords("the first line does not say that this is an export of isclaudedown")
        first = False
        yield line
    if first:
        raise WrongWords("the file is empty")


def _moment(text: str, now: datetime) -> datetime:
    """Read a date ("2026-01-31"), or a length of time before now ("90d")."""
    try:
        return (
            datetime.fromisoformat(text).astimezone(UTC)
            if "T" in text
            else datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
        )
    except (ValueError, OverflowError):
        pass
    try:
        return now - length_named(text)
    except (WrongWords, OverflowError):  # before the first day that there is
        raise WrongWords(f"--since {text!r} is no date; write 2026-01-31, or 90d") from None


def _json(line: dict[str, Any]) -> str:
    return json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n"


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
