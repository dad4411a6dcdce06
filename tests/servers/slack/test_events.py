"""The local Slack sends what real Slack sends: commands, events, sockets, response URLs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers.slack import (
    Delivery,
    SlackServer,
    eventually,
    slack_process,
)
from tests.servers.slack.app_client import client_of, error_of
from tests.shared import shared_path


def echo_app(slack: SlackServer) -> AsyncApp:
    app = AsyncApp(client=client_of(slack), signing_secret=slack.world.signing_secret)

    @app.command("/isclaudedown")
    async def on_command(ack: Any, respond: Any, command: dict[str, Any]) -> None:
        await ack()
        await respond(f"you said {command['text']}")

    @app.event("app_home_opened")
    async def on_home(event: dict[str, Any], client: AsyncWebClient) -> None:
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": []})

    @app.action("open")
    async def on_open(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        title = {"type": "plain_text", "text": "Settings"}
        view = {"type": "modal", "callback_id": "settings", "title": title, "blocks": []}
        await client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.view("settings")
    async def on_settings(ack: Any) -> None:
        await ack(response_action="clear")

    return app


async def test_bolt_answers_a_command_a_button_a_modal_and_the_home_over_socket_mode(
    slack: SlackServer,
) -> None:
    handler = AsyncSocketModeHandler(echo_app(slack), slack.world.app_token, ping_interval=1)
    await handler.connect_async()  # type: ignore[no-untyped-call]  # slack_bolt is untyped here
    try:
        said = await slack.command("status")
        assert "you said status" in (await said.response())["text"]

        await slack.open_home("U1")
        assert (await eventually(lambda: slack.team.homes.get("U1")))["type"] == "home"

        button = {
            "type": "button",
            "action_id": "open",
            "text": {"type": "plain_text", "text": "x"},
        }
        await slack.click(
            {"text": "m", "blocks": [{"type": "actions", "elements": [button]}]}, "open"
        )
        (view,) = await eventually(slack.views)
        sent = await slack.submit(view, {})
        assert sent.answer == {"response_action": "clear"}
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]  # slack_bolt is untyped here


async def test_an_event_that_nobody_acknowledges_is_sent_again(slack: SlackServer) -> None:
    slack.sockets.ack_seconds, slack.sockets.retry_delays = 0.05, (0.0, 0.0)
    ticket = await client_of(slack).apps_connections_open(app_token=slack.world.app_token)
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(ticket["url"]) as socket,
    ):
        assert (await socket.receive_json())["type"] == "hello"
        sending = asyncio.create_task(slack.event({"type": "channel_archive", "channel": "C1"}))
        first, second = await socket.receive_json(), await socket.receive_json()
        await socket.send_json({"envelope_id": second["envelope_id"]})
        delivery = await sending

    assert (first["retry_attempt"], second["retry_attempt"]) == (0, 1)
    assert first["payload"]["event_id"] == second["payload"]["event_id"]
    assert (delivery.acked, delivery.attempts) == (True, 2)


async def test_a_ticket_opens_one_socket_only(slack: SlackServer) -> None:
    ticket = await client_of(slack).apps_connections_open(app_token=slack.world.app_token)
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(ticket["url"]):
            pass
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(ticket["url"])


async def test_a_response_url_takes_five_messages_and_no_sixth() -> None:
    server = SlackServer()
    await server.start()
    try:
        url = server.world.new_response_url("T1", "C1", "U1")
        async with aiohttp.ClientSession() as session:
            states = []
            for _ in range(6):
                address = server.response_address(url.id)
                async with session.post(address, json={"text": "x"}) as answer:
                    states.append(answer.status)
    finally:
        await server.stop()
    assert states == [200] * 5 + [404]


async def test_as_a_process_of_its_own_it_is_steered_over_http() -> None:
    async with slack_process() as slack:
        await slack.do("faults", kind="error", method="chat.postMessage", error="fatal_error")
        token = (await slack.do("workspace", id="T8"))["token"]
        await slack.do("channel", team="T8", ids=["C80", "C81"])
        client = AsyncWebClient(token, base_url=slack.api_url, retry_handlers=[])
        assert await error_of(client.chat_postMessage(channel="C80", text="x")) == "fatal_error"
        await client.chat_postMessage(channel="C81", text="y")
        found = await slack.messages(team="T8")
        assert [m["text"] for m in found] == ["y"]
        assert (await slack.read("state"))["calls"] == {"chat.postMessage": 2}


@pytest.mark.parametrize(
    ("sample", "kind"),
    [
        ("slash-commands/SlashCommandPayload.json", "command"),
        ("interactive-components/BlockActionPayload.json", "click"),
        ("views/ViewSubmissionPayload.json", "submit"),
    ],
)
async def test_what_it_sends_has_only_fields_that_slack_sends(
    slack: SlackServer, sample: str, kind: str
) -> None:
    known = json.loads((shared_path("specs/slack/samples/app-backend") / sample).read_text())
    button = {"type": "button", "action_id": "open", "text": {"type": "plain_text", "text": "x"}}
    message = {"text": "m", "blocks": [{"type": "actions", "elements": [button]}]}
    slack.sockets.ack_seconds = 0.01
    ways: dict[str, Callable[[], Awaitable[Delivery]]] = {
        "command": lambda: slack.command("status"),
        "click": lambda: slack.click(message, "open"),
        "submit": lambda: slack.submit({"type": "modal", "id": "V1"}, {}),
    }
    payload = (await ways[kind]()).payload

    assert set(payload) - {"is_enterprise_install"} <= set(known)
