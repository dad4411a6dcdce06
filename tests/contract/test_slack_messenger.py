"""The Slack messenger keeps every messenger's promises, and Slack's own manners."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from adapters.chat.http import open_session
from adapters.slack.client import SlackClients, identify, web_client
from adapters.slack.messenger import SlackMessenger
from bot.domain.errors import (
    CannotLook,
    ChannelGone,
    DeliveryError,
    RateLimited,
    TenantGone,
    TenantPaused,
)
from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.messenger import Messenger
from tests.contract.messenger_contract import MessengerContract, Shown, card, long_ago
from tests.servers.slack import BOT_SCOPES, SlackServer, running_slack
from tests.servers.slack.single import SingleWorkspace

FAULTS = {
    "lost_after": ("drop_after", ""),
    "lost_before": ("drop_before", ""),
    "limited": ("ratelimited", ""),
    "gone": ("error", "is_archived"),
    "tenant_gone": ("error", "token_revoked"),
    "malformed": ("error", "invalid_blocks"),
}


class SlackStage:
    def __init__(self, server: SlackServer, messenger: SlackMessenger, token: str) -> None:
        self.server = server
        self.slack = messenger
        self.messenger: Messenger = messenger
        self.secret = token
        self.channel = Channel("slack", "T1", "C1")
        self.other = Channel("slack", "T1", "G1")
        self.foreign = Channel("slack", "T404", "C1")

    async def shown(self, channel: Channel) -> Sequence[Shown]:
        return [
            Shown(m.ts, m.thread_ts, m.text + json.dumps(m.blocks, ensure_ascii=False))
            for m in self.server.messages(channel.id)
        ]

    def fail(self, fault: str) -> None:
        kind, error = FAULTS[fault]
        if fault == "tenant_gone":  # said of the token too
            self.server.fail(kind, "auth.test", error=error)
        self.server.fail(kind, "chat.postMessage", error=error, retry_after=1)


async def stage_of(
    server: SlackServer,
    scopes: frozenset[str] = BOT_SCOPES,
    *,
    rationed: bool = False,
    recovered: Callable[[str], Awaitable[None]] | None = None,
) -> AsyncIterator[SlackStage]:
    server.world.tokens[server.team.token].scopes = scopes
    async with open_session(connections=10, seconds=10) as session:
        client = web_client(server.team.token, server.api_url, session)
        messenger = SlackMessenger(
            SlackClients(
                SingleWorkspace(await identify(client)), base_url=server.api_url, session=session
            ),
            monotonic=time.monotonic,
            rationed=rationed,
            recovered=recovered,
        )
        yield SlackStage(server, messenger, server.team.token)


@pytest.fixture
async def server() -> AsyncIterator[SlackServer]:
    async with running_slack() as slack:
        yield slack


@pytest.fixture
async def stage(server: SlackServer) -> AsyncIterator[SlackStage]:
    async for one in stage_of(server):
        yield one


class TestSlackMessenger(MessengerContract):
    """The shared promises."""


class TestSlackMessengerOutside(MessengerContract):
    """The shared promises in a public channel that nobody invited it to."""

    @pytest.fixture
    async def stage(self, server: SlackServer) -> AsyncIterator[SlackStage]:
        async for one in stage_of(server):
            one.channel = Channel("slack", "T1", "C2")
            yield one


async def test_replies_in_the_channel_are_broadcast_and_others_are_not(stage: SlackStage) -> None:
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    await stage.messenger.reply(stage.channel, root, card("quiet"), "k/1")
    await stage.messenger.reply(stage.channel, root, card("loud"), "k/2", in_channel=True)

    assert [m.broadcast for m in stage.server.thread("C1", root)] == [False, True]


async def test_mentions_are_those_that_were_set_and_only_people_or_groups(
    stage: SlackStage,
) -> None:
    stage.server.world.allowed_mentions = {"!subteam^S1"}
    await stage.messenger.open_thread(stage.channel, card(), "k/1", mention="<!subteam^S1>")
    await stage.messenger.open_thread(stage.channel, card(), "k/2", mention="<!channel>")
    first, second = stage.server.messages("C1")

    assert "<!subteam^S1>" in first.text
    assert "<!subteam^S1>" in str(first.blocks)
    assert "!channel" not in second.text + str(second.blocks)


async def test_every_message_carries_its_key_and_unfurls_nothing(stage: SlackStage) -> None:
    await stage.messenger.open_thread(stage.channel, card(), "k/root")
    (message,) = stage.server.messages("C1")

    assert message.metadata == {"event_type": "icd_delivery", "event_payload": {"k": "k/root"}}
    assert message.client_msg_id


@pytest.mark.parametrize("method", ["chat.postMessage", "conversations.history"])
@pytest.mark.parametrize("says", ["ok", "no answer", "gone"])
async def test_a_workspace_is_gone_only_if_slack_says_so_of_its_token(
    stage: SlackStage, method: str, says: str
) -> None:
    stage.server.fail("error", method, error="invalid_auth")
    if says != "ok":
        kind = "error" if says == "gone" else "status"
        stage.server.fail(kind, "auth.test", error="account_inactive")
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "chat.postMessage": lambda: stage.messenger.open_thread(stage.channel, card(), "k/root"),
        "conversations.history": lambda: stage.messenger.find(
            stage.channel, None, ["k"], long_ago()
        ),
    }
    with pytest.raises(TenantGone if says == "gone" else TenantPaused, match="invalid_auth"):
        await calls[method]()


async def test_what_is_taken_again_in_a_workspace_wakes_the_rest_of_it(
    server: SlackServer,
) -> None:
    woken: list[str] = []

    async def recovered(tenant: str) -> None:
        woken.append(tenant)

    async for stage in stage_of(server, recovered=recovered):
        server.fail("error", "chat.postMessage", error="message_limit_exceeded")
        with pytest.raises(TenantPaused):
            await stage.messenger.open_thread(stage.channel, card(), "k/1")
        assert woken == []
        await stage.messenger.open_thread(stage.other, card(), "k/2")
        await stage.messenger.open_thread(stage.channel, card(), "k/1")
    assert woken == ["T1"]


async def test_a_public_channel_is_joined_where_the_scope_allows(server: SlackServer) -> None:
    async for stage in stage_of(server, BOT_SCOPES - {"chat:write.public"}):
        channel = Channel("slack", "T1", "C2")
        await stage.messenger.open_thread(channel, card(), "k/root")
        assert server.channel("C2").bot_is_member


async def test_without_that_scope_the_channel_says_how_to_invite(server: SlackServer) -> None:
    async for stage in stage_of(server, BOT_SCOPES - {"chat:write.public", "channels:join"}):
        channel = Channel("slack", "T1", "C2")
        access = await stage.messenger.access(channel)
        with pytest.raises(ChannelGone):
            await stage.messenger.open_thread(channel, card(), "k/root")
        assert not access.ok
        assert "/invite" in access.advice


async def test_a_missing_permission_is_named_before_anything_is_posted(
    server: SlackServer,
) -> None:
    async for stage in stage_of(server, BOT_SCOPES - {"chat:write"}):
        access = await stage.messenger.access(stage.channel)
        assert "chat:write" in access.problem


async def test_archived_and_unknown_channels_are_told_apart(stage: SlackStage) -> None:
    stage.server.channel("C1").archived = True
    archived = await stage.messenger.access(stage.channel)
    unknown = await stage.messenger.access(Channel("slack", "T1", "C404"))

    assert "archived" in archived.problem
    assert "/invite" in unknown.advice


async def test_without_permission_to_read_it_says_that_it_cannot_look(server: SlackServer) -> None:
    async for stage in stage_of(server, BOT_SCOPES - {"channels:history"}):
        with pytest.raises(CannotLook, match="channels:history"):
            await stage.messenger.find(stage.channel, None, ["k"], long_ago())


@pytest.mark.parametrize("kind", ["drop_after", "status", "taken_status"])
async def test_looking_that_fails_on_the_way_is_no_proof_of_absence(
    stage: SlackStage, kind: str
) -> None:
    stage.server.fail(kind, "conversations.history", times=None)  # aiohttp repeats a lost GET
    with pytest.raises(RateLimited):
        await stage.messenger.find(stage.channel, None, ["k"], long_ago())


async def test_looking_reads_on_until_the_time_asked_for(stage: SlackStage) -> None:
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    stage.server.world.history_limit = 3
    for n in range(10):
        await stage.messenger.say(stage.channel, Message("", f"noise {n}"), f"noise/{n}")
    found = await stage.messenger.find(stage.channel, None, ["k/root"], long_ago())
    late = datetime.now(UTC) + timedelta(minutes=5)

    assert dict(found) == {"k/root": root}
    assert dict(await stage.messenger.find(stage.channel, None, ["k/root"], late)) == {}


async def test_reading_back_keeps_to_its_ration(server: SlackServer) -> None:
    async for stage in stage_of(server, rationed=True):
        root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
        await stage.messenger.find(stage.channel, None, ["k/root"], long_ago())
        with pytest.raises(RateLimited) as caught:
            await stage.messenger.find(stage.other, None, ["k/root"], long_ago())
        await stage.messenger.find(stage.channel, root, ["k/1"], long_ago())

        assert 50 < caught.value.retry_after <= 60
        assert server.world.calls["conversations.history"] == 1


async def test_after_a_429_slack_is_not_even_asked_until_its_time(stage: SlackStage) -> None:
    stage.fail("limited")
    for channel in (stage.channel, stage.other, stage.channel):
        with pytest.raises(RateLimited) as caught:
            await stage.messenger.open_thread(channel, card(), "k/root")
        assert caught.value.bucket == f"{channel.owner}/chat.postMessage"
    assert stage.server.world.calls["chat.postMessage"] == 1


async def test_a_5xx_when_editing_may_simply_be_repeated(stage: SlackStage) -> None:
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    stage.server.fail("taken_status", "chat.update", status=502)
    with pytest.raises(DeliveryError) as caught:
        await stage.messenger.revise(stage.channel, root, root, card("Over"), "k/root")
    assert type(caught.value) is DeliveryError


async def test_a_token_that_is_not_good_is_told_at_once(server: SlackServer) -> None:
    async with open_session(connections=10, seconds=10) as session:
        with pytest.raises(TenantGone):
            await identify(web_client("xoxb-wrong", server.api_url, session))
