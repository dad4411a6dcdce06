"""Tell me when it's back: one press, one message, once; through the queue, on a real Redis."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta

from adapters.redis.store import open_store
from bot.delivery.cache import MessageCache
from bot.delivery.reminders import reminder_key
from bot.domain.incident import EventKind
from bot.domain.message import Message
from bot.domain.page import Severity
from bot.domain.subscription import Reminder, Subscription
from tests.contract.evidence_bench import CATALOG, OUTAGE, Bench, asker, bench, node, words
from tests.delivery_kit import Bot, commit, incident, running_bot, settled
from tests.servers.chat import ChatMessenger, ChatServer, Fault
from tests.servers.redis import Node

__all__ = ["bench", "node"]  # fixtures


@contextlib.asynccontextmanager
async def delivery(
    bench: Bench, node: Node, server: ChatServer, *, can_look: bool = True
) -> AsyncIterator[Bot]:
    """The bot of the bench's platform; reminders are looked at when the test says so."""
    async with (
        ChatMessenger(server.url, "slack", can_look=can_look) as messenger,
        running_bot(
            node.url,
            messenger,
            clock=lambda: bench.now,
            view=bench.status_service.view,
            reading=False,
            lease=0.8,
            send_seconds=0.3,
        ) as bot,
    ):
        yield bot


async def deliver(bot: Bot) -> None:
    await bot.reminders.queue_due()
    bot.worker.wake()
    await settled(bot.store, "slack")


def once(fault: Fault) -> Callable[[str, str], Fault | None]:
    """A fault that hits the first message."""
    faults = [fault]
    return lambda what, _: faults.pop() if what == "say" and faults else None


async def waiting(bench: Bench) -> None:
    """Somebody asked, and it is up again."""
    await bench.page_says(code=Severity.MAJOR)
    await bench.press("back", "code")
    await bench.page_says()


async def test_one_press_one_message_once(bench: Bench, node: Node) -> None:
    await bench.page_says(code=Severity.MAJOR)
    for _ in range(3):
        await bench.press("back", "code")
    async with ChatServer() as server, delivery(bench, node, server) as bot:
        await deliver(bot)
        assert not server.messages
        bench.now += timedelta(minutes=40)
        await bench.page_says()
        for _ in range(3):
            await deliver(bot)

    (message,) = server.messages.values()
    assert (message.channel, message.shown) == ("T1/D-U1", ["back: code"])
    assert await bench.reminders.all() == []


async def test_its_words_say_what_is_back_and_for_how_long_it_was_waited(bench: Bench) -> None:
    reminder = Reminder(asker().channel, "U1", ("code",), bench.now)
    message: Message = MessageCache(CATALOG).of_reminder(
        reminder, bench.now + timedelta(minutes=40)
    )
    assert message.title == "Claude Code is back"
    assert "40 min" in words(message)


async def test_the_button_of_an_incident_waits_for_all_that_is_down(
    bench: Bench, node: Node
) -> None:
    await bench.page_says(OUTAGE, code=Severity.MAJOR, api=Severity.PARTIAL)
    await bench.press("back", OUTAGE.key)
    async with ChatServer() as server, delivery(bench, node, server) as bot:
        await bench.page_says(OUTAGE, code=Severity.UP, api=Severity.PARTIAL)
        await deliver(bot)
        assert not server.messages
        await bench.page_says()
        await deliver(bot)

    assert [m.shown for m in server.messages.values()] == [["back: api code"]]


async def test_what_is_up_is_said_at_once_and_not_waited_for(bench: Bench) -> None:
    answer = await bench.press("back", "code")

    assert answer.message.title == "It is up, as far as I can see"
    assert await bench.reminders.all() == []


async def test_what_went_down_again_before_the_message_was_sent_is_not_called_back(
    bench: Bench, node: Node
) -> None:
    await waiting(bench)
    async with ChatServer() as server, delivery(bench, node, server) as bot:
        (reminder,) = await bench.reminders.all()
        await bench.page_says(code=Severity.MAJOR)
        await bot.store.queue.mark_stale(reminder.channel, [reminder])
        bot.worker.wake()
        await settled(bot.store, "slack")
        assert not server.messages
        assert await bench.reminders.all() == [reminder]
        await bench.page_says()
        await deliver(bot)

    assert len(server.messages) == 1


async def test_a_message_that_arrived_without_an_answer_is_not_sent_again(
    bench: Bench, node: Node
) -> None:
    await waiting(bench)
    async with (
        ChatServer(faults=once(Fault.DROP_TAKEN)) as server,
        delivery(bench, node, server) as bot,
    ):
        await deliver(bot)

    assert len(server.messages) == 1
    assert bot.context.counts.adopted == 1
    assert await bench.reminders.all() == []


async def test_where_nothing_can_be_searched_an_unanswered_message_is_not_sent_again(
    bench: Bench, node: Node
) -> None:
    await waiting(bench)
    async with (
        ChatServer(faults=once(Fault.DROP_TAKEN)) as server,
        delivery(bench, node, server, can_look=False) as bot,
    ):
        await deliver(bot)

    assert len(server.messages) == 1
    assert await bench.reminders.all() == []


async def test_a_message_that_was_lost_on_the_way_is_sent_again(bench: Bench, node: Node) -> None:
    await waiting(bench)
    for fault in (Fault.DROP, Fault.LIMIT, Fault.ERROR):
        async with ChatServer(faults=once(fault)) as server, delivery(bench, node, server) as bot:
            await deliver(bot)
        assert len(server.messages) == 1, fault
        await waiting(bench)


async def test_a_person_who_cannot_be_reached_is_forgotten(bench: Bench, node: Node) -> None:
    await waiting(bench)
    async with ChatServer(faults=once(Fault.GONE)) as server, delivery(bench, node, server) as bot:
        await deliver(bot)

    assert not server.messages
    assert await bench.reminders.all() == []


async def test_a_replica_that_died_while_sending_is_taken_over_without_doubling(
    bench: Bench, node: Node
) -> None:
    await waiting(bench)
    (reminder,) = await bench.reminders.all()
    async with ChatServer() as server:
        async with delivery(bench, node, server) as dying:
            sent = asyncio.Event()

            async def freeze(point: str) -> None:
                if point == "after messenger.say":
                    sent.set()
                    await asyncio.Event().wait()

            dying.context.failpoint = freeze
            await dying.reminders.queue_due()
            dying.worker.wake()
            await sent.wait()
            await dying.freeze()
        async with delivery(bench, node, server) as bot:
            await deliver(bot)

    assert [m.key for m in server.messages.values()] == [reminder_key(reminder)]
    assert await bench.reminders.all() == []


async def test_a_reminder_is_forgotten_after_a_week(bench: Bench, node: Node) -> None:
    await bench.page_says(code=Severity.MAJOR)
    await bench.press("back", "code")
    bench.now += timedelta(days=8)
    async with ChatServer() as server, delivery(bench, node, server) as bot:
        await deliver(bot)

    assert await bench.reminders.all() == []
    assert not server.messages


async def test_a_subscription_that_ends_leaves_the_reminder(bench: Bench, node: Node) -> None:
    await waiting(bench)
    (reminder,) = await bench.reminders.all()
    async with open_store(node.url) as store:
        await store.subscriptions.put(Subscription(reminder.channel))
        told = incident(EventKind.OPENED, provider="p")
        await commit(store, told)
        await store.stream.enqueue(told)
        await store.queue.mark_stale(reminder.channel, [reminder])
        await store.subscriptions.remove(reminder.channel)
        (claim,) = (await store.queue.claim("slack", 64)).claims

    assert claim.subscription is None
    assert [pending.reminder for pending in claim.pending] == [reminder]


async def test_what_somebody_asks_for_twice_in_part_is_one_message_when_all_of_it_is_up(
    bench: Bench, node: Node
) -> None:
    await bench.page_says(OUTAGE, code=Severity.MAJOR, api=Severity.PARTIAL)
    await bench.press("back", "code")
    answer = await bench.press("back", OUTAGE.key)
    assert answer.message.title == "I'll tell you when the API and Claude Code are back"
    narrower = await bench.press("back", "code")
    assert narrower.message.title == f"{answer.message.title}: I know already"
    async with ChatServer() as server, delivery(bench, node, server) as bot:
        await bench.page_says(OUTAGE, api=Severity.PARTIAL)
        await deliver(bot)
        assert not server.messages
        await bench.page_says()
        await deliver(bot)

    assert [m.shown for m in server.messages.values()] == [["back: api code"]]
    assert await bench.reminders.all() == []


async def test_what_has_nothing_in_common_and_what_others_wait_for_stays_apart(
    bench: Bench,
) -> None:
    mine = Reminder(asker().channel, "U1", ("code",), bench.now)
    other = replace(mine, surfaces=("openai/api",))
    theirs = replace(mine, person="U2", surfaces=("api", "code"))
    for one in (mine, other, theirs):
        assert await bench.reminders.add(one) == (one, True)
    assert await bench.reminders.add(mine) == (mine, False)
    bridge = replace(mine, surfaces=("code", "openai/api"))
    assert await bench.reminders.add(bridge) == (bridge, True)
    assert {one.surfaces for one in await bench.reminders.all()} == {
        bridge.surfaces,
        theirs.surfaces,
    }
