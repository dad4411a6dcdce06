"""What a channel gets after a change, in words and in the store."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.domain.page import Severity
from bot.messages.subscription import command_for
from tests.unit.commands.fakes import Room
from tests.unit.messages.examples import NOW, OUTAGE


async def test_subscribing_says_what_the_channel_gets_and_how_to_change_it() -> None:
    room = Room()
    answer = await room.type("subscribe api code partial")
    assert answer.message.title == "Subscribed to API, Claude Code"
    text = await room.say("subs")
    assert "This channel gets: API, Claude Code · from partial outage up" in text
    assert "subscribe -api" in text
    assert "unsubscribe" in text


async def test_naming_a_surface_means_only_that_surface() -> None:
    room = Room()
    await room.type("subscribe api")
    assert room.surfaces() == {"api"}


async def test_no_surface_means_everything() -> None:
    room = Room()
    text = await room.say("subscribe")
    assert room.surfaces() == set()
    assert "This channel gets: everything · from degraded up" in text


async def test_a_change_leaves_one_short_public_line_with_who_and_what() -> None:
    room = Room()
    first = await room.type("subscribe api")
    again = await room.type("subscribe code")
    ended = await room.type("unsubscribe")
    lines = [answer.public and answer.public.plain for answer in (first, again, ended)]
    assert lines == [
        "Ana subscribed this channel to API",
        "Ana changed what this channel gets: Claude Code",
        "Ana unsubscribed this channel",
    ]


async def test_what_changed_nothing_leaves_no_public_line() -> None:
    room = Room()
    await room.type("subscribe api")
    answer = await room.type("subscribe api")
    assert answer.public is None
    assert answer.message.title.startswith("Nothing changed")


@pytest.mark.parametrize(
    "text", ["", "api", "subs", "history", "incident x", "why", "help", "xyzzy", "subscribe co"]
)
async def test_asks_lists_help_and_errors_are_private_and_change_nothing(text: str) -> None:
    room = Room()
    answer = await room.type(text)
    assert (answer.public, answer.shared, room.here) == (None, False, None)


async def test_the_same_again_replaces() -> None:
    room = Room()
    await room.type("subscribe api code major")
    await room.type("subscribe opus")
    assert room.surfaces() == {"opus"}
    assert room.here
    assert room.here.severity is Severity.DEGRADED


async def test_signs_adjust_and_keep_the_rest() -> None:
    room = Room()
    await room.type("subscribe api code major")
    await room.type("subscribe +opus -api")
    assert room.surfaces() == {"code", "opus"}
    assert room.here
    assert room.here.severity is Severity.MAJOR


async def test_a_sign_alone_starts_from_nothing_or_from_everything() -> None:
    room = Room()
    await room.type("subscribe +opus")
    assert room.surfaces() == {"opus"}
    await room.type("unsubscribe")
    await room.type("subscribe -mobile")
    assert "mobile" not in room.surfaces()
    assert {"api", "code", "opus"} <= room.surfaces()


async def test_taking_away_the_last_surface_never_means_everything() -> None:
    room = Room()
    await room.type("subscribe api")
    answer = await room.type("subscribe -api")
    assert room.surfaces() == {"api"}
    assert "nothing was changed" in answer.message.title


async def test_unsubscribing_from_a_surface_takes_only_that_away() -> None:
    room = Room()
    await room.type("subscribe api code")
    await room.type("unsubscribe api")
    assert room.surfaces() == {"code"}
    await room.type("unsubscribe code")
    assert room.here is None


async def test_nobody_can_make_it_call_a_whole_channel() -> None:
    room = Room()
    text = await room.say("subscribe api <!channel>")
    assert "I never call a whole channel" in text
    assert room.here
    assert room.here.mention is None


async def test_a_mention_alone_keeps_all_the_rest() -> None:
    room = Room()
    await room.type("subscribe api major")
    await room.type("subscribe <!subteam^S1|@oncall>")
    assert room.here
    assert (room.surfaces(), room.here.severity) == ({"api"}, Severity.MAJOR)
    assert room.here.mention == "<!subteam^S1>"
    await room.type("subscribe nomention")
    assert room.here.mention is None


@pytest.mark.parametrize("words", ["<@U1> from major", "<@U1> mention-from major"])
async def test_somebody_can_be_called_for_the_worst_alone(words: str) -> None:
    room = Room()
    text = await room.say(f"subscribe api partial {words}")
    assert room.here
    assert (room.here.severity, room.here.mention_from) == (Severity.PARTIAL, Severity.MAJOR)
    assert "gets worse (major outages only)" in text
    again = command_for(room.here)
    await room.type("subscribe nomention")
    await room.type(again)
    assert room.here.mention_from == Severity.MAJOR
    await room.type("subscribe <@U1>")
    assert room.here.mention_from.rank == Severity.UP.rank  # the same again replaces


async def test_muting_has_an_end_that_is_told_and_unmuting_catches_up() -> None:
    room = Room(OUTAGE)
    await room.type("subscribe code")
    text = await room.say("mute 2h")
    assert room.here
    assert room.here.muted_until == NOW + timedelta(hours=2)
    assert "muted until 19:51" in text
    await room.type("unmute")
    assert room.here.muted_until is None
    assert room.subscriptions.behind == [OUTAGE.key]


async def test_muting_asks_for_how_long_and_never_for_ever() -> None:
    room = Room()
    await room.type("subscribe")
    assert "For how long?" in await room.say("mute")
    await room.type("mute 9999d")
    assert room.here
    assert room.here.muted_until == NOW + timedelta(days=30)


async def test_undo_brings_back_severity_mention_and_what_stays_in_the_thread() -> None:
    room = Room()
    await room.type("subscribe api code major <!subteam^S1> thread-only")
    before = room.here
    text = await room.say("unsubscribe")
    (typed,) = [line for line in text.splitlines() if line.startswith("To undo: ")]
    await room.type(typed.removeprefix("To undo: "))
    assert room.here == before
