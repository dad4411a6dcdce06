"""What many channels share: one message for all that get the same, one read of an incident."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.delivery.blindness import SEEN_AGAIN
from bot.delivery.cache import (
    FRESH,
    INCIDENTS_KEPT,
    MESSAGES_KEPT,
    IncidentCache,
    MessageCache,
    TimedCache,
    resumed_message,
)
from bot.delivery.queue import PendingThread
from bot.delivery.steps import Act, Step
from bot.domain.blindness import Blindness
from bot.domain.incident import EventKind, Incident
from bot.domain.message import Lines, Message, Text, Time
from bot.domain.quiet import Period
from bot.domain.state import State
from bot.domain.subscription import Channel, Pause, Reminder, ThreadRecord
from bot.ports import VersionedState
from bot.status.digest import Digest
from tests.delivery_kit import incident, more
from tests.unit.messages.examples import spoken

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CATALOG = only(load_catalog(), ["claude"])
TOLD = incident(EventKind.OPENED, EventKind.WORSE, EventKind.UPDATE, at=NOW)
OPENED, WORSE, UPDATE = TOLD.events
ROOT = Step(Act.OPEN, TOLD.revision)


def messages() -> MessageCache:
    return MessageCache(CATALOG)


def test_channels_that_get_the_same_within_a_minute_share_one_message() -> None:
    cache = messages()
    made = cache.of(ROOT, TOLD, NOW)
    assert cache.of(ROOT, TOLD, NOW + timedelta(seconds=FRESH - 1)) is made
    assert cache.of(ROOT, TOLD, NOW + timedelta(seconds=FRESH)) is not made


def test_whatever_differs_in_what_is_read_makes_a_message_of_its_own() -> None:
    cache = messages()
    reply = Step(Act.REPLY, 3, WORSE)
    all_of_them: Sequence[tuple[Step, Incident]] = (
        (ROOT, TOLD),
        (ROOT, more(TOLD, EventKind.BETTER, at=NOW)),
        (ROOT, replace(TOLD, title="Another title")),
        (ROOT, replace(TOLD, id="x2")),
        (replace(ROOT, midway=True), TOLD),
        (replace(ROOT, report_count="3 people here"), TOLD),
        (reply, TOLD),
        (replace(reply, event=UPDATE), TOLD),
        (replace(reply, act=Act.CATCH_UP, event=UPDATE), TOLD),
        (replace(reply, act=Act.CATCH_UP, event=UPDATE, since=1), TOLD),
    )
    made = [cache.of(step, told, NOW) for step, told in all_of_them]
    made += [cache.of(ROOT, TOLD, NOW, switch=(Text("use Bedrock"),))]
    made += [cache.of(ROOT, TOLD, NOW, plainly=True)]
    assert len({id(message) for message in made}) == len(made)


def test_the_plain_form_has_words_and_nothing_that_could_be_refused() -> None:
    whole, plain = messages().of(ROOT, TOLD, NOW), messages().of(ROOT, TOLD, NOW, plainly=True)
    assert whole.blocks
    assert (plain.blocks, plain.buttons) == ((), ())
    assert (plain.title, plain.plain) == (whole.title, whole.plain)


def test_a_root_says_what_stands_on_it_and_a_reply_what_happened() -> None:
    cache = messages()
    root = replace(ROOT, midway=True, report_count="3 people here have trouble")
    said = spoken(cache.of(root, TOLD, NOW, switch=(Text("use Bedrock"),)))
    assert "3 people here have trouble" in said
    assert "use Bedrock" in said
    assert said != spoken(
        cache.of(replace(root, midway=False), TOLD, NOW, switch=(Text("use Bedrock"),))
    )
    reply = spoken(cache.of(Step(Act.REPLY, 3, WORSE), TOLD, NOW))
    assert "text 2" in reply
    assert "text 3" not in reply
    caught_up = spoken(cache.of(Step(Act.CATCH_UP, 3, UPDATE, since=1), TOLD, NOW))
    assert "text 2" in caught_up
    assert "text 3" in caught_up
    assert "text 1" not in caught_up


def test_of_many_messages_the_oldest_are_forgotten() -> None:
    cache, first = messages(), replace(TOLD, id="first")
    kept = cache.of(ROOT, first, NOW)
    for number in range(MESSAGES_KEPT - 1):
        last = cache.of(ROOT, replace(TOLD, id=f"n{number}"), NOW)
    assert cache.of(ROOT, first, NOW) is kept
    cache.of(ROOT, replace(TOLD, id="one more"), NOW)
    assert cache.of(ROOT, replace(TOLD, id=f"n{number}"), NOW) is last
    assert cache.of(ROOT, first, NOW) is not kept


def test_a_page_out_of_sight_has_one_message_and_another_when_it_is_seen_again() -> None:
    since = NOW - timedelta(minutes=10)
    lost = Blindness("claude", since, NOW, ended_at=NOW)
    cache = messages()
    blind, seen = (
        cache.of_blindness(Step(Act.SAY, 1, part=part), lost, NOW) for part in ("", SEEN_AGAIN)
    )
    assert blind.title == "I can't see the status page of Claude"
    assert seen.title == "I can see the status page of Claude again"
    assert "10 min" in spoken(seen)
    assert cache.of_blindness(Step(Act.SAY, 1), lost, NOW) is blind
    later = NOW + timedelta(seconds=FRESH)
    assert cache.of_blindness(Step(Act.SAY, 1), lost, later) is not blind
    assert cache.of_blindness(Step(Act.SAY, 1), replace(lost, since=NOW), NOW) is not blind


def test_what_one_channel_alone_is_told_says_what_it_is_about() -> None:
    cache, hour = messages(), timedelta(hours=1)
    untaken: Message = cache.of_untaken(TOLD, NOW - hour, NOW)
    assert untaken.title == "Nobody is on it: API errors"
    assert "1 h" in spoken(untaken)
    assert [button.value for button in untaken.buttons] == [TOLD.key]
    blind = Blindness("claude", NOW - hour, NOW)
    goes_on = spoken(cache.of_quiet_end([TOLD], [blind], NOW))
    assert "API errors" in goes_on
    assert "status page" in goes_on
    digest = Digest(Period(NOW - timedelta(days=7), NOW), (TOLD,))
    assert "API errors" in spoken(cache.of_digest(digest, NOW))
    asked = Reminder(Channel("chat", "T1", "D1"), "U1", ("code",), NOW - hour)
    assert cache.of_reminder(asked, NOW).title == "Claude Code is back"
    both = replace(asked, surfaces=("api", "code"))
    assert cache.of_reminder(both, NOW).title == "The API and Claude Code are back"


def test_a_channel_that_can_be_written_to_again_learns_since_when_and_why_it_could_not() -> None:
    said = resumed_message(Pause("the channel is archived", NOW, None))
    assert (said.title, said.emoji) == ("I can write here again", "🔔")
    assert "the channel is archived" in said.plain
    assert "the channel is archived" in spoken(said)
    (block,) = said.blocks
    assert isinstance(block, Lines)
    assert Time(NOW, "date") in [part for line in block.lines for part in line]


@dataclass
class IncidentsInMemory:
    """A store of incidents that counts how often it is read."""

    incidents: dict[str, Incident] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    reads: int = 0

    async def incident(self, key: str) -> Incident | None:
        self.reads += 1
        await asyncio.sleep(0)
        return self.incidents.get(key)

    async def load(self, provider: str) -> VersionedState:
        return VersionedState(self.states.get(provider), 0)


def wanted(told: Incident) -> PendingThread:
    return PendingThread(told.key, told.version, ThreadRecord(), first=1)


async def test_hundreds_of_channels_read_an_incident_once() -> None:
    store = IncidentsInMemory({TOLD.key: TOLD})
    cache = IncidentCache(store)  # type: ignore[arg-type]  # what it reads of a store
    found = await asyncio.gather(*(cache.get(wanted(TOLD)) for _ in range(300)))
    assert all(one is TOLD for one in found)
    assert store.reads == 1
    assert await cache.named(TOLD.key) is TOLD
    assert store.reads == 2, "as the store has it now"


async def test_an_incident_is_never_older_than_it_is_wanted() -> None:
    newer = more(TOLD, EventKind.RESOLVED, at=NOW)
    store = IncidentsInMemory({TOLD.key: newer})
    cache = IncidentCache(store)  # type: ignore[arg-type]
    cache.put(TOLD)
    assert await cache.get(wanted(TOLD)) is TOLD
    assert await cache.get(wanted(newer)) is newer
    assert await cache.get(wanted(TOLD)) is newer, "newer than wanted serves as well"
    renamed = replace(newer, title="Another title")
    assert renamed.version == newer.version or await cache.get(wanted(renamed)) is newer
    assert await cache.get(wanted(replace(TOLD, id="x9"))) is None


async def test_a_store_that_lost_everything_counts_anew_and_is_read_anew() -> None:
    cache = IncidentCache(IncidentsInMemory({TOLD.key: TOLD}))  # type: ignore[arg-type]
    cache.put(more(TOLD, EventKind.RESOLVED, at=NOW))
    cache.clear()
    assert await cache.get(wanted(TOLD)) is TOLD


async def test_of_many_incidents_those_not_used_lately_are_forgotten() -> None:
    store = IncidentsInMemory()
    cache = IncidentCache(store)  # type: ignore[arg-type]
    many = [replace(TOLD, id=f"n{number}") for number in range(INCIDENTS_KEPT)]
    for one in many:
        cache.put(one)
    cache.put(many[0])
    cache.put(replace(TOLD, id="one more"))
    assert await cache.get(wanted(many[0])) is many[0]
    assert await cache.get(wanted(many[2])) is many[2]
    assert await cache.get(wanted(many[1])) is None


async def test_what_goes_on_is_of_all_pages_and_of_nothing_that_has_ended() -> None:
    over = replace(TOLD, id="over", ended_at=NOW)
    elsewhere = replace(TOLD, provider="openai")
    lost = Blindness("openai", NOW, NOW)
    states = {
        "claude": State("claude", NOW, NOW, incidents={"x1": TOLD, "over": over}),
        "openai": State("openai", NOW, NOW, incidents={"x1": elsewhere}, blindness=lost),
    }
    cache = IncidentCache(IncidentsInMemory({}, states), ["claude", "openai", "unread"])  # type: ignore[arg-type]
    assert await cache.going_on() == ([TOLD, elsewhere], [lost])
    pending = PendingThread(lost.key, lost.version, ThreadRecord(), first=1)
    assert await cache.blindness(pending) is lost
    assert await cache.blindness(replace(pending, subject="blind:openai/1")) is None
    assert await cache.blindness(replace(pending, subject="blind:unread/1")) is None


async def test_a_view_is_read_once_by_many_and_anew_when_it_is_old() -> None:
    reads: list[int] = []

    async def read() -> int:
        await asyncio.sleep(0)
        reads.append(1)
        return len(reads)

    kept, old = TimedCache(read, 60.0), TimedCache(read, 0.0)
    assert await asyncio.gather(*(kept.get() for _ in range(5))) == [1] * 5
    assert [await old.get(), await old.get()] == [2, 3]
