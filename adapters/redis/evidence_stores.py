"""Where all that is seen besides the pages is kept."""

from __future__ import annotations

from pydantic import SecretStr

from adapters.redis.backfill import RedisBackfillStore
from adapters.redis.database import Database
from adapters.redis.evidence import RedisProbes, RedisReports, RedisTraffic
from adapters.redis.reminders import RedisReminderStore
from bot.evidence.stores import EvidenceStores
from bot.eyes import AnswerStores


def evidence_stores(database: Database, secret: SecretStr | None) -> AnswerStores:
    """`secret` keys the hashes of people; without one, a key is made and kept in Redis."""
    return AnswerStores(
        EvidenceStores(
            RedisProbes(database),
            RedisTraffic(database),
            RedisReports(database, secret.get_secret_value().encode() if secret else None),
        ),
        RedisReminderStore(database),
        RedisBackfillStore(database),
    )
