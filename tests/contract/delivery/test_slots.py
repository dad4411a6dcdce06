"""A slot is free again whatever became of the channel that had it."""

from __future__ import annotations

from structlog.testing import capture_logs

from bot.domain.incident import EventKind
from tests.delivery_kit import channels, commit, incident, running_bot, settled, subscribe
from tests.servers.chat import ChatMessenger, ChatServer, Fault


async def test_a_fault_of_ours_is_logged_and_costs_no_slot(redis_url: str) -> None:
    faults = [1, 2, 3]

    async def breaks(point: str) -> None:
        if point == "before messenger.open_thread" and faults:
            raise ZeroDivisionError(faults.pop())

    async with (
        ChatServer() as server,
        ChatMessenger(server.url, "broken") as messenger,
        running_bot(
            redis_url,
            messenger,
            provider="pbroken",
            lease=1.0,
            send_seconds=0.4,
            failpoint=breaks,
            reading=False,
            slots=2,
        ) as bot,
    ):
        await subscribe(bot.store, *channels(5, "broken"))
        with capture_logs() as logs:
            await commit(bot.store, incident(EventKind.OPENED, provider="pbroken"))
            await bot.fanout.read_events()
            await settled(bot.store, "broken")

    assert len(server.messages) == 5
    assert [line["log_level"] for line in logs if line["event"] == "delivery.broken"] == [
        "error"
    ] * 3


async def test_a_claim_that_waited_too_long_for_its_turn_is_given_back(redis_url: str) -> None:
    """One call at a time, each so slow that the lease of the next one may not last for it."""
    async with (
        ChatServer(faults=lambda *_: Fault.SLOW, slow=1.1) as server,
        ChatMessenger(server.url, "turns", connections=1) as messenger,
        running_bot(
            redis_url,
            messenger,
            provider="pturns",
            lease=3.0,
            send_seconds=2.0,
            reading=False,
            slots=3,
        ) as bot,
    ):
        await subscribe(bot.store, *channels(3, "turns"))
        await commit(bot.store, incident(EventKind.OPENED, provider="pturns"))
        await bot.fanout.read_events()
        await settled(bot.store, "turns")

    assert len(server.messages) == 3
    assert bot.context.counts.searched == 0, "no claim ended by itself"
