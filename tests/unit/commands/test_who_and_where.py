"""Who may not manage a channel changes nothing in any way; and one workspace is its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bot.commands.subscription_change import SubscriptionChange
from bot.commands.types import Request
from bot.domain.incident import Incident, Origin
from bot.domain.page import Severity
from bot.domain.subscription import Channel, Subscription
from tests.unit.commands.fakes import OPS, Room
from tests.unit.messages.examples import OUTAGE, spoken

ASKED = Request(OPS, "U1", "Ana", "")
GUEST = Request(OPS, "U2", "Bob", "", may_manage=False)


async def test_a_button_or_a_form_asks_for_the_same_rights_as_the_words() -> None:
    room = Room()
    pressed = await room.commands.press(GUEST, "subscribe", "api")
    formed = await room.commands.subscribe(GUEST, SubscriptionChange(severity=Severity.MAJOR))
    assert room.here is None
    for answer in (pressed, formed):
        assert "nothing was changed" in spoken(answer.message)
        assert answer.public is None


async def test_the_list_names_the_other_channels_of_this_workspace_and_no_other() -> None:
    room = Room()
    for channel in (OPS, Channel("slack", OPS.tenant, "CNEXT"), Channel("slack", "T9", "CALIEN")):
        room.subscriptions.kept[channel] = Subscription(channel)
    said = await room.say("subscriptions")
    assert "1 other channel here is subscribed too." in said


@pytest.mark.parametrize(
    "asked", ["", "code", "history", "incident x1", "why x1", "on-it x1", "mute x1 2h", "justme"]
)
async def test_what_the_people_of_another_workspace_suspect_is_theirs_alone(asked: str) -> None:
    title = "Suspected trouble, not confirmed"
    suspected = replace(
        OUTAGE, id="x1", title=title, origin=Origin.SUSPECTED, visibility=("slack/T9",), url=""
    )
    room = Room(suspected)
    alien = Channel("slack", "T9", "CALIEN")
    room.subscriptions.kept |= {one: Subscription(one) for one in (OPS, alien)}

    assert title not in await room.say(asked)
    assert title not in spoken((await room.commands.press(ASKED, "details", "claude/x1")).message)
    assert await room.commands.linked_incident("https://a.example/x1") is None
    assert await room.commands.suggest_incidents("x") == []
    theirs = await room.type("history", channel=alien)
    assert title in spoken(theirs.message)


async def test_a_root_is_changed_by_a_new_report_and_by_none_that_is_said_again() -> None:
    room, told = Room(), list[Channel]()

    async def reported(channel: Channel, about: Sequence[Incident]) -> None:
        del about
        told.append(channel)

    room.services.reported = reported
    for _ in range(3):
        await room.type("report api")
    assert told == [OPS]
    await room.commands.press(Request(OPS, "U1", "Ana", ""), "works", "api")
    assert told == [OPS, OPS], "taken back"
    assert not room.reports.said
