"""The commands over a real store, as the bot makes them."""

from __future__ import annotations

import random
from collections.abc import Mapping

from adapters.redis.database import Database
from adapters.redis.evidence import RedisCrowd, RedisProbes, RedisReports, RedisTraffic
from adapters.redis.history import RedisHistory
from adapters.redis.incidents import RedisIncidentStore
from adapters.redis.queue import RedisQueue
from adapters.redis.subscriptions import RedisReminders, RedisSubscriptions
from adapters.redis.takers import RedisTakers
from bot.catalog.catalog import Catalog
from bot.commands import Commands, Services
from bot.evidence.collector import Collector
from bot.evidence.stores import EvidenceStores
from bot.messenger import Messenger
from bot.ports import Clock
from bot.status.service import StatusService
from bot.status.snapshot import SharedSnapshot


def services_over(
    database: Database,
    messengers: Mapping[str, Messenger],
    catalog: Catalog,
    clock: Clock,
    page_url: str = "",
) -> Services:
    incident_store = RedisIncidentStore(database)
    reports = RedisReports(database, b"s")
    collector = Collector(
        EvidenceStores(
            RedisProbes(database), RedisTraffic(database), reports, RedisCrowd(database)
        ),
        catalog,
    )
    snapshot = SharedSnapshot(incident_store, collector, clock)
    return Services(
        status=StatusService(catalog, incident_store, snapshot, clock, RedisHistory(database)),
        subscriptions=RedisSubscriptions(database, incident_store),
        threads=RedisQueue(database, "test"),
        messengers=messengers,
        reports=reports,
        reminders=RedisReminders(database),
        takers=RedisTakers(database),
        rng=random.Random(1),
        page_url=page_url,
    )


def commands_over(
    database: Database,
    messengers: Mapping[str, Messenger],
    catalog: Catalog,
    clock: Clock,
    page_url: str = "",
) -> Commands:
    return Commands(services_over(database, messengers, catalog, clock, page_url))
