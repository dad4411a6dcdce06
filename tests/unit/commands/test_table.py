"""One row of `COMMANDS`, and every platform has the command."""

from __future__ import annotations

from pathlib import Path

import pytest
from discord import Client, Intents
from discord.app_commands import Command as DiscordCommand
from discord.app_commands import Group
from prompt_toolkit.document import Document

from adapters.discord.command_names import INFO, MANAGE, clickable, native, subcommand
from adapters.discord.commands import build_tree
from adapters.terminal.completion import PromptCompleter
from bot.commands import Answer, table
from bot.commands.types import Command, Option, ParsedCommand, Request, Services, Takes
from bot.messages.text import notice
from tests.unit.commands.fakes import Room

ROOT = Path(__file__).resolve().parents[3]


async def _brew(_services: Services, _request: Request, words: ParsedCommand) -> Answer:
    return Answer(notice(f"Brewing for {words.surfaces}"))


# What one would add to the product: this row, and the function above in a module of its own.
TOY = Command(
    "brew",
    "brew api",
    "tea while you wait",
    _brew,
    aliases=("tea",),
    options=(Option("surface", Takes.SURFACE, "For whom"),),
)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "COMMANDS", (*table.COMMANDS, TOY))


@pytest.mark.usefixtures("toy")
async def test_a_row_is_a_command_with_its_words_options_and_help() -> None:
    room = Room()
    assert "Brewing for ['api']" in await room.say("tea api")
    assert "tea while you wait" in await room.say("help")
    assert "brew" in await room.say("xyzzy plugh")


@pytest.mark.usefixtures("toy")
def test_a_row_is_completed_at_the_prompt_with_what_may_follow_it() -> None:
    words = PromptCompleter(Room().commands)

    def offers(typed: str) -> list[str]:
        return [one.text for one in words.get_completions(Document(typed), None)]  # type: ignore[arg-type]  # not used

    assert offers("bre") == ["brew"]
    assert "console" in offers("brew cons")


@pytest.mark.usefixtures("toy")
async def test_a_row_is_a_command_of_discord_under_its_own_words() -> None:
    tree = build_tree(Client(intents=Intents.none()), None)  # type: ignore[arg-type]  # nobody calls
    group = tree.get_command(MANAGE)
    assert isinstance(group, Group)
    made = group.get_command("brew")
    assert isinstance(made, DiscordCommand)
    assert [one.name for one in made.parameters] == ["surface"]
    assert made.description == "Tea while you wait"
    assert native("brew api") == f"/{INFO} brew surface:api"


def test_another_channel_can_be_picked_for_what_a_channel_gets_and_not_for_the_team() -> None:
    tree = build_tree(Client(intents=Intents.none()), None)  # type: ignore[arg-type]  # nobody calls
    group = tree.get_command(MANAGE)
    assert isinstance(group, Group)
    picks = {
        made.name
        for made in group.commands
        if isinstance(made, DiscordCommand) and "channel" in {one.name for one in made.parameters}
    }
    assert picks == {"subscribe", "unsubscribe", "settings"}


def test_the_documentation_lists_every_command() -> None:
    documented = (ROOT / "docs" / "using.md").read_text()
    rows = [
        f"| `{typed}` | {help_} |" if typed != "(nothing)" else f"| *(nothing)* | {help_} |"
        for typed, help_ in table.help_lines()
    ]
    assert "\n".join(rows) in documented, "docs/using.md: the table is\n" + "\n".join(rows)


def test_the_documentation_of_discord_lists_every_subcommand() -> None:
    documented = (ROOT / "docs" / "discord.md").read_text()
    for_all = [subcommand(one) for one in table.COMMANDS if not one.changes and one.verb != "ask"]
    managing = [subcommand(one) for one in table.COMMANDS if one.changes]
    managing.insert(managing.index("unsubscribe") + 1, "settings")  # a form, and no row
    assert f"| `/{INFO} {' · '.join(for_all)}` |" in documented
    assert f"| `/{MANAGE} {' · '.join(managing)}`, and those" in documented


def test_every_command_in_an_answer_can_be_clicked_on_discord() -> None:
    ids = {INFO: "1", MANAGE: "2"}
    for command in table.COMMANDS:
        if not command.personal:
            root, name = MANAGE if command.changes else INFO, subcommand(command)
            assert clickable(f"`/{root} {name}`", ids) == f"</{root} {name}:{ids[root]}>"
