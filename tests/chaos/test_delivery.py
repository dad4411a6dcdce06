"""Delivery end to end: a store, a courier and a platform over real sockets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bot.model import NewsKind
from tests.delivery_kit import channels, commit, incident, more, running_bot, settled, subscribe
from tests.servers.chat import ChatMessenger, ChatServer
from tests.servers.redis import standalone


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with standalone() as node:
        yield node.url


async def test_an_incident_is_told_from_its_opening_to_its_end(redis_url: str) -> None:
    async with (
        ChatServer() as server,
        ChatMessenger(server.url) as messenger,
        running_bot(redis_url, messenger) as bot,
    ):
        await subscribe(bot.store, *channels(3))
        story = incident(NewsKind.OPENED)
        await commit(bot.store, story)
        bot.fanout.wake()
        await settled_after(bot, server, 3)
        story = more(story, NewsKind.WORSE, NewsKind.UPDATE)
        await commit(bot.store, story)
        bot.fanout.wake()
        await settled_after(bot, server, 9)
        story = more(story, NewsKind.RESOLVED)
        await commit(bot.store, story)
        bot.fanout.wake()
        await settled_after(bot, server, 12)
        print(bot.tools.counts)
        for m in server.thread("T1/C0"): print(m)
        print(server.closed)


async def settled_after(bot, server, n):
    from tests.delivery_kit import until
    await until(lambda: len(server.messages) >= n)
    await settled(bot.store)
