"""`doctor` and `health`: is all well, and if not, what to do about it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import asdict
from datetime import timedelta
from typing import TextIO

from adapters.chat.platform import Platform
from adapters.cli.output import write_json, write_line
from adapters.cli.states import fresh_for, held_pages, stored_states
from adapters.cli.stored import kind_of, stored_data
from adapters.evidence.checks import check_sources
from adapters.providers.checks import check_page
from adapters.providers.opened import page_sources
from adapters.redis.checks import NO_REDIS, check_redis
from adapters.redis.database import Database
from adapters.redis.incidents import RedisIncidentStore
from adapters.redis.queue import RedisQueue
from adapters.redis.subscriptions import RedisSubscriptions
from bot.catalog.catalog import Catalog
from bot.catalog.targets import neutral_sites
from bot.catalog.watched import watched_catalog
from bot.domain.checks import CheckResult, Health
from bot.domain.errors import BotError, SettingsError, StoreError
from bot.ports import Clock
from bot.setting_sections import names_of
from bot.settings import Settings
from bot.status.view import status_view

HEALTHY_WITHIN = timedelta(minutes=2)
MOST_NAMED = 5  # workspaces, in one line
_MARKS = {Health.GOOD: "✓", Health.WARNING: "!", Health.BROKEN: "✗", Health.OFF: "-"}


async def doctor(
    load: Callable[[], Settings],
    platforms: Sequence[Platform],
    clock: Clock,
    out: TextIO,
    *,
    as_json: bool = False,
) -> bool:
    """Look at everything, one line each, or all as JSON. Returns whether nothing is broken."""
    found: list[CheckResult] = []
    # Closed here if nobody reads on (`| head -1`), so that what it opened is closed in order.
    async with aclosing(_findings(load, platforms, clock)) as findings:
        async for finding in findings:
            found.append(finding)
            if as_json:
                continue
            line = f"{_MARKS[finding.health]} {finding.what}: {finding.says}"
            write_line(out, line, rest="    ")
            if finding.advice:
                write_line(out, f"    → {finding.advice}", rest="      ")
            out.flush()
    healthy = all(finding.health is not Health.BROKEN for finding in found)
    if as_json:
        checks = [asdict(finding) for finding in found]
        write_json(out, {"healthy": healthy, "checks": checks}, indent=2)
    return healthy


async def _findings(
    load: Callable[[], Settings], platforms: Sequence[Platform], clock: Clock
) -> AsyncGenerator[CheckResult, None]:
    try:
        settings = load()
        catalog = watched_catalog(settings)
    except SettingsError as error:
        advice = "Mend that first: nothing else could be looked at."
        yield CheckResult("settings", str(error), Health.BROKEN, advice)
        return
    for finding in _settings_findings(settings, catalog):
        yield finding
    async for finding in _outside_findings(settings, catalog, clock):
        yield finding
    async with AsyncExitStack() as stack:
        database = None
        kind = kind_of(settings)
        try:
            database = await stack.enter_async_context(stored_data(settings))
        except BotError as error:
            advice = error.advice if isinstance(error, StoreError) else ""
            yield CheckResult("redis", str(error), Health.BROKEN, advice or NO_REDIS)
        else:
            async for finding in check_redis(database, kind):
                yield finding
        for platform in platforms:
            async for finding in _platform_findings(platform, settings, database):
                yield finding


async def _outside_findings(
    settings: Settings, catalog: Catalog, clock: Clock
) -> AsyncIterator[CheckResult]:
    """Ask all that is asked outside of the platforms: pages, and what else is evidence."""
    others = neutral_sites(catalog) if settings.probes else ()
    async with page_sources(catalog, clock) as pages:
        for page in pages.values():
            async for finding in check_page(page, others):
                yield finding
    try:
        async for finding in check_sources(settings, catalog, clock):
            yield finding
    except SettingsError as error:
        yield CheckResult("settings", str(error), Health.BROKEN, "Mend or remove it.")


def _settings_findings(settings: Settings, catalog: Catalog) -> Iterator[CheckResult]:
    count = len(catalog.providers)
    watched = f"{count} page{'s' * (count != 1)} to watch: {', '.join(catalog.providers)}"
    yield CheckResult("settings", watched)
    for sentence in settings.oddities:
        yield CheckResult("settings", sentence, Health.WARNING, "Mend or remove it.")
    if settings.http_port is None:
        yield CheckResult("http", "off (ISCLAUDEDOWN_HTTP_PORT is not set)", Health.OFF)


async def _platform_findings(
    platform: Platform, settings: Settings, database: Database | None
) -> AsyncIterator[CheckResult]:
    """Yield what the platform finds itself, and whom nothing is sent to."""
    if not platform.is_wanted(settings):
        yield _not_set_up(platform, settings)
    elif platform.check is not None:
        stored = RedisSubscriptions(database, RedisIncidentStore(database)) if database else None
        async for finding in platform.check(settings, stored):
            yield finding
    if database and (silenced := await RedisQueue(database, "doctor").silenced(platform.name)):
        named = [f"{id_} ({platform.explain(why)})" for id_, why in sorted(silenced.items())]
        more = f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
        says = f"nothing is sent to {', '.join(named[:MOST_NAMED])}{more}"
        advice = "It is tried again by itself; install the app there anew if it was removed."
        yield CheckResult(f"{platform.name} silenced", says, Health.WARNING, advice)


def _not_set_up(platform: Platform, settings: Settings) -> CheckResult:
    """Return the result for a platform without its tokens: a warning where some are there."""
    section = platform.settings
    if section is None:
        return CheckResult(platform.name, "off", Health.OFF)
    fields = zip(names_of(section), section.model_fields.values(), strict=True)
    ours = names_of(Settings)  # a platform may read the key of secrets too
    tokens = [name for name, field in fields if not field.repr and name not in ours]
    given = {one.name for one in settings.effective() if one.value and one.origin != "default"}
    if some := [name for name in tokens if name in given]:
        missing = ", ".join(name for name in tokens if name not in given)
        says = f"not set up: {', '.join(some)} is set, and not {missing}"
        return CheckResult(platform.name, says, Health.WARNING, f"See docs/{platform.name}.md.")
    needs = f" (needs {tokens[0]}; see docs/{platform.name}.md)" if tokens else ""
    return CheckResult(platform.name, f"not set up{needs}", Health.OFF)


async def health(settings: Settings, clock: Clock, out: TextIO) -> bool:
    """Is every page watched? One that cannot be read just now is watched all the same."""
    catalog = watched_catalog(settings)
    states, evidence = await stored_states(settings, catalog, clock())
    held = await held_pages(settings, catalog)
    view = status_view(catalog, states, clock(), evidence)
    healthy = True
    for one in view.providers:
        says, well = "nobody watches it", False
        if one.provider in held and one.checked_at is None:
            says, well = "watched, and not read yet", True
        elif one.provider in held and one.checked_at is not None:
            age = view.at - one.checked_at
            every = catalog.provider(one.provider).every
            says = f"read {age.total_seconds():.0f} s ago"
            well = age < max(HEALTHY_WITHIN, fresh_for(every))
            if one.failing_since:
                says, well = f"{says}; tried again since: {one.failure}", True
        write_line(out, f"{one.provider}: {says}")
        healthy = healthy and well
    return healthy
