"""Nonces and marks: nothing is sent twice, and what was sent is found."""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.discord.refs import nonce
from bot.domain.errors import (
    CannotLook,
    DeliveryError,
    MessageGone,
)
from tests.contract.discord_sending.kit import Clock, heard, in_channel, thread_of
from tests.contract.discord_stage import (
    DiscordStage,
    another_messenger,
    connected,
)
from tests.contract.messenger_contract import card, long_ago
from tests.servers.discord import DiscordServer
from tests.servers.discord.world import Message as PostedMessage


async def test_the_line_in_the_channel_is_said_once_whatever_happens_to_the_rest(
    server: DiscordServer, stage: DiscordStage
) -> None:
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    thread = rf"/channels/{thread_of(stage).id}/messages"
    await stage.server.director.fault(what="drop_before", method="POST", path=thread)
    with pytest.raises(DeliveryError):
        await stage.messenger.reply(stage.channel, root, card("Worse"), "k/1", in_channel=True)
    assert dict(await stage.messenger.find(stage.channel, root, ["k/1"], long_ago())) == {}
    # Another process, which knows nothing but what stands there; Discord forgot the nonce too.
    stage.server.world.nonces.clear()
    async with another_messenger(server) as other, connected(server, other):
        assert dict(await other.find(stage.channel, root, ["k/1"], long_ago())) == {}
        await other.reply(stage.channel, root, card("Worse"), "k/1", in_channel=True)
    assert sum("Worse" in said for said in in_channel(stage)) == 1
    assert len(thread_of(stage).messages) == 1


async def test_without_a_gateway_it_is_asked_whether_an_empty_history_is_an_answer(
    server: DiscordServer, stage: DiscordStage
) -> None:
    async with another_messenger(server) as unconnected:
        assert dict(await unconnected.find(stage.other, None, ["k/root"], long_ago())) == {}
        await server.director.deny(int(stage.other.id), "read_message_history")
        with pytest.raises(CannotLook):
            await unconnected.find(stage.other, None, ["k/root"], long_ago())


async def test_the_same_nonce_after_somebody_deleted_the_message_is_delivered_and_gone(
    stage: DiscordStage,
) -> None:
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    await stage.server.director.delete_message(int(stage.channel.id), int(root.split("/")[1]))
    again = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    assert in_channel(stage) == []
    with pytest.raises(MessageGone):
        await stage.messenger.revise(stage.channel, again, again, card(), "k/root")


async def test_every_message_carries_the_nonce_of_its_key(stage: DiscordStage) -> None:
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    await stage.messenger.reply(stage.channel, root, card("Worse"), "k/1", in_channel=True)
    sent = {m.nonce for m in stage.messages(stage.channel)}
    assert sent == {nonce("k/root"), nonce("k/1"), nonce("k/1/channel")}


async def test_without_history_the_nonce_protects_for_two_minutes_and_then_nothing_does(
    stage: DiscordStage, clock: Clock
) -> None:
    await stage.server.director.deny(int(stage.channel.id), "read_message_history")
    await heard(stage)
    since = clock()
    assert dict(await stage.messenger.find(stage.channel, None, ["k/root"], since)) == {}
    clock.ahead = timedelta(minutes=3)
    with pytest.raises(CannotLook):
        await stage.messenger.find(stage.channel, None, ["k/root"], since)


async def test_what_stands_behind_many_words_of_others_is_found(
    server: DiscordServer, stage: DiscordStage
) -> None:
    world = server.world
    place, somebody = world.channels[int(stage.channel.id)], world.new_user("somebody")
    for _ in range(250):
        words = PostedMessage(world.new_id(), place.id, somebody, world.clock(), {"content": "hm"})
        place.messages[words.id] = words
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    found = await stage.messenger.find(stage.channel, None, ["k/root"], long_ago())
    assert dict(found) == {"k/root": root}
