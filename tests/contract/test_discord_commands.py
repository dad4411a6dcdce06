"""What people do on Discord gets an answer: commands, buttons, menus, in servers and elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from bot.domain.errors import ChannelGone
from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription
from tests.contract.discord_bot import DiscordBot, running_discord
from tests.contract.messenger_contract import card
from tests.delivery_kit import commit, incident, until
from tests.servers.discord import DiscordServer, Interaction, serve
from tests.servers.discord.permissions import mask
from tests.servers.redis import Node, standalone

MANAGER = mask("manage_guild", "view_channel", "send_messages")
MEMBER = mask("view_channel", "send_messages")


@pytest.fixture
def redis() -> Iterator[Node]:
    with standalone() as node:
        yield node


@pytest.fixture
async def server() -> AsyncIterator[DiscordServer]:
    async with serve() as running:
        yield running


class Room:
    """One channel of one guild, and a person in it."""

    def __init__(self, bot: DiscordBot, guild: int, number: int) -> None:
        self.bot = bot
        self.guild = guild
        self.number = number
        self.server = bot.server
        self.user = bot.server.world.new_user("alice")
        self.channel = bot.channel(guild, number)

    async def ask(self, **options: Any) -> Interaction:
        made = await self.server.users.slash(
            "isclaudedown", self.bot.place(self.number), self.user, permissions=MEMBER, **options
        )
        return await made.answered()

    async def look_up(self, sub: str, **options: Any) -> Interaction:
        made = await self.server.users.slash(
            "claudeinfo",
            self.bot.place(self.number),
            self.user,
            sub=sub,
            permissions=MEMBER,
            **options,
        )
        return await made.answered()

    async def watch(self, sub: str, **options: Any) -> Interaction:
        made = await self.server.users.slash(
            "claudewatch",
            self.bot.place(self.number),
            self.user,
            sub=sub,
            permissions=MANAGER,
            **options,
        )
        return await made.answered()

    async def subscription(self) -> Subscription:
        kept = await self.kept()
        assert kept is not None
        return kept

    async def kept(self) -> Subscription | None:
        return await self.bot.bot.store.subscriptions.get(self.channel)

    @property
    def public(self) -> list[str]:
        messages = self.bot.place(self.number).messages.values()
        return [m.body.get("content") or "" for m in messages if m.ephemeral_to is None]


@pytest.fixture
async def room(server: DiscordServer, redis: Node) -> AsyncIterator[Room]:
    guild = await server.director.add_guild()
    number = await server.director.add_channel(guild, "ops")
    async with running_discord(server, redis.url) as bot:
        yield Room(bot, guild, number)


async def test_the_bare_question_is_answered_privately(room: Room) -> None:
    asked = await room.ask()
    assert asked.ephemeral
    assert asked.text
    assert room.public == []


async def test_a_shared_answer_is_for_everybody(room: Room) -> None:
    asked = await room.ask(surface="api", share=True)
    assert not asked.ephemeral
    assert len(room.public) == 1


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


@pytest.mark.parametrize(
    ("sub", "options"),
    [
        ("list", {}),
        ("history", {"length": "7d"}),
        ("incident", {"id": "nothing"}),
        ("why", {}),
        ("help", {}),
        ("unsubscribe", {}),
        ("mute", {"what": "2h"}),
        ("unmute", {}),
        ("test", {}),
        ("report", {"surface": "api"}),
    ],
)
async def test_every_subcommand_answers(room: Room, sub: str, options: dict[str, str]) -> None:
    asked = await room.watch(sub, **options)
    assert asked.ephemeral
    assert asked.text.strip()


@pytest.mark.parametrize(
    ("sub", "options"),
    [
        ("list", {}),
        ("history", {"length": "7d"}),
        ("incident", {"id": "nothing"}),
        ("why", {}),
        ("report", {"surface": "api"}),
        ("scoreboard", {}),
        ("help", {}),
    ],
)
async def test_members_may_look_up_whatever_changes_nothing(
    room: Room, sub: str, options: dict[str, str]
) -> None:
    asked = await room.look_up(sub, **options)
    assert asked.ephemeral
    assert asked.text.strip()
    assert "may not" not in asked.text


async def test_the_help_names_for_members_what_members_may_call(room: Room) -> None:
    asked = await room.look_up("help")
    assert "/claudeinfo history" in asked.text
    assert "/claudewatch subscribe" in asked.text


async def test_a_conversation_is_subscribed_and_unsubscribed_like_a_channel(room: Room) -> None:
    dm = await room.server.director.add_dm(room.user.id)
    place = room.server.world.channels[dm]
    channel = Channel("discord", "@me", str(dm))
    for sub, is_kept in (("subscribe", True), ("unsubscribe", False)):
        made = await room.server.users.slash("claudewatch", place, room.user, sub=sub)
        await made.answered()
        assert (await room.bot.bot.store.subscriptions.get(channel) is not None) is is_kept


async def test_uptime_is_answered_with_a_picture_that_is_told_in_words_too(room: Room) -> None:
    asked = await room.look_up("uptime", surface="api", length="90d", slo="99.9")
    assert "Uptime of the last 90 days" in asked.text
    assert asked.original is not None
    assert asked.original.body["embeds"][-1]["image"] == {"url": "attachment://picture.png"}
    (described,) = asked.original.body["attachments"]
    assert described["description"].startswith("Uptime, last 90 days, one bar a day: API")
    ((name, data),) = room.server.uploads
    assert (name, data[:8]) == ("picture.png", b"\x89PNG\r\n\x1a\n")
    assert len(data) < 60_000


async def test_where_discord_refuses_the_picture_the_words_are_answered(room: Room) -> None:
    room.server.refuses_files = True
    asked = await room.look_up("uptime", surface="api")
    assert "Uptime of the last 90 days" in asked.text
    assert asked.original is not None
    assert "image" not in asked.original.body["embeds"][-1]


async def test_lengths_and_incidents_complete(room: Room) -> None:
    store = room.bot.bot.store
    await commit(store, incident(EventKind.OPENED))
    for sub, option, typed in (("mute", "what", "2"), ("incident", "id", "")):
        root = "claudewatch" if sub == "mute" else "claudeinfo"
        made = await room.server.users.autocomplete(
            root, room.bot.place(room.number), room.user, option, typed, sub
        )
        await made.answered()
        assert made.choices


async def test_menus_obey_the_servers_integration_settings(room: Room) -> None:
    await room.watch("subscribe", surfaces="api")
    shown = await room.watch("settings")
    assert shown.original is not None
    world = room.server.world
    (watch,) = (c for c in world.commands if c["name"] == "claudewatch")

    async def choose(severity: str, **rules: dict[int, bool]) -> Severity:
        given = {int(target.strip("_")): rule for target, rule in rules.items()}
        world.command_permissions[room.guild] = given
        assert shown.original is not None
        before = len(shown.original.versions)
        pressed = await room.server.users.press(
            shown.original, "From which severity up", room.user, [severity], MEMBER
        )
        await pressed.answered()
        await until(lambda: bool(shown.original and len(shown.original.versions) > before))
        return (await room.subscription()).severity

    command, app = f"_{watch['id']}", f"_{world.application}"
    person, everyone = room.user.id, room.guild
    assert await choose("major_outage") is Severity.DEGRADED
    assert await choose("major_outage", **{app: {person: True}}) is Severity.MAJOR
    assert await choose("degraded", **{app: {person: True}, command: {person: False}}) is (
        Severity.MAJOR
    )
    assert await choose("degraded", **{command: {everyone: True}}) is Severity.DEGRADED


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


async def test_autocompletion_completes_the_word_being_typed(room: Room) -> None:
    made = await room.server.users.autocomplete(
        "claudewatch", room.bot.place(room.number), room.user, "surfaces", "api co", "subscribe"
    )
    await made.answered()
    assert made.choices
    assert all(choice["value"].startswith("api ") for choice in made.choices)


async def test_the_menus_of_settings_change_what_a_channel_gets(room: Room) -> None:
    await room.watch("subscribe", surfaces="api")
    shown = await room.watch("settings")
    assert shown.original is not None
    pressed = await room.server.users.press(
        shown.original, "From which severity up", room.user, ["major_outage"], MANAGER
    )
    await pressed.answered()
    await until(lambda: bool(shown.original and shown.original.versions))
    kept = await room.subscription()
    assert (kept.surfaces, kept.severity) == (frozenset({"api"}), Severity.MAJOR)

    refused = await room.server.users.press(
        shown.original, "From which severity up", room.user, ["degraded"], MEMBER
    )
    await refused.answered()
    await until(lambda: len(shown.original.versions if shown.original else ()) >= 2)
    assert (await room.subscription()).severity is Severity.MAJOR


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


async def test_the_bare_question_works_in_direct_messages_and_where_only_the_user_has_it(
    room: Room,
) -> None:
    world = room.server.world
    dm = await room.server.director.add_dm(room.user.id)
    asked = await room.server.users.slash("isclaudedown", world.channels[dm], room.user)
    assert (await asked.answered()).text

    foreign = world.new_guild("foreign")
    foreign.bot_is_in = False
    place = world.new_channel(foreign, "general")
    made = await room.server.users.slash("isclaudedown", place, room.user, user_install=True)
    await made.answered()
    assert made.text
    assert "Subscribe this channel" not in made.text


async def test_an_error_that_somebody_pasted_is_explained_from_the_menu_of_the_message(
    room: Room,
) -> None:
    place = room.bot.place(room.number)
    error = "API Error: 529 overloaded_error"
    made = await room.server.users.choose("Is it Claude?", place, room.user, error)
    await made.answered()
    assert made.ephemeral
    assert "529" in made.text
    assert room.public == []


async def test_commands_in_an_answer_can_be_clicked(room: Room) -> None:
    ids = {one["name"]: one["id"] for one in room.server.world.commands}
    asked = await room.look_up("help")
    while "</claudewatch" not in asked.text:  # what was registered is not read back yet
        await asyncio.sleep(0.2)
        asked = await room.look_up("help")
    assert f"</claudewatch unsubscribe:{ids['claudewatch']}>" in asked.text
    assert f"</claudeinfo history:{ids['claudeinfo']}> `surface:api length:7d`" in asked.text


async def test_in_a_thread_the_channel_around_it_is_meant(room: Room) -> None:
    root = await room.bot.discord.messenger.open_thread(room.channel, card(), "k/root")
    thread = int(root.split("/")[1])
    made = await room.server.users.slash(
        "claudewatch", room.bot.place(thread), room.user, sub="subscribe", permissions=MANAGER
    )
    await made.answered()
    assert await room.kept() is not None


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


async def test_the_presence_is_the_verdict(room: Room) -> None:
    """Nobody has read a page here, so nothing is called up."""
    presences = room.server.gateway.presences
    await until(lambda: bool(presences))
    assert [one["state"] for one in presences[-1]["activities"]] == ["⚪ Claude unknown"]


async def test_a_channel_is_told_of_an_incident(room: Room) -> None:
    await room.watch("subscribe")
    await commit(room.bot.bot.store, incident(EventKind.OPENED))
    world = room.server.world
    await until(lambda: len(world.guilds[room.guild].threads) == 1)
