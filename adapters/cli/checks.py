"""`doctor` and `health`: is all well, and if not, what to do about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import TextIO

from adapters.chat.platform import Platform
from adapters.cli.output import write_json, write_line
from adapters.cli.states import fresh_for, held_pages, stored_states
from adapters.providers.checks import check_page
from adapters.providers.opened import page_sources
from adapters.redis.checks import check_redis
from adapters.redis.client import open_database
from adapters.redis.database import Database
from adapters.redis.embedded.data_dir import running_redis
from adapters.redis.embedded.server import embedded_redis
from adapters.redis.incidents import RedisIncidentStore
from adapters.redis.queue import RedisQueue
from adapters.redis.subscriptions import RedisSubscriptions
from bot.catalog.watched import watched_catalog
from bot.domain.checks import CheckResult, Health
from bot.domain.errors import BotError
from bot.ports import Clock
from bot.settings import Settings
from bot.status.view import ProviderStatus, status_view

HEALTHY_WITHIN = timedelta(minutes=2)
MOST_NAMED = 5  # workspaces, in one line
_MARKS = {Health.GOOD: "✓", Health.WARNING: "!", Health.BROKEN: "✗"}


async def doctor(
    settings: Settings,
    platforms: Sequence[Platform],
    clock: Clock,
    out: TextIO,
    *,
    as_json: bool = False,
) -> bool:
    """Look at everything, one line each, or all as JSON. Returns whether nothing is broken."""
    if as_json:
        found = [finding async for finding in _findings(settings, platforms, clock)]
        healthy = all(finding.health is not Health.BROKEN for finding in found)
        document = {"healthy": healthy, "checks": [asdict(finding) for finding in found]}
        write_json(out, document, indent=2)
        return healthy
    healthy = True
    async for finding in _findings(settings, platforms, clock):
        line = f"{_MARKS[finding.health]} {finding.what}: {finding.says}"
        write_line(out, line, rest="    ")
        if finding.advice:
            write_line(out, f"    → {finding.advice}", rest="      ")
        out.flush()
        healthy = healthy and finding.health is not Health.BROKEN
    return healthy


async def _findings(
    settings: Settings, platforms: Sequence[Platform], clock: Clock
) -> AsyncIterator[CheckResult]:
    catalog = watched_catalog(settings)
    yield CheckResult(
        "settings", f"{len(catalog.providers)} page(s) to watch: {', '.join(catalog.providers)}"
    )
    for sentence in settings.misspelt:
        yield CheckResult("settings", sentence, Health.WARNING, "Rename or remove it.")
    async with page_sources(catalog, clock) as pages:
        for page in pages.values():
            async for finding in check_page(page):
                yield finding
    async with AsyncExitStack() as stack:
        database = None
        try:
            database, kind = await _open_store(settings, stack)
        except BotError as error:
            advice = "Start it, or check REDIS_URL; without REDIS_URL an embedded one is used."
            yield CheckResult("redis", str(error), Health.BROKEN, advice)
        else:
            async for finding in check_redis(database, kind):
                yield finding
        for platform in platforms:
            async for finding in _platform_findings(platform, settings, database):
                yield finding


async def _platform_findings(
    platform: Platform, settings: Settings, database: Database | None
) -> AsyncIterator[CheckResult]:
    """Yield what the platform finds itself, and whom nothing is sent to."""
    if platform.check is not None:
        stored = RedisSubscriptions(database, RedisIncidentStore(database)) if database else None
        async for finding in platform.check(settings, stored):
            yield finding
    if database and (silenced := await RedisQueue(database, "doctor").silenced(platform.name)):
        yield _silenced(platform, silenced)


def _silenced(platform: Platform, tenants: Mapping[str, str]) -> CheckResult:
    """Return which workspaces take nothing at present, each with what the platform said."""
    named = [f"{id_} ({platform.explain(why)})" for id_, why in sorted(tenants.items())]
    more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
    says = f"nothing is sent to {', '.join(named[:MOST_NAMED])}{more}"
    advice = "It is tried again by itself; install the app there anew if it was removed."
    return CheckResult(f"{platform.name} silenced", says, Health.WARNING, advice)


async def _open_store(settings: Settings, stack: AsyncExitStack) -> tuple[Database, str]:
    """The given Redis; the embedded one of a running instance; or one started to look at.

    Raises:
        BotError: none of them answers.
    """
    kind = "given" if settings.redis_url else "embedded"
    if settings.redis_url:
        url = settings.redis_url.get_secret_value()
    elif running := running_redis(settings.data_dir):
        url, kind = running, "embedded, in use by a running instance"
    else:
        url = await stack.enter_async_context(embedded_redis(settings.data_dir))
    database = await open_database(url)
    stack.push_async_callback(database.close)
    return database, kind


async def health(settings: Settings, clock: Clock, out: TextIO) -> bool:
    """Is every page watched? One that cannot be read just now is watched all the same."""
    catalog = watched_catalog(settings)
    states, evidence = await stored_states(settings, catalog, clock())
    held = await held_pages(settings, catalog)
    view = status_view(catalog, states, clock(), evidence)
    healthy = True
    for one in view.providers:
        says, well = "nobody watches it", False
        if one.provider in held:
            every = catalog.provider(one.provider).every
            limit = max(HEALTHY_WITHIN, fresh_for(settings, every))
            says, well = _pulse(one, view.at, limit)
        write_line(out, f"{one.provider}: {says}")
        healthy = healthy and well
    return healthy


def _pulse(page: ProviderStatus, now: datetime, limit: timedelta) -> tuple[str, bool]:
    """Return a sentence about a page that somebody watches, and whether it is well."""
    if page.checked_at is None:
        return "watched, and not read yet", True
    age = now - page.checked_at
    read = f"read {age.total_seconds():.0f} s ago"
    if page.failing_since:
        return f"{read}; tried again since: {page.failure}", True
    return read, age < limit
