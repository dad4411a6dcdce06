"""What people ask on Discord gets an answer, in servers and elsewhere."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.errors import ChannelGone
from bot.domain.incident import EventKind
from tests.contract.discord_app.kit import Room
from tests.delivery_kit import commit, incident, until


async def test_the_bare_question_is_answered_privately(room: Room) -> None:
    asked = await room.ask()
    assert asked.ephemeral
    assert asked.text
    assert room.public == []


async def test_a_shared_answer_is_for_everybody(room: Room) -> None:
    asked = await room.ask(surface="api", share=True)
    assert not asked.ephemeral
    assert len(room.public) == 1


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


async def test_autocompletion_completes_the_word_being_typed(room: Room) -> None:
    made = await room.server.users.autocomplete(
        "claudewatch", room.bot.place(room.number), room.user, "surfaces", "api co", "subscribe"
    )
    await made.answered()
    assert made.choices
    assert all(choice["value"].startswith("api ") for choice in made.choices)


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


async def test_the_presence_is_the_verdict(room: Room) -> None:
    """Nobody has read a page here, so nothing is called up."""
    presences = room.server.gateway.presences
    await until(lambda: bool(presences))
    assert [one["state"] for one in presences[-1]["activities"]] == ["⚪ Claude unknown"]


async def test_a_member_who_is_mentioned_is_known_by_name_and_a_stranger_is_not(room: Room) -> None:
    world = room.server.world
    world.guilds[room.guild].members[room.user.id] = []
    messenger = room.bot.discord.messenger
    assert await messenger.name_of(room.channel, str(room.user.id)) == "alice"
    for person in ("1", "nobody"):
        with pytest.raises(ChannelGone):
            await messenger.name_of(room.channel, person)
