"""Pinning on Discord: with the permission for it, once, and never in the way of what is said."""

from __future__ import annotations

import pytest

from bot.domain.errors import MessageGone
from bot.messenger import Pins
from tests.contract.discord_sending.kit import Clock
from tests.contract.discord_stage import DiscordStage, another_messenger, discord_stage
from tests.contract.messenger_contract import card
from tests.servers.discord import DiscordServer, Fault
from tests.servers.discord import Message as Stored
from tests.servers.discord.rest_pins import MOST_PINS


async def board(stage: DiscordStage, key: str = "k/board") -> str:
    return await stage.messenger.say(stage.channel, card("The API is up"), key)


def pins_of(stage: DiscordStage) -> Pins:
    assert stage.messenger.pins is not None
    return stage.messenger.pins


def lines(stage: DiscordStage) -> list[Stored]:
    """Discord's own lines that something was pinned."""
    return [one for one in stage.messages(stage.channel) if one.is_pin_notice]


def pinned(stage: DiscordStage) -> list[Stored]:
    return [one for one in stage.messages(stage.channel) if one.pinned]


@pytest.mark.parametrize("kind", ["TEXT", "ANNOUNCEMENT", "VOICE"])
async def test_a_message_is_pinned_once_and_unpinned(server: DiscordServer, kind: str) -> None:
    async with discord_stage(server, kind) as stage:
        pins, ref = pins_of(stage), await board(stage)
        assert [await pins.pin(stage.channel, ref) for _ in range(2)] == ["", ""]
        assert (len(pinned(stage)), len(lines(stage))) == (1, 1)
        for _ in range(2):
            await pins.unpin(stage.channel, ref)
        assert pinned(stage) == []


async def test_a_lost_answer_pins_it_no_second_time(stage: DiscordStage) -> None:
    ref = await board(stage)
    stage.server.faults.add(
        Fault("drop_after", method="PUT", path=r"/channels/\d+/messages/pins/.*")
    )
    assert await pins_of(stage).pin(stage.channel, ref) == ""
    assert (len(pinned(stage)), len(lines(stage))) == (1, 1)


async def test_without_the_permission_nothing_is_asked_and_the_reason_is_said(
    stage: DiscordStage,
) -> None:
    ref, pins = await board(stage), pins_of(stage)
    assert await pins.problem(stage.channel) == ""
    await stage.server.director.deny(int(stage.channel.id), "pin_messages")
    # A messenger that the gateway has not told of permissions learns it from the refusal.
    async with another_messenger(stage.server) as unconnected:
        said = await unconnected.pins.pin(stage.channel, ref)
    assert said == "I lack the permission Pin Messages"
    assert pinned(stage) == []
    await pins.unpin(stage.channel, ref)


async def test_a_full_channel_is_said(stage: DiscordStage) -> None:
    ref = await board(stage)
    world, place = stage.server.world, int(stage.channel.id)
    for number in range(MOST_PINS):
        body = {"content": f"note {number}"}
        note = Stored(world.new_id(), place, world.owner, world.clock(), body)
        note.pinned = world.clock()
        world.channels[place].messages[note.id] = note
    assert "as many pins" in await pins_of(stage).pin(stage.channel, ref)


async def test_a_deleted_message_cannot_be_pinned_and_needs_no_unpinning(
    stage: DiscordStage,
) -> None:
    ref = await board(stage)
    (message,) = stage.messages(stage.channel)
    del stage.server.world.channels[message.channel].messages[message.id]
    with pytest.raises(MessageGone):
        await pins_of(stage).pin(stage.channel, ref)
    await pins_of(stage).unpin(stage.channel, ref)


async def test_in_a_forum_a_board_is_a_post_whose_name_follows_it(server: DiscordServer) -> None:
    async with discord_stage(server, "FORUM") as stage:
        ref = await board(stage)
        assert await pins_of(stage).pin(stage.channel, ref) == ""
        await stage.messenger.revise(stage.channel, "", ref, card("The API is down"), "k/board")
        (post,) = server.world.guilds[stage.guild].threads.values()
        assert len(post.messages) == 1
        assert "The API is down" in str(post.messages[post.id].body)


async def test_a_board_in_an_announcement_channel_is_not_published(
    server: DiscordServer, clock: Clock
) -> None:
    async with discord_stage(server, "ANNOUNCEMENT") as stage:
        ref = await board(stage)
        for number in range(4):  # more than a published message may be changed in an hour
            await stage.messenger.revise(
                stage.channel, "", ref, card(f"Change {number}"), "k/board"
            )
        (message,) = stage.messages(stage.channel)
        assert not message.published
        assert "Change 3" in str(message.body)
