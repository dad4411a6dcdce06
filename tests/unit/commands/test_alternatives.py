"""`alternatives`: said once for a team, shown with what is known of each right now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.domain.message import Message
from tests.unit.commands.fakes import DEV, Room
from tests.unit.messages.examples import spoken

CATALOG = only(load_catalog(), ["claude", "openai", "bedrock/eu-west-1"])


class Teams:
    """`TeamAlternatives`, kept in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, ...]] = {}

    async def of(self, owner: str) -> tuple[str, ...]:
        return self.kept.get(owner, ())

    async def put(self, owner: str, names: Sequence[str]) -> None:
        self.kept[owner] = tuple(names)

    async def all(self) -> Mapping[str, tuple[str, ...]]:
        return self.kept


def room() -> tuple[Room, Teams]:
    found, teams = Room(catalog=CATALOG), Teams()
    found.services.status.teams = teams
    return found, teams


async def test_names_replace_and_signs_add_and_take_away() -> None:
    here, teams = room()
    await here.type("alternatives openai bedrock")
    assert teams.kept == {"slack/T1": ("openai", "bedrock")}
    await here.type("alternatives -openai")
    assert teams.kept == {"slack/T1": ("bedrock",)}
    await here.type("alternatives +chatgpt")
    assert teams.kept == {"slack/T1": ("bedrock", "openai/chatgpt")}
    await here.type("alternatives -bedrock -chatgpt")
    assert teams.kept == {"slack/T1": ()}


async def test_a_change_leaves_one_public_line_and_counts_for_the_whole_team() -> None:
    here, _ = room()
    answer = await here.type("alternatives bedrock")
    assert isinstance(answer.public, Message)
    assert "Ana said what this team can use instead: Amazon Bedrock" in spoken(answer.public)
    said = spoken((await here.type("alternatives", channel=DEV)).message)
    assert "Used here instead: Amazon Bedrock" in said


async def test_what_is_not_known_to_work_is_shown_as_not_offered() -> None:
    here, _ = room()
    said = await here.say("alternatives bedrock")
    assert "Bedrock in eu-west-1: unknown, so it is not offered" in said


async def test_alone_it_shows_and_changes_nothing() -> None:
    here, teams = room()
    answer = await here.type("alternatives")
    assert "Nobody has said yet what can be used here instead" in spoken(answer.message)
    assert answer.public is None
    assert teams.kept == {}


async def test_a_provider_that_is_not_watched_is_said_to_be_so_and_how_to_switch_it_on() -> None:
    here, teams = room()
    said = await here.say("alternatives mistral")
    assert said.splitlines()[1] == (
        "Mistral is not watched here: whoever runs me switches it on by adding mistral to "
        "ISCLAUDEDOWN_PROVIDERS."
    )
    assert "I know" not in said
    assert teams.kept == {}


async def test_of_a_provider_with_regions_it_says_that_one_is_named() -> None:
    without = Room(catalog=only(load_catalog(), ["claude"]))
    assert "adding bedrock with a region, as in bedrock/eu-west-1, to" in await without.say(
        "is bedrock down"
    )


async def test_a_word_that_is_unknown_beside_it_still_gets_the_short_help() -> None:
    here, _ = room()
    assert "I know: " in await here.say("alternatives mistral xyzzy")


async def test_who_may_not_manage_changes_nothing() -> None:
    here, teams = room()
    await here.type("alternatives openai", may_manage=False)
    assert teams.kept == {}
