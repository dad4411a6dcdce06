"""The connections to Slack: refreshed, cut, deaf; nothing is lost and nobody waits."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from slack_bolt.async_app import AsyncApp

from adapters.slack.client import web_client
from adapters.slack.socket import SocketPool
from tests.contract.slack_bot import slack_bot
from tests.servers.slack import SlackServer, eventually, running_slack

EVENT = {"type": "something_new"}


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack() as slack:
        slack.sockets.ack_seconds, slack.sockets.retry_delays = 0.3, (0.0, 0.1, 0.2)
        yield slack


@asynccontextmanager
async def listening(server: SlackServer, heard: list[str]) -> AsyncIterator[SocketPool]:
    client = web_client(server.team.token, server.api_url, None)
    app = AsyncApp(client=client, signing_secret="")

    @app.event("something_new")
    async def on_event(body: dict[str, str]) -> None:
        heard.append(body["event_id"])

    sockets = SocketPool(
        app, server.world.app_token, wall=time.time, ping_seconds=0.2, watch_seconds=0.1
    )
    running = asyncio.create_task(sockets.run())
    try:
        await eventually(lambda: len(server.sockets.connections) == 2)
        yield sockets
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_two_connections_are_open_and_either_hears(server: SlackServer) -> None:
    heard: list[str] = []
    async with listening(server, heard) as sockets:
        for n in range(4):
            assert (await server.event(EVENT, event_id=f"Ev{n}")).attempts == 1
        assert await sockets.are_well()
        assert all(c.sent == 2 for c in server.sockets.connections)
    assert sorted(heard) == ["Ev0", "Ev1", "Ev2", "Ev3"]


async def test_a_refresh_loses_nothing(server: SlackServer) -> None:
    heard: list[str] = []
    async with listening(server, heard):
        refreshing = asyncio.create_task(server.sockets.send_disconnect("refresh_requested"))
        for n in range(20):
            assert (await server.event(EVENT, event_id=f"Ev{n}")).acked
            await asyncio.sleep(0.02)
        await refreshing
        await eventually(lambda: len(server.sockets.connections) == 2)
    assert set(heard) == {f"Ev{n}" for n in range(20)}


@pytest.mark.parametrize("failing_opens", [0, 3])
async def test_cut_connections_come_back_even_if_slack_is_away_for_a_while(
    server: SlackServer, failing_opens: int
) -> None:
    heard: list[str] = []
    async with listening(server, heard):
        server.fail("status", "apps.connections.open", times=failing_opens, status=503)
        before = server.sockets.opened
        server.sockets.cut()
        await eventually(lambda: server.sockets.opened >= before + 2, 15)
        await eventually(lambda: len(server.sockets.connections) == 2, 15)
        assert (await server.event(EVENT, event_id="Ev1")).acked
    assert heard == ["Ev1"]


async def test_a_connection_that_is_open_and_deaf_is_replaced(server: SlackServer) -> None:
    heard: list[str] = []
    async with listening(server, heard) as sockets:
        before = server.sockets.opened
        server.sockets.silence()
        await eventually(lambda: server.sockets.opened >= before + 2, 15)
        alive = [c for c in server.sockets.connections if not c.deaf]
        assert len(alive) >= 2
        server.sockets.connections[:] = alive
        assert (await server.event(EVENT, event_id="Ev1")).acked
        await wait_until_well(sockets)


async def test_a_connection_whose_own_task_died_is_replaced(server: SlackServer) -> None:
    heard: list[str] = []
    async with listening(server, heard) as sockets:
        before = server.sockets.opened
        connection = sockets._connections[0]
        assert connection._handler is not None
        connection._handler.client.message_processor.cancel()
        await eventually(lambda: server.sockets.opened > before, 15)
        await wait_until_well(sockets)
        for n in range(4):
            assert (await server.event(EVENT, event_id=f"Ev{n}")).acked
    assert len(set(heard)) == 4


async def wait_until_well(sockets: SocketPool) -> None:
    for _ in range(200):
        if await sockets.are_well():
            return
        await asyncio.sleep(0.05)
    pytest.fail("no connection hears")


async def test_a_wrong_app_token_is_said_and_slack_is_not_hammered(
    server: SlackServer, capsys: pytest.CaptureFixture[str]
) -> None:
    async with slack_bot(server, "socket", app_token="xapp-wrong", wait=False):
        await eventually(lambda: server.world.calls.get("apps.connections.open"))
        await asyncio.sleep(0.5)
        assert server.world.calls["apps.connections.open"] == 1
    said = capsys.readouterr().out
    assert "slack.connection_refused" in said
    assert "xapp-wrong" not in said
