"""Threads that are locked, archived, deleted, full, or made by others."""

from __future__ import annotations

from tests.contract.discord_sending.kit import THREADS, heard, in_channel, over, thread_of
from tests.contract.discord_stage import (
    DiscordStage,
    another_messenger,
)
from tests.contract.messenger_contract import card, long_ago
from tests.servers.discord import DiscordServer


async def test_the_thread_has_the_roots_id_and_a_name_that_says_state_and_incident(
    stage: DiscordStage,
) -> None:
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    thread = thread_of(stage)
    assert root == f"{stage.channel.id}/{thread.id}/t"
    assert thread.name == "🔴 Claude is down"


async def test_the_end_renames_and_archives_last_and_a_reopening_brings_it_back(
    stage: DiscordStage,
) -> None:
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    await stage.messenger.reply(stage.channel, root, over("Resolved"), "k/end")
    await stage.messenger.revise(stage.channel, root, root, over(), "k/root")
    await stage.messenger.close_thread(stage.channel, root)
    thread = thread_of(stage)
    assert (thread.archived, thread.name) == (True, "🟢 Claude is down · resolved")

    await stage.messenger.reply(stage.channel, root, card("Reopened"), "k/again")
    await stage.messenger.revise(stage.channel, root, root, card(), "k/root")
    assert (thread.archived, thread.name) == (False, "🔴 Claude is down")


async def test_a_correction_in_an_archived_thread_leaves_it_archived(stage: DiscordStage) -> None:
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    reply = await stage.messenger.reply(stage.channel, root, over("Resolved"), "k/end")
    await stage.messenger.close_thread(stage.channel, root)
    await stage.messenger.revise(stage.channel, root, reply, over("Resolved later"), "k/end")
    thread = thread_of(stage)
    (message,) = thread.messages.values()
    assert "Resolved later" in message.body["content"]
    assert thread.archived


async def test_a_locked_thread_sends_its_news_to_the_channel(stage: DiscordStage) -> None:
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    await stage.server.director.archive_thread(thread_of(stage).id, True)
    await stage.messenger.reply(stage.channel, root, card("Worse"), "k/1")
    await stage.messenger.reply(stage.channel, root, card("Even worse"), "k/2", in_channel=True)
    await stage.messenger.close_thread(stage.channel, root)

    said = in_channel(stage)
    assert [("Worse" in one, "Even worse" in one) for one in said[1:]] == [
        (True, False),
        (False, True),
    ]
    assert "more in" not in said[2]


async def test_a_deleted_thread_is_made_again_and_nothing_is_lost(stage: DiscordStage) -> None:
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    await stage.server.director.delete_channel(thread_of(stage).id)
    await stage.messenger.reply(stage.channel, root, card("Worse"), "k/1")
    assert len(thread_of(stage).messages) == 1


async def test_without_the_right_to_threads_replies_answer_the_root(stage: DiscordStage) -> None:
    await stage.server.director.deny(int(stage.channel.id), "create_public_threads")
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    reply = await stage.messenger.reply(stage.channel, root, card("Worse"), "k/1")
    messages = stage.messages(stage.channel)
    assert [m.reference and m.reference["message_id"] for m in messages] == [
        None,
        root.split("/")[1],
    ]
    found = await stage.messenger.find(stage.channel, root, ["k/1"], long_ago())
    assert dict(found) == {"k/1": reply}


async def test_a_thread_whose_making_was_cut_off_is_made_with_the_first_reply(
    stage: DiscordStage,
) -> None:
    for what in ("drop_before", "drop_after"):
        await stage.server.director.fault(what=what, method="POST", path=THREADS)
        root = await stage.messenger.open_thread(stage.channel, card(), f"{what}/root")
        await stage.messenger.reply(stage.channel, root, card("Worse"), f"{what}/1")
    threads = stage.server.world.guilds[stage.guild].threads.values()
    assert [len(thread.messages) for thread in threads] == [1, 1]
    assert {thread.name for thread in threads} == {"🔴 Claude is down"}


async def test_a_thread_made_by_another_process_is_called_what_its_root_says(
    server: DiscordServer, stage: DiscordStage
) -> None:
    server.world.guilds[stage.guild].max_active_threads = 0
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    await stage.messenger.revise(stage.channel, root, root, over(), "k/root")
    server.world.guilds[stage.guild].max_active_threads = 1000
    async with another_messenger(server) as other:
        await other.reply(stage.channel, root, card("Worse"), "k/1")
    assert thread_of(stage).name == "🟢 Claude is down · resolved"


async def test_an_event_that_cannot_be_read_costs_no_session(stage: DiscordStage) -> None:
    for name in ("CHANNEL_UPDATE", "GUILD_ROLE_UPDATE", "THREAD_CREATE", "GUILD_CREATE"):
        await stage.server.gateway.dispatch(name, {"id": "?"}, guild=stage.guild)
    await stage.server.director.deny(int(stage.channel.id), "read_message_history")
    await heard(stage)
    assert stage.server.gateway.identifies == 1


async def test_a_guild_full_of_threads_still_gets_its_news(stage: DiscordStage) -> None:
    home = stage.server.world.guilds[stage.guild]
    home.max_active_threads = 0
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    await stage.messenger.reply(stage.channel, root, card("Worse"), "k/1")
    assert len(in_channel(stage)) == 2
    home.max_active_threads = 1000
    await stage.messenger.reply(stage.channel, root, card("Worse still"), "k/2")
    assert len(thread_of(stage).messages) == 1
