"""Forum posts, mentions, blocked words, and what is not allowed."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.domain.errors import (
    ChannelGone,
    Malformed,
    MessageGone,
    Uncertain,
)
from bot.messenger import Access
from tests.contract.discord_sending.kit import heard, thread_of
from tests.contract.discord_stage import (
    DiscordStage,
    another_messenger,
    discord_stage,
)
from tests.contract.messenger_contract import card, long_ago
from tests.servers.discord import DiscordServer


async def test_a_mention_stands_in_the_channel_and_calls_only_whom_it_names(
    stage: DiscordStage,
) -> None:
    world = stage.server.world
    home = world.guilds[stage.guild]
    role = next(iter(home.roles.values()))
    oncall = type(role)(world.new_id(), "oncall", 0, mentionable=True)
    home.roles[oncall.id] = oncall
    mention = f"<@&{oncall.id}>"
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root", mention=mention)
    await stage.messenger.reply(
        stage.channel, root, card("Worse <@1> @everyone"), "k/1", in_channel=True, mention=mention
    )
    await stage.messenger.open_thread(stage.other, card(), "k/other", mention="@everyone")
    pinged = [m.pinged for m in world.all_messages()]
    assert pinged.count([f"&{oncall.id}"]) == 2
    assert pinged.count([]) == 2


async def test_a_forum_post_whose_answer_was_lost_is_found_and_not_made_again(
    server: DiscordServer,
) -> None:
    async with discord_stage(server, "FORUM") as stage:
        await server.director.fault(what="error", after=True, method="POST", status=500)
        with pytest.raises(Uncertain):
            await stage.messenger.open_thread(stage.channel, card(), "k/root")
        found = await stage.messenger.find(stage.channel, None, ["k/root"], long_ago())
        post = thread_of(stage)
        assert dict(found) == {"k/root": f"{post.id}/{post.id}"}


@pytest.mark.parametrize("what", ["locked", "deleted"])
async def test_a_forum_post_that_is_closed_to_us_does_not_end_the_telling(
    server: DiscordServer, what: str
) -> None:
    async with discord_stage(server, "FORUM") as stage:
        root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
        first = thread_of(stage)
        if what == "locked":
            await server.director.archive_thread(first.id, True)
        else:
            await server.director.delete_channel(first.id)
        with pytest.raises(MessageGone):
            await stage.messenger.reply(stage.channel, root, card("A text"), "k/1")
        worse = await stage.messenger.reply(
            stage.channel, root, card("Worse"), "k/2", in_channel=True
        )
        found = await stage.messenger.find(stage.channel, root, ["k/2"], long_ago())
        assert dict(found) == {"k/2": worse}
        assert stage.discord.begins_thread(worse)
        # Whoever goes on has it from the record alone: as after a restart.
        async with another_messenger(server) as later:
            more = await later.reply(stage.channel, worse, card("Worse still"), "k/3")
            assert not later.begins_thread(more)
            found = await later.find(stage.channel, worse, ["k/3"], long_ago())
            assert dict(found) == {"k/3": more}
            await later.close_thread(stage.channel, worse)
        threads = server.world.guilds[stage.guild].threads
        (second,) = (thread for thread in threads.values() if thread.id != first.id)
        assert len(second.messages) == 2
        assert second.archived


async def test_what_automod_blocks_may_be_said_plainly(stage: DiscordStage) -> None:
    await stage.server.director.fault(what="error", method="POST", status=400, code=200000)
    with pytest.raises(Malformed):
        await stage.messenger.open_thread(stage.channel, card(), "k/root")


async def tagged(stage: DiscordStage, forum: int, *tags: int) -> None:
    """Return when the gateway told that a post there gets these tags."""
    async with asyncio.timeout(60):
        while await stage.discord.channels.tags_for(forum, card()) != list(tags):  # noqa: ASYNC110 - told by the gateway
            await asyncio.sleep(0.01)


async def test_a_forum_that_wants_a_tag_gets_the_first_that_we_may_set(
    server: DiscordServer,
) -> None:
    async with discord_stage(server) as stage:
        number = await server.director.add_channel(
            stage.guild, "f", "FORUM", ("bugs", "help"), True
        )
        place = server.world.channels[number]
        place.tags[0].moderated = True
        await server.director.update_channel(number)
        forum = type(stage.channel)("discord", str(stage.guild), str(number))
        await tagged(stage, number, place.tags[1].id)
        await stage.messenger.open_thread(forum, card(), "k/root")
        assert thread_of(stage).applied_tags == [place.tags[1].id]

        place.tags[1].moderated = True
        await server.director.update_channel(number)
        await tagged(stage, number)
        assert "none that I may set" in (await stage.messenger.access(forum)).problem
        with pytest.raises(ChannelGone, match="named incident"):
            await stage.messenger.open_thread(forum, card(), "k/2")
        server.violations.clear()


@pytest.mark.parametrize(
    ("kind", "denied", "ok", "problem"),
    [
        ("TEXT", "create_public_threads", True, "Create Public Threads: updates come as replies"),
        ("TEXT", "send_messages_in_threads", True, "updates come as replies"),
        ("TEXT", "read_message_history", True, "may stand here twice or be missing"),
        ("TEXT", "send_messages", False, "Send Messages"),
        ("FORUM", "send_messages_in_threads", False, "Send Messages in Threads"),
        ("VOICE", "connect", False, "Connect"),
        ("VOICE", "create_public_threads", True, ""),
    ],
)
async def test_what_will_fail_is_known_beforehand(
    server: DiscordServer, kind: str, denied: str, ok: bool, problem: str
) -> None:
    async with discord_stage(server, kind) as stage:
        assert await stage.messenger.access(stage.channel) == Access(ok=True)
        await server.director.deny(int(stage.channel.id), denied)
        async with asyncio.timeout(60):
            while problem and not (await stage.messenger.access(stage.channel)).problem:  # noqa: ASYNC110 - told by the gateway
                await asyncio.sleep(0.01)
        access = await stage.messenger.access(stage.channel)
        assert access.ok is ok
        assert problem in access.problem


async def test_access_names_what_is_missing(stage: DiscordStage) -> None:
    await stage.server.director.deny(int(stage.channel.id), "read_message_history", "embed_links")
    await heard(stage)
    access = await stage.messenger.access(stage.channel)
    assert not access.ok
    assert access.problem == "I lack the permission Embed Links"
    gone = type(stage.channel)("discord", str(stage.guild), "42")
    assert not (await stage.messenger.access(gone)).ok


async def test_a_search_for_posts_takes_none_of_another_forum_and_none_from_before(
    server: DiscordServer,
) -> None:
    async with discord_stage(server, "FORUM") as stage:
        beside = await stage.new_channel("FORUM")
        root = await stage.messenger.open_thread(beside, card(), "k/root")
        assert dict(await stage.messenger.find(stage.channel, None, ["k/root"], long_ago())) == {}
        assert dict(await stage.messenger.find(beside, None, ["k/root"], long_ago())) == {
            "k/root": root
        }
        assert dict(await stage.messenger.find(beside, None, ["k/other"], long_ago())) == {}
        later = server.world.clock() + timedelta(minutes=5)
        assert dict(await stage.messenger.find(beside, None, ["k/root"], later)) == {}
