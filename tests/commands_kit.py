"""The commands over a real store, as the bot makes them."""

from __future__ import annotations

import random
from collections.abc import Mapping

from adapters.redis.database import Database
from adapters.redis.incidents import RedisIncidentStore
from adapters.redis.queue import RedisQueue
from adapters.redis.subscriptions import RedisSubscriptions
from bot.catalog.catalog import Catalog
from bot.commands import Commands
from bot.ports import Clock, Messenger
from bot.status.service import StatusService


def commands_over(
    database: Database, messengers: Mapping[str, Messenger], catalog: Catalog, clock: Clock
) -> Commands:
    incident_store = RedisIncidentStore(database)
    return Commands(
        status=StatusService(catalog, incident_store, None, clock),
        subscriptions=RedisSubscriptions(database, incident_store),
        threads=RedisQueue(database, "test"),
        messengers=messengers,
        rng=random.Random(1),
    )
