"""`doctor` and `health`: is all well, and if not, what to do about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import TextIO

from adapters.discord.doctor import check_discord
from adapters.discord.options import DiscordOptions
from adapters.operator.states import fresh_for, stored
from adapters.pages.doctor import check_page
from adapters.pages.opened import page_sources
from adapters.redis.connect import open_database
from adapters.redis.doctor import check_redis
from adapters.redis.embedded import embedded_redis
from adapters.redis.folder import running_redis
from adapters.redis.journal import RedisJournal
from adapters.redis.subscriptions import RedisSubscriptions
from adapters.slack.doctor import check_slack
from adapters.slack.options import SlackOptions
from bot.checks import Finding, Health
from bot.engine.state import State
from bot.errors import BotError
from bot.ports import Clock
from bot.settings import Settings
from bot.watched import watched

HEALTHY_WITHIN = timedelta(minutes=2)
_MARKS = {Health.GOOD: "✓", Health.WARNING: "!", Health.BROKEN: "✗"}


async def doctor(settings: Settings, clock: Clock, out: TextIO) -> bool:
    """Look at everything, one line each. Returns whether nothing is broken."""
    healthy = True
    async for finding in _findings(settings, clock):
        out.write(f"{_MARKS[finding.health]} {finding.what}: {finding.says}\n")
        if finding.advice:
            out.write(f"    → {finding.advice}\n")
        out.flush()
        healthy = healthy and finding.health is not Health.BROKEN
    return healthy


async def _findings(settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    catalog = watched(settings)
    yield Finding(
        "settings", f"{len(catalog.providers)} page(s) to watch: {', '.join(catalog.providers)}"
    )
    async with page_sources(catalog, clock) as pages:
        for page in pages.values():
            async for finding in check_page(page):
                yield finding
    async for finding in _check_store(settings):
        yield finding
    async for finding in check_slack(SlackOptions.of(settings)):
        yield finding


async def _check_store(settings: Settings) -> AsyncIterator[Finding]:
    """The given Redis; the embedded one of a running instance; or one started to look at.

    And Discord, whose subscribed channels stand in it.
    """
    discord = DiscordOptions.of(settings)
    async with AsyncExitStack() as stack:
        kind = "given" if settings.redis_url else "embedded"
        try:
            if settings.redis_url:
                url = settings.redis_url.get_secret_value()
            elif running := running_redis(settings.data_dir):
                url, kind = running, "embedded, in use by a running instance"
            else:
                url = await stack.enter_async_context(embedded_redis(settings.data_dir))
            database = await open_database(url)
        except BotError as error:
            advice = "Start it, or check REDIS_URL; without REDIS_URL an embedded one is used."
            yield Finding("redis", str(error), Health.BROKEN, advice)
            async for finding in check_discord(discord):
                yield finding
            return
        stack.push_async_callback(database.close)
        async for finding in check_redis(database, kind):
            yield finding
        subscriptions = RedisSubscriptions(database, RedisJournal(database))
        async for finding in check_discord(discord, subscriptions):
            yield finding


async def health(settings: Settings, clock: Clock, out: TextIO) -> bool:
    """Is every page watched? One that cannot be read just now is watched all the same."""
    catalog = watched(settings)
    known = await stored(settings, catalog)
    limit = max(HEALTHY_WITHIN, fresh_for(settings))
    healthy = True
    for name in catalog.providers:
        says, well = "nobody watches it", False
        if name in known.held:
            says, well = _pulse(known.states.get(name), clock(), limit)
        out.write(f"{name}: {says}\n")
        healthy = healthy and well
    return healthy


def _pulse(state: State | None, now: datetime, limit: timedelta) -> tuple[str, bool]:
    """What to say of a page that somebody watches, and whether that is well."""
    if state is None:
        return "watched, and not read yet", True
    age = now - state.observed_at
    read = f"read {age.total_seconds():.0f} s ago"
    if state.failing_since:
        return f"{read}; tried again since: {state.failure}", True
    return read, age < limit
