"""The composition root: who is made of what, and in which order things open and close.

The only place, with `cli`, that knows adapters and libraries of the outside. What only some
need (a prompt, a platform) is imported where it is opened.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial
from typing import Any

import structlog

from adapters.chat.platform import PageAddress, Parts
from adapters.evidence.opened import open_crowd
from adapters.heartbeat import open_heartbeat
from adapters.platforms import PLATFORMS, open_platforms
from adapters.probes.opened import open_prober
from adapters.providers.opened import page_sources
from adapters.redis.store import Store, open_stores_of
from adapters.terminal.messenger import CONSOLE
from bot.catalog.watched import usable_instead, watched_catalog
from bot.commands import Commands, Services
from bot.delivery.outbox import Outbox
from bot.loops.history import HistoryKeeper
from bot.loops.watcher import Watcher
from bot.messenger import Messenger
from bot.runtime import utc_now
from bot.settings import Settings
from bot.status.service import StatusService

log = structlog.get_logger()

# Calls in flight may take so long at the end; what is left goes on at the next start.
PATIENCE = 10.0
# Seconds for which somebody who names a page that was never read waits for its first poll (guess).
FIRST_POLL_WITHIN = 10.0
# Seconds: reports that come together make one change of a root (guess).
COUNTED_TOGETHER = 5.0


async def run(settings: Settings, stop: asyncio.Event) -> None:
    """Watch, deliver and answer until `stop` is set, then end in order."""
    catalog = watched_catalog(settings)

    def queued() -> None:
        outbox.queued()  # opened over these stores, below, as is the next

    def written() -> None:
        status.snapshot.expire()

    def leads() -> bool:
        """Of all replicas one watches; that one also probes."""
        return any(watcher.leads for watcher in watchers.values())

    async with AsyncExitStack() as stack:
        opening = open_stores_of(settings, catalog.providers, queued, written)
        stores = await stack.enter_async_context(opening)
        store, people = stores.loops, stores.people
        pages = await stack.enter_async_context(
            page_sources(catalog, utc_now, settings.poll_seconds)
        )
        kept = timedelta(days=settings.history_days)
        usable = usable_instead(settings, catalog)
        status = StatusService.over(store, people, catalog, utc_now, kept, usable)
        outbox = Outbox(store, status, utc_now, {row.name: row.label for row in PLATFORMS})
        people.marker.hearers.append(outbox.data_lost)
        watchers = {
            name: Watcher(
                page=page,
                incident_store=store.incident_store,
                catalog=catalog,
                clock=utc_now,
                rng=random.Random(),  # noqa: S311 (jitter, no secret)
                holder=store.holder,
                poll_seconds=pause,
                blind_after=timedelta(minutes=settings.blind_minutes),
                on_commit=outbox.committed,
                on_state=written,
                signals=status.signals,
                history=HistoryKeeper(name, store.past, catalog, utc_now, kept, pause),
            )
            for name, page in pages.items()
            for pause in [catalog.provider(name).every]
        }
        messengers: dict[str, Messenger] = {}  # filled once the platforms are open
        services = _services(settings, people, status, messengers, outbox, watchers)
        first_polls = [watcher.polled for watcher in watchers.values()]
        page_address, commands = PageAddress(), Commands(services)
        parts = Parts(settings, people, commands, catalog, utc_now, first_polls, stop, page_address)
        platforms = await open_platforms(parts, stack)
        messengers.update({one.messenger.platform: one.messenger for one in platforms})
        people.marker.platforms.extend(messengers)
        outbox.open_workers(messengers.values())
        routes = [route for platform in platforms for route in platform.routes]
        if settings.http_port is not None or routes:  # Slack's signed requests, say
            from adapters.web.run import Program, open_web

            program = Program(status, people, watchers, outbox.workers)
            serving = open_web(settings, program, routes)
            page_address.url = await stack.enter_async_context(serving)
        enter, evidence = stack.enter_async_context, store.evidence
        prober = await enter(open_prober(settings, catalog, evidence.probes, utc_now, leads))
        crowd = await enter(open_crowd(settings, catalog, evidence.crowd, utc_now, leads))
        heartbeat = await enter(open_heartbeat(settings, status.view, leads, first_polls))
        log.info("bot.started", providers=list(pages), platforms=list(messengers))
        seeing = [watcher.run() for watcher in watchers.values()]
        seeing += [platform.run() for platform in platforms]
        seeing += [prober.run(), crowd.run(), heartbeat.run()]
        seeing += [guard.run(utc_now) for guard in (people.marker, people.retention)]
        await _run_until(stop, [*seeing, outbox.announce_outages(CONSOLE)], outbox)
        log.info("bot.stopped")


async def _run_until(
    stop: asyncio.Event, seeing: Sequence[Coroutine[Any, Any, None]], outbox: Outbox
) -> None:
    """Run what sees, and what tells, until `stop` is set: then the first ends before the second."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in seeing]
        telling = group.create_task(outbox.run())
        await stop.wait()
        for task in tasks:
            task.cancel()
        await outbox.stop(PATIENCE)  # it says its last word
        telling.cancel()


def _services(
    settings: Settings,
    store: Store,
    status: StatusService,
    messengers: Mapping[str, Messenger],
    outbox: Outbox,
    watchers: Mapping[str, Watcher],
) -> Services:
    return Services(
        status=status,
        subscriptions=store.subscriptions,
        threads=store.queue,
        messengers=messengers,
        reports=store.evidence.reports,
        reminders=store.reminders,
        takers=store.takers,
        rng=random.Random(),  # noqa: S311 (jitter, no secret)
        reported=partial(store.queue.mark_stale, delay=COUNTED_TOGETHER),
        out_of_reach=outbox.health.words,
        explanations={row.name: row.explain for row in PLATFORMS},
        page_url=settings.public_url or "",
        poll_soon=lambda provider: watchers[provider].hint.set(),
        first_poll_within=FIRST_POLL_WITHIN,
    )
