"""The local Slack is believed by the real libraries, and catches what real Slack would refuse."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.servers.slack import (
    Delivery,
    RateLimit,
    SlackServer,
    eventually,
    running_slack,
    slack_process,
)
from tests.shared import shared_path

METADATA = {"event_type": "icd_delivery", "event_payload": {"k": "K1"}}


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    async with running_slack() as server:
        yield server


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def client_of(slack: SlackServer, token: str | None = None) -> AsyncWebClient:
    return AsyncWebClient(
        token or slack.team.token, base_url=slack.api_url, retry_handlers=[], timeout=2
    )


async def error_of(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_a_posted_message_is_stored_and_its_metadata_comes_back_only_when_asked_for(
    slack: SlackServer,
) -> None:
    client = client_of(slack)
    posted = await client.chat_postMessage(channel="C1", text="down", metadata=METADATA)
    plain = await client.conversations_history(channel="C1")
    whole = await client.conversations_history(channel="C1", include_all_metadata=True)

    assert slack.messages("C1")[0].ts == posted["ts"]
    assert "metadata" not in plain["messages"][0]
    assert whole["messages"][0]["metadata"] == METADATA


async def test_replies_hang_below_their_root_and_only_broadcasts_show_in_the_channel(
    slack: SlackServer,
) -> None:
    client = client_of(slack)
    root = (await client.chat_postMessage(channel="C1", text="root"))["ts"]
    await client.chat_postMessage(channel="C1", text="quiet", thread_ts=root)
    await client.chat_postMessage(channel="C1", text="loud", thread_ts=root, reply_broadcast=True)
    replies = await client.conversations_replies(channel="C1", ts=root)
    history = await client.conversations_history(channel="C1")

    assert [m["text"] for m in replies["messages"]] == ["root", "quiet", "loud"]
    assert [m["text"] for m in history["messages"]] == ["loud", "root"]


@pytest.mark.parametrize("encoding", ["json", "form", "query", "multipart"])
async def test_arguments_are_read_in_every_encoding(slack: SlackServer, encoding: str) -> None:
    args = {"channel": "C1", "text": "hi", "token": slack.team.token}
    encodings: dict[str, dict[str, Any]] = {
        "json": {"json": args},
        "form": {"data": args},
        "query": {"params": args},
        "multipart": {"data": aiohttp.FormData(args, default_to_multipart=True)},
    }
    async with (
        aiohttp.ClientSession() as session,
        session.post(slack.api_url + "chat.postMessage", **encodings[encoding]) as answer,
    ):
        assert (await answer.json())["ok"] is True


@pytest.mark.parametrize(
    ("channel", "error"), [("C2", "ok"), ("C3", "is_archived"), ("C9", "channel_not_found")]
)
async def test_channels_refuse_as_slack_does(slack: SlackServer, channel: str, error: str) -> None:
    slack.team.add_channel("C3", archived=True)
    call = client_of(slack).chat_postMessage(channel=channel, text="hi")
    assert (await call)["ok"] if error == "ok" else await error_of(call) == error


async def test_a_channel_of_another_workspace_is_not_found_and_written_down() -> None:
    server = SlackServer()
    server.world.add_workspace("T2").add_channel("C77")
    await server.start()
    try:
        call = client_of(server).chat_postMessage(channel="C77", text="hi")
        assert await error_of(call) == "channel_not_found"
        assert "another workspace" in server.world.violations[0]
    finally:
        await server.stop()


@pytest.mark.parametrize(
    "body",
    [
        {"text": "ping <!channel>"},
        {"text": "ping <@U1>"},
        {"text": "a & b"},
        {"text": "1 < 2"},
        {"text": "x", "blocks": [section("")]},
        {"text": "x", "blocks": [{"type": "divider"}] * 51},
        {"text": "x", "blocks": [section("<!here>")]},
        {"text": "x", "metadata": {"event_type": "x", "event_payload": {"nested": {}}}},
        {"blocks": [{"type": "divider"}], "text": ""},
        {"text": "reply", "thread_ts": "1.000001"},
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:The top-level `text` argument is missing")  # on purpose here
async def test_what_slack_would_refuse_or_ping_for_is_a_violation(body: dict[str, Any]) -> None:
    server = SlackServer()
    await server.start()
    try:
        with suppress(SlackApiError):
            await client_of(server).chat_postMessage(channel="C1", **body)
    finally:
        await server.stop()
    assert server.world.violations


async def test_limits_answer_429_with_whole_seconds_and_other_channels_go_on(
    slack: SlackServer,
) -> None:
    slack.faults.limits.append(RateLimit(rate=1, burst=1))
    client = client_of(slack)
    await client.chat_postMessage(channel="C1", text="1")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C1", text="2")
    await client.chat_postMessage(channel="G1", text="3")

    assert caught.value.response.status_code == 429
    assert int(caught.value.response.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(("kind", "stored"), [("drop_before", 0), ("drop_after", 1)])
async def test_a_dropped_connection_leaves_the_message_taken_or_not(
    slack: SlackServer, kind: str, stored: int
) -> None:
    slack.fail(kind, "chat.postMessage")
    with pytest.raises(aiohttp.ClientError):
        await client_of(slack).chat_postMessage(channel="C1", text="hi")
    assert len(slack.messages("C1")) == stored


async def test_a_token_without_the_scope_is_told_which() -> None:
    async with running_slack() as server:
        team = server.world.add_workspace("T5", scopes=frozenset({"chat:write"}))
        team.add_channel("C5")
        client = client_of(server, team.token)
        await client.chat_postMessage(channel="C5", text="hi")
        with pytest.raises(SlackApiError) as caught:
            await client.conversations_history(channel="C5")
    assert caught.value.response["needed"] == "channels:history"


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
