"""Discord's own manners: threads locked, archived, deleted; lines, limits, nonces, brakes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.discord.messenger import DiscordMessenger
from adapters.discord.refs import nonce
from adapters.redis.client import open_database
from adapters.redis.deferred import RedisDeferred
from bot.domain.errors import (
    CannotLook,
    ChannelGone,
    DeliveryError,
    Malformed,
    MessageGone,
    RateLimited,
    Uncertain,
)
from bot.domain.message import Lines, Message, Text
from bot.domain.page import Severity
from bot.ports import Access
from tests.contract.discord_stage import (
    DiscordStage,
    another_messenger,
    connected,
    discord_stage,
)
from tests.contract.messenger_contract import card, long_ago
from tests.delivery_kit import until
from tests.servers.discord import Channel, DiscordServer, serve
from tests.servers.redis import standalone

THREADS = r"/channels/\d+/messages/\d+/threads"


class Clock:
    """The wall clock, and how far it was moved."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def server(clock: Clock) -> AsyncIterator[DiscordServer]:
    async with serve(clock=clock) as running:
        yield running


@pytest.fixture
async def stage(server: DiscordServer) -> AsyncIterator[DiscordStage]:
    async with discord_stage(server) as one:
        yield one


def over(title: str = "Claude is down · resolved") -> Message:
    blocks = (Lines(((Text("It is over."),),)),)
    return Message(title, title, Severity.UP, "🟢", blocks=blocks, ended=True)


def thread_of(stage: DiscordStage) -> Channel:
    (thread,) = stage.server.world.guilds[stage.guild].threads.values()
    return thread


def in_channel(stage: DiscordStage) -> list[str]:
    messages = stage.server.world.channels[int(stage.channel.id)].messages
    return [str(m.body.get("content")) for m in messages.values()]


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
    await _heard(stage)
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
        await _known(other, thread_of(stage).id)
        assert dict(await other.find(stage.channel, root, ["k/1"], long_ago())) == {}
        await other.reply(stage.channel, root, card("Worse"), "k/1", in_channel=True)
    assert sum("Worse" in said for said in in_channel(stage)) == 1
    assert len(thread_of(stage).messages) == 1


async def _known(messenger: DiscordMessenger, channel_id: int) -> None:
    """Wait until the gateway told of a channel or thread."""
    async with asyncio.timeout(10):
        while messenger.channels.may_read_history(channel_id) is None:  # noqa: ASYNC110 - told by the gateway
            await asyncio.sleep(0.01)


async def test_before_the_gateway_told_what_we_may_read_an_empty_history_is_no_answer(
    server: DiscordServer, stage: DiscordStage
) -> None:
    async with another_messenger(server) as unconnected:
        with pytest.raises(DeliveryError, match="not known yet"):
            await unconnected.find(stage.other, None, ["k/root"], long_ago())


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
    await _heard(stage)
    since = clock()
    assert dict(await stage.messenger.find(stage.channel, None, ["k/root"], since)) == {}
    clock.ahead = timedelta(minutes=3)
    with pytest.raises(CannotLook):
        await stage.messenger.find(stage.channel, None, ["k/root"], since)


async def _heard(stage: DiscordStage) -> None:
    """Wait until the client knows that a permission changed."""
    async with asyncio.timeout(10):
        while stage.discord.channels.may_read_history(int(stage.channel.id)) is not False:  # noqa: ASYNC110 - told by the gateway
            await asyncio.sleep(0.01)


async def test_a_published_root_keeps_a_change_for_the_end_and_replies_do_not_wait(
    server: DiscordServer,
) -> None:
    async with discord_stage(server, "ANNOUNCEMENT") as stage:
        root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
        message = stage.server.world.channels[int(stage.channel.id)].messages[
            int(root.split("/")[1])
        ]
        await until(lambda: message.published)
        for number in range(5):
            shown = card(f"State {number}")
            await stage.messenger.revise(stage.channel, root, root, shown, "k/root")
        await stage.messenger.reply(stage.channel, root, card("Worse"), "k/1")
        assert "State 0" in message.body["content"]
        assert len(thread_of(stage).messages) == 1
        await stage.messenger.revise(stage.channel, root, root, over(), "k/root")
        assert "resolved" in message.body["content"]


async def test_what_a_limit_put_off_is_done_by_the_next_process(clock: Clock) -> None:
    with standalone() as node:
        async with serve(clock=clock) as server, discord_stage(server, "ANNOUNCEMENT") as stage:
            database = await open_database(node.url)
            store = RedisDeferred(database, "discord", clock)
            await server.director.fault(
                what="ratelimit", method="POST", path=r".*/crosspost", retry_after=1000
            )
            stage.discord.deferred.store = store
            root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
            (message,) = server.world.channels[int(stage.channel.id)].messages.values()
            await until(lambda: any(path.endswith("crosspost") for _, path, *_ in server.requests))
            await stage.discord.close()
            assert not message.published

            clock.ahead += timedelta(hours=1)
            async with another_messenger(server) as second, resuming(second, store):
                await until(lambda: message.published)
                for text in ("State 1", "State 2"):
                    await second.revise(stage.channel, root, root, card(text), "k/root")
            assert "State 1" in message.body["content"]

            clock.ahead += timedelta(hours=1)
            async with another_messenger(server) as third, resuming(third, store):
                await until(lambda: "State 2" in message.body["content"])
                async with asyncio.timeout(10):
                    # Nothing is left, for whatever time.
                    while await store.overdue(-7200):  # noqa: ASYNC110 - in another task
                        await asyncio.sleep(0.01)
            await database.close()


@contextlib.asynccontextmanager
async def resuming(messenger: DiscordMessenger, store: RedisDeferred) -> AsyncIterator[None]:
    messenger.deferred.store = store
    task = asyncio.create_task(messenger.deferred.resume())
    try:
        yield
    finally:
        task.cancel()


async def test_the_line_that_tells_the_end_is_published_too(server: DiscordServer) -> None:
    async with discord_stage(server, "ANNOUNCEMENT") as stage:
        root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
        for key, message in (("k/1", card("Worse")), ("k/2", over())):
            await stage.messenger.reply(stage.channel, root, message, key, in_channel=True)
        posted = server.world.channels[int(stage.channel.id)].messages.values()
        await until(lambda: [m.published for m in posted] == [True, False, True])


async def test_changes_of_an_old_message_are_ten_seconds_apart(
    stage: DiscordStage, clock: Clock
) -> None:
    root = await stage.messenger.open_thread(stage.channel, card(), "k/root")
    clock.ahead = timedelta(hours=2)
    await stage.messenger.revise(stage.channel, root, root, card("A"), "k/root")
    with pytest.raises(RateLimited) as limited:
        await stage.messenger.revise(stage.channel, root, root, card("B"), "k/root")
    assert 0 < limited.value.retry_after <= 10
    assert limited.value.bucket is None


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
        for key, text in (("k/2", "Worse"), ("k/3", "Worse still")):
            sent = await stage.messenger.reply(
                stage.channel, root, card(text), key, in_channel=True
            )
            found = await stage.messenger.find(stage.channel, root, [key], long_ago())
            assert dict(found) == {key: sent}
        threads = server.world.guilds[stage.guild].threads
        (second,) = (thread for thread in threads.values() if thread.id != first.id)
        assert len(second.messages) == 2
        await stage.messenger.close_thread(stage.channel, root)
        assert second.archived


async def test_what_automod_blocks_may_be_said_plainly(stage: DiscordStage) -> None:
    await stage.server.director.fault(what="error", method="POST", status=400, code=200000)
    with pytest.raises(Malformed):
        await stage.messenger.open_thread(stage.channel, card(), "k/root")


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
        await until(lambda: stage.discord.channels.tags_for(number, card()) == [place.tags[1].id])
        await stage.messenger.open_thread(forum, card(), "k/root")
        assert thread_of(stage).applied_tags == [place.tags[1].id]

        place.tags[1].moderated = True
        await server.director.update_channel(number)
        await until(lambda: stage.discord.channels.tags_for(number, card()) == [])
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
        async with asyncio.timeout(10):
            while problem and not (await stage.messenger.access(stage.channel)).problem:  # noqa: ASYNC110 - told by the gateway
                await asyncio.sleep(0.01)
        access = await stage.messenger.access(stage.channel)
        assert access.ok is ok
        assert problem in access.problem


async def test_a_global_limit_is_the_whole_bots_and_another_is_the_channels(
    stage: DiscordStage,
) -> None:
    buckets = []
    for scope in ("user", "shared", "global"):
        await stage.server.director.fault(
            what="ratelimit", method="POST", scope=scope, retry_after=7.5
        )
        with pytest.raises(RateLimited) as limited:
            await stage.messenger.open_thread(stage.channel, card(), f"{scope}/root")
        assert limited.value.retry_after == 7.5
        buckets.append(limited.value.bucket)
    assert buckets == [None, None, "discord/bot"]
    asked = len(stage.server.requests)
    with pytest.raises(RateLimited) as stopped:
        await stage.messenger.open_thread(stage.other, card(), "k/other")
    assert stopped.value.bucket == "discord/bot"
    assert len(stage.server.requests) == asked


async def test_half_of_discords_ban_threshold_stops_everything(server: DiscordServer) -> None:
    async with discord_stage(server, most_invalid=3) as stage:
        await server.director.deny(int(stage.channel.id), "send_messages")
        for _ in range(3):
            with pytest.raises(ChannelGone):
                await stage.messenger.open_thread(stage.channel, card(), "k/root")
        asked = len(server.requests)
        with pytest.raises(RateLimited) as stopped:
            await stage.messenger.open_thread(stage.other, card(), "k/other")
        assert stopped.value.bucket == "discord/bot"
        assert len(server.requests) == asked


async def test_a_refused_token_stops_everything_and_is_nowhere_shown(stage: DiscordStage) -> None:
    server = stage.server
    server.world.token = "another"
    with pytest.raises(RateLimited) as refused:
        await stage.messenger.open_thread(stage.channel, card(), "k/root")
    asked = len(server.requests)
    with pytest.raises(RateLimited):
        await stage.messenger.open_thread(stage.other, card(), "k/root")
    assert len(server.requests) == asked
    assert server.token not in repr(refused.value)


async def test_a_slow_channel_holds_no_other(stage: DiscordStage) -> None:
    path = rf"/channels/{stage.channel.id}/messages"
    await stage.server.director.fault(what="slow", method="POST", path=path, seconds=3.0)
    slow = asyncio.create_task(stage.messenger.open_thread(stage.channel, card(), "k/root"))
    await asyncio.sleep(0.05)
    await stage.messenger.open_thread(stage.other, card(), "k/other")
    assert not slow.done()
    await slow


async def test_access_names_what_is_missing(stage: DiscordStage) -> None:
    await stage.server.director.deny(int(stage.channel.id), "read_message_history", "embed_links")
    await _heard(stage)
    access = await stage.messenger.access(stage.channel)
    assert not access.ok
    assert access.problem == "I lack the permission Embed Links"
    gone = type(stage.channel)("discord", str(stage.guild), "42")
    assert not (await stage.messenger.access(gone)).ok
