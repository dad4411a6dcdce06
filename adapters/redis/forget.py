"""Erases what is stored of one workspace, or of one person in it."""

from __future__ import annotations

import re
from dataclasses import replace

from adapters.redis import codec, keys
from adapters.redis.database import SCANNED_TOGETHER, Database
from adapters.redis.evidence import RedisReports
from adapters.redis.incidents import RedisIncidentStore
from adapters.redis.scripts import UNSUBSCRIBE
from adapters.redis.subscriptions import RedisSubscriptions, literal
from adapters.redis.takers import RedisTakers


async def forget_tenant(database: Database, platform: str, tenant: str) -> int:
    """Erase subscriptions, reminders, records of threads, reports and the installation.

    Returns how many things were stored. Repeating it is harmless.

    Raises:
        StoreError: Redis did not answer; some of it may be erased already.
    """
    erased = 0
    name = literal(tenant)
    for base in database.shards.of_platform(platform):
        async for member, _ in database.scan(f"{base}:subscriptions", f"{name}/*"):
            erased += await database.run(UNSUBSCRIBE, base, member)
        erased += await database.call("HDEL", f"{base}:tenants", tenant)
        erased += await _delete(database, f"{literal(base)}:thread:{name}/*")
        erased += await _delete(database, f"{literal(base)}:entry:{name}/*")
        await _drop(database, f"{base}:ready", f"{name}/*")
        await _drop(database, f"{base}:later", f"{name}/*")
        # Those that follow a thread, whatever they ask for by now.
        async for key in database.keys_like(f"{literal(base)}:index:*"):
            members = await database.call("SMEMBERS", key)
            if gone := [one for one in members if one.startswith(f"{tenant}/".encode())]:
                await database.call("SREM", key, *gone)
    erased += await forget_reminders(database, platform, tenant)
    theirs = f"{platform}/{name}/*"
    erased += await _delete(database, f"{literal(keys.EVIDENCE)}:reporters:{theirs}")
    erased += await _delete(database, f"{literal(keys.EVIDENCE)}:about:{theirs}")
    await _drop(database, f"{keys.EVIDENCE}:reporting", theirs)
    await database.call("HDEL", keys.DEPARTED_KEY, f"{platform}/{tenant}")
    erased += int(await database.call("HDEL", keys.ALTERNATIVES_KEY, f"{platform}/{tenant}"))
    async for key in database.keys_like(f"{literal(keys.COMMON)}:taken:*"):
        erased += int(await database.call("HDEL", key, f"{platform}/{tenant}"))
    if platform == keys.INSTALLED_PLATFORM:
        erased += await database.call("HDEL", keys.SLACK_INSTALLATIONS, tenant)
        async for home, _ in database.scan(keys.SLACK_HOMES, f"{name}/*"):
            erased += await database.call("HDEL", keys.SLACK_HOMES, home)
    return erased


async def forget_person(
    database: Database, reports: RedisReports, platform: str, tenant: str, person: str
) -> int:
    """Erase a person's reminders and reports, and mentions of them. Returns and raises alike."""
    erased = await forget_reminders(database, platform, tenant, person)
    hashed = await reports.hash_of(platform, person)
    pattern = f"{literal(keys.EVIDENCE)}:reporters:{platform}/{literal(tenant)}/*"
    async for key in database.keys_like(pattern):
        erased += await _drop(database, key.decode(), f"*|{hashed}")
    subscriptions = RedisSubscriptions(database, RedisIncidentStore(database))
    async for subscription in subscriptions.of_tenant(platform, tenant):
        mention, escalation = _without(subscription.mention, person), subscription.escalation
        if escalation and _without(escalation.mention, person) is None:
            escalation = None  # nobody is left to be called
        if (mention, escalation) != (subscription.mention, subscription.escalation):
            await subscriptions.put(replace(subscription, mention=mention, escalation=escalation))
            erased += 1
    if platform == keys.INSTALLED_PLATFORM:
        erased += await database.call("HDEL", keys.SLACK_HOMES, f"{tenant}/{person}")
    takers = RedisTakers(database)
    async for key in database.keys_like(f"{literal(keys.COMMON)}:taken:*"):
        incident = key.decode().removeprefix(keys.taken(""))
        taker = (await takers.of_incident(incident)).get(f"{platform}/{tenant}")
        if taker is not None and taker.person == person:
            erased += int(await database.call("HDEL", key, f"{platform}/{tenant}"))
    return erased


def _without(mention: str | None, person: str) -> str | None:
    """Return the addresses without this person's; None: there is no other."""
    named = re.compile(rf"\b{re.escape(person)}\b")
    return " ".join(one for one in (mention or "").split() if not named.search(one)) or None


async def forget_reminders(
    database: Database, platform: str, tenant: str, person: str | None = None
) -> int:
    """Erase the reminders of a workspace's people, or of one of them. Returns how many."""
    erased = 0
    for base in database.shards.of_platform(platform):
        async for field, stored in database.scan(f"{base}:reminders", f"{literal(tenant)}/*"):
            if person in {None, codec.reminders.load(stored).person}:
                erased += await database.call("HDEL", f"{base}:reminders", field)
    return erased


async def _drop(database: Database, key: str, pattern: str) -> int:
    """Take the members that match out of a sorted set; returns how many."""
    dropped, cursor = 0, b"0"
    while True:
        cursor, page = await database.call(
            "ZSCAN", key, cursor, "MATCH", pattern, "COUNT", SCANNED_TOGETHER
        )
        for member, _ in page:
            dropped += await database.call("ZREM", key, member)
        if int(cursor) == 0:
            return dropped


async def _delete(database: Database, pattern: str) -> int:
    """Delete all keys that match; returns how many."""
    deleted = 0
    async for key in database.keys_like(pattern):
        deleted += await database.call("DEL", key)
    return deleted
