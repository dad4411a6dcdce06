"""A change that cannot be made, or not yet, says why and changes nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.commands import Commands
from bot.domain.errors import DeliveryError
from bot.domain.state import ComponentState
from bot.domain.subscription import Pause, ThreadRecord
from bot.messenger import Access
from tests.unit.commands.fakes import OPS, Room
from tests.unit.messages.examples import OUTAGE, OVER, UP, ago


async def test_an_ambiguous_name_asks_back_and_never_takes_the_first() -> None:
    room = Room()
    text = await room.say("subscribe clau")
    assert room.here is None
    assert "claude.ai" in text
    assert "Claude Code" in text
    assert "nothing was changed" in text


async def test_an_unknown_word_gets_the_nearest_match_and_the_short_help() -> None:
    room = Room()
    text = await room.say("subscibe api")
    assert "Did you mean subscribe?" in text
    assert "I know: subscribe" in text
    assert room.here is None


async def test_of_a_word_without_end_a_beginning_is_repeated() -> None:
    room = Room()
    assert len(await room.say("x" * 20_000)) < 500
    assert len(await room.say(f"subscribe api {'y' * 20_000}")) < 500


async def test_more_people_than_a_message_has_room_for_are_not_called() -> None:
    room = Room()
    crowd = " ".join(f"<@U{number}>" for number in range(10_000))
    assert "I call at most 25 at once (nothing was changed)" in await room.say(f"sub api {crowd}")
    assert room.here is None
    await room.say("subscribe api " + "<@U1> " * 10_000)
    assert room.here is not None
    assert room.here.mention == "<@U1>"


async def test_a_channel_that_cannot_be_written_to_is_told_so_at_once() -> None:
    room = Room()
    room.slack.may = Access(False, "I am not in this channel", "Type /invite @isclaudedown.")
    text = await room.say("subscribe api")
    assert "I can't write in this channel yet: I am not in this channel. Type /invite" in text
    assert room.surfaces() == {"api"}


async def test_not_knowing_whether_it_may_write_is_said_too() -> None:
    room = Room()
    room.slack.may = DeliveryError("timeout")
    assert "I could not find out whether I may write here (timeout)" in await room.say("sub")


async def test_a_platform_that_is_not_connected_is_named() -> None:
    room = Room()
    answer = await room.type("subscribe", channel=replace(OPS, platform="discord"))
    assert "discord is not connected" in answer.message.plain


async def test_subscribing_in_an_outage_queues_it_at_once() -> None:
    room = Room(OUTAGE)
    text = await room.say("subscribe code")
    assert room.subscriptions.behind == [OUTAGE.key]
    assert "Going on right now" in text
    assert "Claude.ai unavailable" in text


async def test_an_outage_that_is_not_asked_for_or_over_is_not_queued() -> None:
    room = Room(OUTAGE)
    await room.type("subscribe opus")
    assert room.subscriptions.behind == []
    for incident in (OVER, replace(OUTAGE, severity=UP)):
        room = Room(incident)
        await room.type("subscribe code")
        assert room.subscriptions.behind == []


async def test_who_may_not_manage_changes_nothing_and_is_told() -> None:
    room = Room()
    for text in ("subscribe api", "unsubscribe", "mute 2h", "unmute", "test"):
        answer = await room.type(text, may_manage=False)
        assert "You may not change" in answer.message.title
    assert room.here is None
    assert room.slack.said == {}
    assert "Everything is up" in await room.say("", may_manage=False)


async def test_subscribing_again_ends_a_pause_that_no_longer_holds() -> None:
    room = Room()
    await room.type("subscribe api")
    assert room.here
    paused = replace(room.here, paused=Pause("not_in_channel", ago(60), None))
    room.subscriptions.kept[OPS] = paused
    await room.type("subscribe api")
    assert room.here
    assert room.here.paused is None


@pytest.mark.parametrize("command", ["subscriptions", "mute 2h", "why"])
async def test_a_pause_is_explained_in_the_words_of_its_platform(command: str) -> None:
    room = Room()
    await room.type("subscribe api")
    assert room.here
    paused = replace(room.here, paused=Pause("not_in_channel", ago(60), None))
    room.subscriptions.kept[OPS] = paused
    said = await room.say(command)
    assert "I am not in this channel: /invite @isclaudedown (not_in_channel)" in said


SEVERAL = only(load_catalog(), ["claude", "openai", "npm"])


async def test_a_page_that_was_never_read_is_not_taken_for_everything() -> None:
    room = Room(catalog=SEVERAL)
    for words in ("npm", "+npm", "api npm"):
        text = await room.say(f"subscribe {words}")
        assert "I have not read the page of npm yet" in text
        assert "which does not answer just now" in text
        assert await room.subscriptions.get(OPS) is None


@pytest.mark.parametrize(
    ("words", "gets"),
    [
        ("npm", {"npm/website", "npm/registry"}),
        ("api npm", {"api", "npm/website", "npm/registry"}),
        ("+npm", {"npm/website", "npm/registry"}),
    ],
)
async def test_who_names_a_page_before_its_first_poll_gets_it_as_soon_as_that_came(
    words: str, gets: set[str]
) -> None:
    room = Room(catalog=SEVERAL)
    asked: list[str] = []

    def poll_soon(provider: str) -> None:
        asked.append(provider)
        rows = {
            "w": ComponentState("Website", UP, "operational", ago(60)),
            "r": ComponentState("Registry", UP, "operational", ago(60)),
        }
        room.incident_store.changes = {"components": rows}

    room.commands = Commands(replace(room.services, poll_soon=poll_soon, first_poll_within=10))
    await room.say(f"subscribe {words}")
    assert room.here
    assert room.here.surfaces == gets
    assert asked == ["npm"]


async def test_a_page_that_does_not_answer_is_waited_for_no_longer_than_was_agreed() -> None:
    room = Room(catalog=SEVERAL)
    room.commands = Commands(replace(room.services, first_poll_within=0.01))
    assert "I have not read the page of npm yet" in await room.say("subscribe npm")
    assert room.here is None


async def test_taking_away_what_was_never_read_does_not_end_the_subscription() -> None:
    room = Room(catalog=SEVERAL)
    await room.type("subscribe api")
    before = await room.subscriptions.get(OPS)
    for words in ("unsubscribe npm", "subscribe -npm"):
        assert "nothing was changed" in await room.say(words)
        assert await room.subscriptions.get(OPS) == before


async def test_everything_but_one_thing_is_of_the_provider_that_is_told_by_default() -> None:
    room = Room(catalog=SEVERAL)
    await room.type("subscribe -mobile")
    kept = await room.subscriptions.get(OPS)
    assert kept is not None
    assert "api" in kept.surfaces
    assert not any("/" in surface or surface == "mobile" for surface in kept.surfaces)


async def test_with_several_providers_everything_says_whose() -> None:
    assert "everything of Claude" in await Room(catalog=SEVERAL).say("subscribe")


async def test_posted_at_once_is_said_only_if_it_is() -> None:
    room = Room(OUTAGE)
    assert "posted here at once: Claude.ai unavailable" in await room.say("subscribe code")
    room = Room(OUTAGE)
    room.threads.kept[OPS, OUTAGE.key] = ThreadRecord(root="1.2", joined=1, shown=2)
    assert "in its thread here already: Claude.ai unavailable" in await room.say("subscribe code")


async def test_just_me_does_not_count_the_one_who_asks() -> None:
    room = Room()
    await room.type("report api")
    assert "It looks like it is just you" in await room.say("justme api")


async def test_the_checklist_names_the_page_of_what_is_asked_about() -> None:
    text = await Room().say("justme api")
    assert "Does https://status.claude.com open?" in text
