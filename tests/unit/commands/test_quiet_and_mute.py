"""Quiet hours and mutes as people set them: what is not understood is refused, never ignored."""

from __future__ import annotations

from datetime import time, timedelta

import pytest

from bot.domain.quiet import QuietHours
from tests.unit.commands.fakes import Room
from tests.unit.messages.examples import NOW, OUTAGE


async def subscribed() -> Room:
    room = Room(OUTAGE)
    await room.type("subscribe")
    return room


async def test_quiet_hours_are_set_shown_kept_and_ended() -> None:
    room = await subscribed()
    answer = await room.type("quiet 22:00-07:00 Europe/Berlin weekdays except major")
    assert answer.public is not None
    assert "set quiet hours here: 22:00-07:00 Europe/Berlin weekdays" in answer.public.plain
    assert room.here is not None
    assert room.here.quiet == QuietHours(
        time(22), time(7), "Europe/Berlin", frozenset(range(5)), except_major=True
    )
    settings = "· quiet 22:00-07:00 Europe/Berlin weekdays except major"
    assert settings in await room.say("subscriptions")
    await room.type("subscribe code")
    assert room.here.quiet is not None  # the same again replaces surfaces, not manners
    assert "no quiet hours" in (await room.say("quiet off")).casefold()
    assert room.here.quiet is None


async def test_ending_quiet_hours_tells_what_goes_on() -> None:
    room = await subscribed()
    await room.type("quiet 22-7 UTC")
    await room.type("quiet off")
    assert room.subscriptions.behind == [OUTAGE.key]


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("quiet 22:00-07:00", "time zone"),
        ("quiet 22:00-07:00 Berlin", "Europe/Berlin"),
        ("quiet tonight", "“tonight”"),
        ("mute xyzzy 2h", "“xyzzy”"),
        ("mute 2h xyzzy", "“xyzzy”"),
        ("mute until 9:00", "in which time zone"),
        ("mute until whenever", "Until when?"),
        ("mute api", "For how long?"),
    ],
)
async def test_what_is_not_understood_changes_nothing(typed: str, says: str) -> None:
    room = await subscribed()
    before = room.here
    assert says in await room.say(typed)
    assert room.here == before


async def test_a_surface_an_incident_and_a_time_can_be_muted() -> None:
    room = await subscribed()
    await room.type("mute api 2h")
    assert room.here is not None
    assert room.here.muted_surfaces == {"api": NOW + timedelta(hours=2)}
    await room.type("mute opus for 30 min")
    assert room.here.muted_surfaces.keys() == {"api", "opus"}
    assert room.here.muted_until is None
    await room.type(f"mute {OUTAGE.id}")
    assert room.here.muted_incidents.keys() == {OUTAGE.key}
    assert room.here.is_muted(NOW, OUTAGE)
    await room.type("unmute")
    assert not room.here.muted_surfaces
    assert not room.here.muted_incidents
    await room.type("quiet 22-7 Europe/Berlin")
    await room.type("mute until 9:00")
    assert room.here.muted_until is not None
    assert NOW < room.here.muted_until <= NOW + timedelta(days=1)


async def test_only_what_is_muted_is_silent() -> None:
    room = await subscribed()
    await room.type("mute 2h console")
    assert room.here is not None
    assert not room.here.is_muted(NOW, OUTAGE)
    await room.type(f"mute 2h {' '.join(OUTAGE.surfaces)}")
    assert room.here.is_muted(NOW, OUTAGE)
    assert not room.here.is_muted(NOW + timedelta(hours=3), OUTAGE)
