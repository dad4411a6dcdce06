"""What is erased on request leaves nothing behind: looked for in a dump of everything stored."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.cli.privacy import forget, rotate_keys
from adapters.redis import keys
from adapters.redis.database import Database
from adapters.redis.evidence import RedisReports
from adapters.redis.homes import OpenedHome, RedisHomes
from adapters.redis.store import Store, open_store
from adapters.slack.installations import TokenCipher
from bot.delivery.queue import Outcome, Settlement, ThreadUpdate
from bot.domain.errors import SettingsError, WrongWords
from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Pause, Reminder, Subscription, ThreadRecord
from bot.domain.taker import Escalation
from bot.evidence.stores import UserReport
from bot.settings import Settings
from tests.delivery_kit import commit, incident, utc_now
from tests.servers.redis import KINDS, one_or_cluster

THEIRS, OURS = Channel("slack", "TGONE", "CGONE"), Channel("slack", "TSTAYS", "CSTAYS")
OLD, NEW = "the old secret of all", "the new secret of all"


@pytest.fixture(scope="module", params=KINDS)
def url(request: pytest.FixtureRequest) -> Iterator[str]:
    with one_or_cluster(request.param) as found:
        yield found


@pytest.fixture
def settings(url: str, tmp_path: Path) -> Settings:
    return Settings(redis_url=SecretStr(url), secret_key=SecretStr(NEW), data_dir=tmp_path)


@pytest.fixture
async def store(url: str) -> AsyncIterator[Store]:
    async with open_store(url) as opened:
        await fill(opened)
        yield opened
        async for key in opened.database.keys_like("*"):
            await opened.database.call("DEL", key)


async def fill(store: Store) -> None:
    """Whatever is ever stored of people and workspaces, for two of them."""
    reports = RedisReports(store.database, NEW.encode())
    told = incident(EventKind.OPENED)
    await commit(store, told)
    for channel in (THEIRS, OURS):
        person = f"U{channel.id}"
        pause = Pause("is_archived", utc_now(), None)
        wanted = Subscription(channel, mention=f"<@{person}>", paused=pause)
        await store.subscriptions.put(wanted)
        await store.queue.wake(channel)
        await store.stream.enqueue(told)
        for claim in (await store.queue.claim("slack", 64)).claims:
            update = ThreadUpdate(claim.pending[0], ThreadRecord(root="1.2"), told.version, True)
            await store.queue.settle(Settlement(claim, Outcome.DONE, [update]))
        await store.queue.mark_stale(channel, [told])
        # Changed while a thread goes on, which is followed from then on.
        escalation = Escalation(15, f"<@{person}>")
        await store.subscriptions.put(replace(wanted, escalation=escalation), [told.key])
        await store.reminders.add(
            Reminder(Channel("slack", channel.tenant, f"D{person}"), person, ("api",), utc_now())
        )
        await reports.add(UserReport(channel, person, "api", 40), datetime.now(UTC))
        homes = RedisHomes(store.database, "test", utc_now)
        await homes.put(OpenedHome(channel.tenant, person, utc_now(), "shown"))
        locked = TokenCipher(OLD).lock(b"token of " + channel.tenant.encode())
        await store.database.call("HSET", keys.SLACK_INSTALLATIONS, channel.tenant, locked)


async def dump(database: Database) -> str:
    """Everything that is stored, keys and values, as text."""
    reads = {"string": "GET", "hash": "HGETALL", "set": "SMEMBERS"}
    lines = []
    async for key in database.keys_like("*"):
        kind = (await database.call("TYPE", key)).decode()
        match kind:
            case "zset":
                value = await database.call("ZRANGE", key, 0, -1)
            case "stream":
                value = await database.call("XRANGE", key, "-", "+")
            case _:
                value = await database.call(reads[kind], key)
        lines.append(f"{key!r} {value!r}")
    return "\n".join(lines)


async def test_a_workspace_that_is_forgotten_leaves_nothing(
    store: Store, settings: Settings
) -> None:
    before = await dump(store.database)
    assert "TGONE" in before
    out = io.StringIO()
    await forget(settings, "slack/TGONE", out)
    left = await dump(store.database)

    assert "GONE" not in left
    assert out.getvalue().startswith("Erased ")
    lost = [line for line in before.splitlines() if "TSTAYS" in line and "GONE" not in line]
    assert lost
    assert all(line in left for line in lost), "the other workspace keeps all of its own"
    again = io.StringIO()
    await forget(settings, "slack/TGONE", again)
    assert again.getvalue() == "Nothing is stored of slack/TGONE.\n"


async def test_a_person_who_is_forgotten_leaves_the_workspace_its_subscription(
    store: Store, settings: Settings
) -> None:
    reports = RedisReports(store.database, NEW.encode())
    assert await reports.of_channel(THEIRS, datetime.now(UTC))
    await forget(settings, "slack/TGONE/UCGONE", io.StringIO())

    assert "UCGONE" not in await dump(store.database)
    assert not await reports.of_channel(THEIRS, datetime.now(UTC))
    found = await store.subscriptions.get(THEIRS)
    assert found is not None
    assert (found.mention, found.escalation, found.severity) == (None, None, Severity.DEGRADED)
    assert "UCSTAYS" in await dump(store.database)


async def test_whoever_is_mentioned_beside_a_person_who_is_forgotten_still_is(
    store: Store, settings: Settings
) -> None:
    both = Subscription(OURS, mention="<@U1> <@U12>", escalation=Escalation(15, "<@U12>"))
    await store.subscriptions.put(both)
    await forget(settings, "slack/TSTAYS/U1", io.StringIO())
    found = await store.subscriptions.get(OURS)

    assert found is not None
    assert (found.mention, found.escalation) == ("<@U12>", both.escalation)


async def test_reminders_do_not_outlive_an_uninstall(store: Store) -> None:
    await store.queue.silence("slack", "TGONE", "app_uninstalled")

    assert [one.person for one in await store.reminders.all()] == ["UCSTAYS"]


async def test_a_workspace_that_left_is_removed_by_itself_after_a_month(store: Store) -> None:
    before, now = await dump(store.database), utc_now()
    await store.queue.silence("slack", "TGONE", "app_uninstalled")
    for days in (0, 29):
        await store.retention.remove_departed(now + timedelta(days=days))
        assert await store.subscriptions.get(THEIRS) is not None, days
    await store.retention.remove_departed(now + timedelta(days=30))

    left = await dump(store.database)
    assert "GONE" not in left
    lost = [line for line in before.splitlines() if "TSTAYS" in line and "GONE" not in line]
    assert all(line in left for line in lost), "the other workspace keeps all of its own"


async def test_a_workspace_that_comes_back_in_time_keeps_what_it_had(store: Store) -> None:
    now = utc_now()
    await store.queue.silence("slack", "TGONE", "app_uninstalled")
    await store.retention.remove_departed(now)
    await store.queue.wake_tenant("slack", "TGONE")
    await store.retention.remove_departed(now + timedelta(days=40))
    await store.queue.silence("slack", "TGONE", "app_uninstalled")
    await store.retention.remove_departed(now + timedelta(days=50))

    assert await store.subscriptions.get(THEIRS) is not None


@pytest.mark.parametrize("whom", ["slack", "slack/", "slack/T1/", "slack/T1/U1/more", ""])
async def test_what_names_nobody_is_refused_with_an_example(settings: Settings, whom: str) -> None:
    with pytest.raises(WrongWords, match="slack/T0123/U0456"):
        await forget(settings, whom, io.StringIO())


async def test_after_a_rotation_the_old_secret_is_needed_no_more(
    store: Store, settings: Settings
) -> None:
    with pytest.raises(SettingsError, match="encrypted with a secret that"):
        await rotate_keys(settings, io.StringIO())
    both = settings.model_copy(update={"secret_key": SecretStr(f"{NEW},{OLD}")})
    out = io.StringIO()
    await rotate_keys(both, out)

    assert out.getvalue().startswith("2 encrypted")
    found = await store.database.call("HGETALL", keys.SLACK_INSTALLATIONS)
    assert {TokenCipher(NEW).unlock(locked) for locked in found.values()} == {
        b"token of TGONE",
        b"token of TSTAYS",
    }
