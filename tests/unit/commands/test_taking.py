"""I'm on it, as people press and type it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from bot.commands import Answer, Request
from bot.domain.taker import Escalation, Taker
from tests.unit.commands.fakes import OPS, Room
from tests.unit.messages.examples import OUTAGE, spoken


@dataclass
class Takers:
    kept: dict[tuple[str, str], Taker] = field(default_factory=dict)

    async def take(self, owner: str, incident: str, taker: Taker, *, over: bool = False) -> Taker:
        if over:
            self.kept[owner, incident] = taker
        return self.kept.setdefault((owner, incident), taker)

    async def of_incident(self, incident: str) -> Mapping[str, Taker]:
        return {owner: taker for (owner, key), taker in self.kept.items() if key == incident}

    async def end(self, incident: str) -> None: ...


def room() -> Room:
    one = Room(OUTAGE)
    one.commands._services.takers = Takers()
    return one


async def press(where: Room, action: str, person: str, name: str) -> Answer:
    return await where.commands.press(Request(OPS, person, name), action, OUTAGE.key)


async def test_one_has_it_and_both_are_told_who() -> None:
    here = room()
    first = await press(here, "onit", "U1", "Ada")
    second = await press(here, "onit", "U2", "Bob")
    assert first.message.title.startswith("You are on it")
    assert second.message.title.startswith("Ada is on it already")
    assert [button.action for button in second.message.buttons] == ["takeover"]
    again = await press(here, "onit", "U1", "Ada")
    assert again.message.title.startswith("You were on it already")


async def test_it_can_be_taken_over_and_handed_over() -> None:
    here = room()
    await press(here, "onit", "U1", "Ada")
    taken = await press(here, "takeover", "U2", "Bob")
    assert taken.message.title.startswith("You are on it")
    assert "Handed over to Cleo" in await here.say("handover Cleo")
    later = await press(here, "onit", "U2", "Bob")
    assert later.message.title.startswith("Cleo is on it already")


async def test_typed_it_means_the_only_incident_that_goes_on() -> None:
    here = room()
    assert "You are on it" in await here.say("on-it")
    assert "Which incident?" in await here.say("on-it nosuch")
    assert "To whom?" in await here.say("handover <@U7>")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("<@U2>", "Ben Bright"),
        ("<@U2|ben>", "Ben Bright"),
        ("<@U3|cleo>", "cleo"),  # the platform does not say more
        ("Dora the Explorer", "Dora the Explorer"),
    ],
)
async def test_it_is_handed_to_a_person_by_the_name_that_the_platform_knows(
    typed: str, shown: str
) -> None:
    here = room()
    here.slack.people["U2"] = "Ben Bright"
    assert f"Handed over to {shown}" in await here.say(f"handover {typed}")
    if "U2" in typed:
        theirs = await press(here, "onit", "U2", "ben")
        assert theirs.message.title.startswith("You were on it already")


@pytest.mark.parametrize("typed", ["<!subteam^S1|oncall>", "<@U3>", "<@U2> <@U3>", ""])
async def test_what_is_no_single_person_with_a_name_is_asked_back(typed: str) -> None:
    here = room()
    assert "To whom?" in await here.say(f"handover {typed}")


async def test_who_is_called_if_nobody_takes_it_is_set_shown_and_ended() -> None:
    here = room()
    await here.type("subscribe")
    answer = await here.type("escalate after 15m to <!subteam^S1|oncall>")
    assert here.here is not None
    assert here.here.escalation == Escalation(15, "<!subteam^S1>")
    assert "if nobody takes a major outage in 15 min" in spoken(answer.message)
    assert "within 15 min" in await here.say("escalate")
    again = await here.type("escalate after 15m to <!subteam^S1>")
    assert again.public is None
    await here.type("escalate off")
    assert here.here.escalation is None
    assert "Nobody is called" in await here.say("escalate")


async def test_where_there_are_no_people_to_call_it_is_said() -> None:
    here = room()
    await here.type("subscribe")
    here.commands._services.messengers = {}
    assert "Nobody can be called here" in await here.say("escalate after 15m to @oncall")


@pytest.mark.parametrize(
    "typed", ["escalate after 15m", "escalate to <@U1>", "escalate 15m <@U1> please"]
)
async def test_an_escalation_that_is_not_understood_changes_nothing(typed: str) -> None:
    here = room()
    await here.type("subscribe")
    assert "nothing was changed" in await here.say(typed)
    assert here.here is not None
    assert here.here.escalation is None
