"""`doctor` and `health`: is all well, and if not, what to do about it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import TextIO

from adapters.operator.states import fresh_for, stored_states
from adapters.pages.doctor import check_page
from adapters.pages.opened import page_sources
from adapters.redis.connect import open_database
from adapters.redis.doctor import check_redis
from adapters.redis.embedded import embedded_redis
from adapters.redis.folder import running_redis
from adapters.slack.doctor import check_slack
from adapters.slack.options import SlackOptions
from bot.checks import Finding, Health
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
    """The given Redis; the embedded one of a running instance; or one started to look at."""
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
            return
        stack.push_async_callback(database.close)
        async for finding in check_redis(database, kind):
            yield finding


async def health(settings: Settings, clock: Clock, out: TextIO) -> bool:
    """Has every page been looked at lately? A page that fails is looked at all the same."""
    catalog = watched(settings)
    states = await stored_states(settings, catalog)
    limit = max(HEALTHY_WITHIN, fresh_for(settings))
    healthy = bool(catalog.providers)
    for name in catalog.providers:
        state = states.get(name)
        age = clock() - state.observed_at if state else None
        healthy = healthy and age is not None and age < limit
        seen = f"looked at {age.total_seconds():.0f} s ago" if age else "never looked at"
        out.write(f"{name}: {seen}\n")
    return healthy
