"""What follows a call that failed: when it is tried again, and what is searched for before."""

from __future__ import annotations

from structlog.testing import capture_logs

from bot.domain.incident import EventKind
from tests.delivery_kit import channels, commit, incident, more, running_bot, settled, subscribe
from tests.servers.chat import ChatMessenger, ChatServer, Fault


async def test_what_was_taken_but_answered_too_late_is_not_sent_again(redis_url: str) -> None:
    faults = [Fault.SLOW]
    async with (
        ChatServer(
            faults=lambda what, _: faults.pop() if what == "open" and faults else None, slow=1.0
        ) as server,
        ChatMessenger(server.url, "slow") as messenger,
        running_bot(
            redis_url, messenger, provider="pslow", lease=10.0, send_seconds=0.4, reading=False
        ) as bot,
    ):
        await subscribe(bot.store, *channels(1, "slow"))
        await commit(bot.store, incident(EventKind.OPENED, provider="pslow"))
        await bot.fanout.read_events()
        await settled(bot.store, "slow")

    assert len(server.messages) == 1
    assert bot.context.counts.adopted == 1


async def test_failures_in_a_row_are_counted_until_something_is_taken(redis_url: str) -> None:
    """They decide how long the next wait is."""
    faults = [Fault.ERROR] * 3
    async with (
        ChatServer(
            faults=lambda what, _: faults.pop() if what in {"open", "reply"} and faults else None
        ) as server,
        ChatMessenger(server.url, "row") as messenger,
        running_bot(redis_url, messenger, provider="prow", reading=False) as bot,
    ):
        await subscribe(bot.store, *channels(1, "row"))
        told = incident(EventKind.OPENED, provider="prow")
        with capture_logs() as logs:
            await commit(bot.store, told)
            await bot.fanout.read_events()
            await settled(bot.store, "row")
            faults += [Fault.ERROR]
            await commit(bot.store, more(told, EventKind.WORSE))
            await bot.fanout.read_events()
            await settled(bot.store, "row")

    counted = [line["failures"] for line in logs if line["event"] == "delivery.failed"]
    assert counted == [1, 2, 3, 1]
    assert bot.context.counts.failed == 4
    assert len(server.messages) == 2
