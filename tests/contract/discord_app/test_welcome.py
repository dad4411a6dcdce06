"""Setting it up from the first message in a server: one click for this channel, two for another."""

from __future__ import annotations

import pytest

from adapters.discord.lifecycle import welcome_message
from tests.contract.discord_app.kit import MANAGER, MEMBER, Room
from tests.delivery_kit import until
from tests.servers.discord import Message

OTHER = "Another channel…"


async def welcome(room: Room) -> Message:
    await room.bot.discord.messenger.say(room.channel, welcome_message(), f"welcome/{room.guild}")
    (message,) = room.bot.place(room.number).messages.values()
    return message


async def test_one_click_subscribes_the_channel_of_the_welcome(room: Room) -> None:
    pressed = await room.server.users.press(
        await welcome(room), "Subscribe this channel", room.user, None, MANAGER
    )
    assert "Subscribed" in (await pressed.answered()).text
    assert (await room.subscription()).channel == room.channel


@pytest.mark.parametrize("here", [False, True])
async def test_two_clicks_subscribe_a_channel_and_show_its_name_and_settings(
    room: Room, here: bool
) -> None:
    number = room.number
    if not here:
        number = await room.server.director.add_channel(room.guild, "alerts")
    users = room.server.users
    pressed = await users.press(await welcome(room), OTHER, room.user, None, MANAGER)
    first = await pressed.answered()
    assert first.ephemeral
    assert first.original is not None
    before = len(first.original.versions)
    second = await users.press(
        first.original, "Which channel shall I tell?", room.user, [str(number)], MANAGER
    )
    await second.answered()
    await until(lambda: bool(first.original and len(first.original.versions) > before))
    assert "Subscribed" in first.text
    assert f"<#{number}> gets: **everything**" in first.text
    assert "From which severity up" in str(first.original.body)
    found = await room.bot.bot.store.subscriptions.get(room.bot.channel(room.guild, number))
    assert found is not None


async def test_who_may_not_manage_is_told_at_the_first_click(room: Room) -> None:
    pressed = await room.server.users.press(await welcome(room), OTHER, room.user, None, MEMBER)
    assert "You may not change" in (await pressed.answered()).text
