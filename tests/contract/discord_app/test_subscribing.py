"""What a channel gets is changed by commands, buttons and menus, by whom may."""

from __future__ import annotations

import pytest

from bot.domain.errors import ChannelGone
from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.domain.subscription import Channel
from tests.contract.discord_app.kit import MANAGER, MEMBER, Room
from tests.contract.discord_bot import quick_starts, running_discord
from tests.contract.messenger_contract import card
from tests.delivery_kit import commit, incident, until
from tests.servers.discord import DiscordServer
from tests.servers.redis import Node

__all__ = ["quick_starts"]  # a fixture


async def test_subscribing_leaves_one_public_line_and_says_what_holds(room: Room) -> None:
    asked = await room.watch("subscribe", surfaces="api code", severity="partial")
    kept = await room.subscription()

    assert asked.ephemeral
    assert (kept.surfaces, kept.severity) == (frozenset({"api", "code"}), Severity.PARTIAL)
    assert "/claudewatch" in asked.text
    assert len(room.public) == 1
    assert "alice" in room.public[0]


async def test_a_role_may_be_called_and_everybody_may_not(room: Room) -> None:
    world = room.server.world
    home = world.guilds[room.guild]
    role = next(iter(home.roles.values()))
    other = type(role)(world.new_id(), "oncall", 0, mentionable=False)
    home.roles[other.id] = other
    asked = await room.watch("subscribe", mention=other.id)
    kept = await room.subscription()
    assert kept.mention == f"<@&{other.id}>"
    assert "notifies nobody yet" in asked.text

    await room.watch("subscribe", mention=home.id)
    assert (await room.subscription()).mention != f"<@&{home.id}>"


async def test_another_channel_can_be_named_and_one_that_is_closed_is_said(room: Room) -> None:
    number = await room.server.director.add_channel(room.guild, "quiet")
    await room.server.director.deny(number, "send_messages")
    asked = await room.watch("subscribe", channel=number)
    kept = await room.bot.bot.store.subscriptions.get(room.bot.channel(room.guild, number))

    assert kept is not None
    assert "Send Messages" in asked.text
    assert await room.kept() is None


async def test_a_conversation_is_subscribed_and_unsubscribed_like_a_channel(room: Room) -> None:
    dm = await room.server.director.add_dm(room.user.id)
    place = room.server.world.channels[dm]
    channel = Channel("discord", "@me", str(dm))
    for sub, is_kept in (("subscribe", True), ("unsubscribe", False)):
        made = await room.server.users.slash("claudewatch", place, room.user, sub=sub)
        await made.answered()
        assert (await room.bot.bot.store.subscriptions.get(channel) is not None) is is_kept


async def test_in_a_thread_the_channel_around_it_is_meant(room: Room) -> None:
    root = await room.bot.discord.messenger.open_thread(room.channel, card(), "k/root")
    thread = int(root.split("/")[1])
    made = await room.server.users.slash(
        "claudewatch", room.bot.place(thread), room.user, sub="subscribe", permissions=MANAGER
    )
    await made.answered()
    assert await room.kept() is not None


@pytest.mark.usefixtures("quick_starts")
async def test_buttons_work_after_a_restart(server: DiscordServer, redis: Node) -> None:
    guild = await server.director.add_guild()
    number = await server.director.add_channel(guild, "ops")
    async with running_discord(server, redis.url) as bot:
        first = Room(bot, guild, number)
        shared = await first.ask(share=True)
    async with running_discord(server, redis.url) as bot:
        later = Room(bot, guild, number)
        assert shared.original is not None
        pressed = await server.users.press(
            shared.original, "Subscribe this channel", later.user, permissions=MANAGER
        )
        await pressed.answered()
        assert pressed.ephemeral
        assert await later.kept() is not None
    assert server.world.command_writes == 1


async def test_a_member_who_may_not_manage_cannot_subscribe_by_the_button(room: Room) -> None:
    shared = await room.ask(share=True)
    assert shared.original is not None
    pressed = await room.server.users.press(
        shared.original, "Subscribe this channel", room.user, permissions=MEMBER
    )
    await pressed.answered()
    assert await room.kept() is None
    assert "may not" in pressed.text


async def test_who_wants_to_be_told_is_written_to_at_once_or_told_that_it_cannot_be(
    room: Room,
) -> None:
    messenger = room.bot.discord.messenger
    there = await messenger.direct(room.channel, str(room.user.id))
    (line,) = room.server.world.channels[int(there.id)].messages.values()
    assert "write to you here" in line.body["content"]
    assert await messenger.direct(room.channel, str(room.user.id)) == there

    closed = room.server.world.new_user("closed")
    await room.server.director.fault(
        what="error", method="POST", path=r"/channels/\d+/messages", status=403, code=50007
    )
    with pytest.raises(ChannelGone):
        await messenger.direct(room.channel, str(closed.id))


async def test_an_interaction_that_somebody_else_took_is_left_alone(room: Room) -> None:
    """Two replicas hear the same press; Discord lets one of them answer."""
    await room.server.director.fault(
        what="error", method="POST", path=r"/interactions/.*", status=400, code=40060
    )
    made = await room.server.users.slash(
        "claudewatch", room.bot.place(room.number), room.user, sub="subscribe", permissions=MANAGER
    )
    asked = await room.ask()
    assert asked.text
    assert made.callback is None
    assert await room.kept() is None


async def test_a_channel_is_told_of_an_incident(room: Room) -> None:
    await room.watch("subscribe")
    await commit(room.bot.bot.store, incident(EventKind.OPENED))
    world = room.server.world
    await until(lambda: len(world.guilds[room.guild].threads) == 1)
