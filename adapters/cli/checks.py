"""`doctor` and `health`: is all well, and if not, what to do about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import TextIO

from adapters.cli.states import fresh_for, held_pages, stored_states
from adapters.discord.checks import check_discord
from adapters.discord.settings import DiscordSettings
from adapters.providers.checks import check_page
from adapters.providers.opened import page_sources
from adapters.redis.checks import check_redis
from adapters.redis.client import open_database
from adapters.redis.embedded.data_dir import running_redis
from adapters.redis.embedded.server import embedded_redis
from adapters.redis.incidents import RedisIncidentStore
from adapters.redis.subscriptions import RedisSubscriptions
from adapters.slack.checks import check_slack
from adapters.slack.settings import SlackSettings
from bot.catalog.watched import watched_catalog
from bot.domain.checks import CheckResult, Health
from bot.domain.errors import BotError
from bot.ports import Clock
from bot.settings import Settings
from bot.status.view import ProviderStatus, status_view

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


async def _findings(settings: Settings, clock: Clock) -> AsyncIterator[CheckResult]:
    catalog = watched_catalog(settings)
    yield CheckResult(
        "settings", f"{len(catalog.providers)} page(s) to watch: {', '.join(catalog.providers)}"
    )
    async with page_sources(catalog, clock) as pages:
        for page in pages.values():
            async for finding in check_page(page):
                yield finding
    async for finding in _check_store(settings):
        yield finding
    async for finding in check_slack(SlackSettings.of(settings)):
        yield finding


async def _check_store(settings: Settings) -> AsyncIterator[CheckResult]:
    """The given Redis; the embedded one of a running instance; or one started to look at.

    And Discord, whose subscribed channels stand in it.
    """
    discord = DiscordSettings.of(settings)
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
            yield CheckResult("redis", str(error), Health.BROKEN, advice)
            async for finding in check_discord(discord):
                yield finding
            return
        stack.push_async_callback(database.close)
        async for finding in check_redis(database, kind):
            yield finding
        subscriptions = RedisSubscriptions(database, RedisIncidentStore(database))
        async for finding in check_discord(discord, subscriptions):
            yield finding


async def health(settings: Settings, clock: Clock, out: TextIO) -> bool:
    """Is every page watched? One that cannot be read just now is watched all the same."""
    catalog = watched_catalog(settings)
    states, evidence = await stored_states(settings, catalog, clock())
    held = await held_pages(settings, catalog)
    view = status_view(catalog, states, clock(), evidence)
    limit = max(HEALTHY_WITHIN, fresh_for(settings))
    healthy = True
    for one in view.providers:
        says, well = "nobody watches it", False
        if one.provider in held:
            says, well = _pulse(one, view.at, limit)
        out.write(f"{one.provider}: {says}\n")
        healthy = healthy and well
    return healthy


def _pulse(page: ProviderStatus, now: datetime, limit: timedelta) -> tuple[str, bool]:
    """What to say of a page that somebody watches, and whether that is well."""
    if page.checked_at is None:
        return "watched, and not read yet", True
    age = now - page.checked_at
    read = f"read {age.total_seconds():.0f} s ago"
    if page.failing_since:
        return f"{read}; tried again since: {page.failure}", True
    return read, age < limit
