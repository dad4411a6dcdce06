"""What the doctor and the invitation say about Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlparse

import pytest

from adapters.discord.checks import check_discord
from adapters.discord.invite import PERMISSIONS, application_of, bits, invitation, server_link
from adapters.discord.settings import DiscordSettings
from bot.domain.board import Board
from bot.domain.checks import CheckResult, Health
from bot.domain.errors import SettingsError
from bot.domain.subscription import Channel, Subscription
from tests.servers.discord import DiscordServer, serve
from tests.servers.discord.permissions import BITS


class Kept:
    """Subscriptions, of which the doctor reads those of a guild."""

    def __init__(self, *channels: Channel) -> None:
        self._channels = channels
        self.boards: set[str] = set()  # the channels that have one

    async def get(self, channel: Channel) -> Subscription | None:
        return Subscription(channel)

    async def put(self, subscription: Subscription, behind: Sequence[str] = ()) -> None:
        del subscription, behind
        raise AssertionError("the doctor changes nothing")

    async def remove(self, channel: Channel) -> bool:
        del channel
        raise AssertionError("the doctor changes nothing")

    async def of_tenant(self, platform: str, tenant: str) -> AsyncIterator[Subscription]:
        for channel in self._channels:
            if (channel.platform, channel.tenant) == (platform, tenant):
                has_board = channel.id in self.boards
                yield Subscription(channel, board=Board(datetime.now(UTC)) if has_board else None)

    async def tenants(self, platform: str) -> set[str]:
        return {one.tenant for one in self._channels if one.platform == platform}


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with serve() as running:
        yield running


async def said(options: DiscordSettings, kept: Kept | None = None) -> list[CheckResult]:
    return [finding async for finding in check_discord(options, kept)]


async def test_all_is_well_where_the_invitation_was_followed(server: DiscordServer) -> None:
    guild = await server.director.add_guild()
    channel = await server.director.add_channel(guild)
    kept = Kept(Channel("discord", str(guild), str(channel)))
    findings = await said(DiscordSettings(token=server.token, api_url=server.url), kept)
    assert {finding.health for finding in findings} == {Health.GOOD}
    assert not any(server.token in str(finding) for finding in findings)


async def test_a_missing_permission_is_named_and_a_deleted_channel_said(
    server: DiscordServer,
) -> None:
    guild = await server.director.add_guild()
    channel = await server.director.add_channel(guild)
    await server.director.deny(channel, "send_messages", "create_public_threads")
    places = [Channel("discord", str(guild), str(number)) for number in (channel, 42)]
    findings = await said(DiscordSettings(token=server.token, api_url=server.url), Kept(*places))
    broken = [finding.says for finding in findings if finding.health is Health.BROKEN]
    assert broken == [
        "missing Send Messages, Create Public Threads",
        "cannot be seen: deleted, or View Channels is missing",
    ]


async def test_the_right_to_pin_is_missed_only_where_a_board_is_kept(
    server: DiscordServer,
) -> None:
    guild = await server.director.add_guild()
    plain, boarded = [await server.director.add_channel(guild, name) for name in ("a", "b")]
    for channel in (plain, boarded):
        await server.director.deny(channel, "pin_messages")
    kept = Kept(*(Channel("discord", str(guild), str(number)) for number in (plain, boarded)))
    kept.boards = {str(boarded)}
    findings = await said(DiscordSettings(token=server.token, api_url=server.url), kept)
    warned = [(f.what, f.says) for f in findings if f.health is Health.WARNING]
    assert warned == [(f"discord channel {boarded}", "missing Pin Messages")]
    assert not [f for f in findings if f.health is Health.BROKEN]


async def test_a_refused_token_and_a_silent_discord_are_told_apart(server: DiscordServer) -> None:
    (refused,) = await said(DiscordSettings(token="wrong", api_url=server.url))
    assert "Reset Token" in refused.advice
    (away,) = await said(DiscordSettings(token=server.token, api_url="http://127.0.0.1:9/api/v10"))
    assert "no answer" in away.says
    assert await said(DiscordSettings()) == []


async def test_the_invitation_asks_for_the_least_and_explains_each(server: DiscordServer) -> None:
    options = DiscordSettings(token=server.token, api_url=server.url)
    application = await application_of(options)
    asked = parse_qs(urlparse(server_link(application)).query)
    needed = (
        "view_channel send_messages embed_links create_public_threads "
        "send_messages_in_threads read_message_history pin_messages"
    )
    assert int(asked["permissions"][0]) == bits() == sum(BITS[name] for name in needed.split())
    assert asked["client_id"] == [str(server.world.application)]
    assert asked["scope"] == ["bot applications.commands"]
    assert all(one.why in invitation(application) for one in PERMISSIONS)
    with pytest.raises(SettingsError, match="DISCORD_TOKEN"):
        await application_of(DiscordSettings(token="wrong", api_url=server.url))
