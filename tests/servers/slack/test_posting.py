"""The local Slack is believed by the real client, and catches what real Slack would refuse."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError

from tests.servers.slack import (
    RateLimit,
    SlackServer,
    running_slack,
)
from tests.servers.slack.app_client import METADATA, client_of, error_of, section


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
