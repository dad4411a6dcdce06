"""What a digest says, and of what: gathered from real stores in memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.domain.incident import Impact, Incident, Origin
from bot.domain.page import Severity
from bot.domain.quiet import Period
from bot.domain.subscription import Subscription
from bot.messages.digest import digest_message
from bot.status.digest import Digest, digest_for
from tests.unit.commands.fakes import OPS, Room
from tests.unit.messages.examples import CLAUDE, NOW, spoken

WEEK = Period(NOW - timedelta(days=7), NOW)
EVERYTHING = Subscription(OPS)


def outage(id_: str, days_ago: float, minutes: int, **more: object) -> Incident:
    start = NOW - timedelta(days=days_ago)
    end = start + timedelta(minutes=minutes)
    major = Severity.MAJOR
    made = Incident(
        "claude",
        id_,
        f"Trouble {id_}",
        "resolved",
        Origin.PROVIDER,
        start,
        Severity.UP,
        major,
        surfaces={"api": Impact(Severity.UP, major)},
        timeline=((start, major),),
        surface_timelines={"api": ((start, major), (end, Severity.UP))},
        ended_at=end,
        official_at=start,
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields of an incident


async def digest_of(*incidents: Incident, asked: Subscription = EVERYTHING) -> Digest:
    status = Room(*incidents).commands._services.status
    return await digest_for(status, asked, WEEK)


async def test_it_tells_what_happened_for_how_long_and_how_that_compares() -> None:
    early = NOW - timedelta(days=2, minutes=12)
    digest = await digest_of(
        outage("a", 2, 40, suspected_at=early),
        outage("b", 20, 600),
        outage("false", 3, 30, origin=Origin.SUSPECTED, official_at=None),
        outage(
            "planned",
            1,
            0,
            maintenance=True,
            ended_at=None,
            scheduled_for=NOW + timedelta(days=2),
            official_at=None,
        ),
    )
    text = spoken(digest_message(digest, NOW, CLAUDE))
    assert "The week: 1 incident" in text
    assert "Trouble a: major 40 min" in text
    assert "major 40 min · uptime " in text
    assert "(the month before: " in text
    assert "1 early, at best 12 min before the provider; 1 false alarm" in text
    assert "Scheduled: " in text
    assert "Trouble b" not in text


async def test_only_what_the_channel_asked_for_is_told() -> None:
    asked = replace(EVERYTHING, surfaces=frozenset({"code"}))
    assert (await digest_of(outage("a", 2, 40), asked=asked)).is_empty
    worse = replace(EVERYTHING, severity=Severity.MAJOR)
    assert not (await digest_of(outage("a", 2, 40), asked=worse)).is_empty


async def test_an_empty_week_is_one_line() -> None:
    message = digest_message(await digest_of(), NOW, CLAUDE)
    assert message.title == "A quiet week: nothing happened, and nothing is scheduled"
    assert message.blocks == ()
