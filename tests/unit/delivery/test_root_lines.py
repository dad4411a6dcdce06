"""The lines of a root about people: how many report it, who is on it, what they can use instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import pytest

from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.delivery.cache import INCIDENTS_KEPT, TimedCache
from bot.delivery.people_lines import ReportLines
from bot.delivery.switch_lines import SwitchLines
from bot.domain.errors import StoreError
from bot.domain.evidence import Evidence, Source, Verdict
from bot.domain.incident import Ending, EventKind, Impact
from bot.domain.page import Severity
from bot.domain.subscription import Channel
from bot.domain.taker import Taker
from bot.evidence.reports import ReportCount
from bot.status.view import ProviderStatus, StatusView
from tests.delivery_kit import incident, more
from tests.unit.delivery.platform import HERE
from tests.unit.delivery.stage import HOUR, NOW

BEDROCK = "bedrock/eu-west-1"
CATALOG = only(load_catalog(), ["claude", BEDROCK])
TOLD = incident(EventKind.OPENED, at=NOW - HOUR)
THERE = Channel("chat", "T2", "C9")


def count(channel: Channel, surface: str = "api", people: int = 3) -> ReportCount:
    return ReportCount(channel.owner, str(channel), surface, people, NOW, NOW)


@dataclass
class People:
    """What people reported, and who took what; `away`: the store does not answer."""

    counts: list[ReportCount] = field(default_factory=list)
    takers: dict[str, Mapping[str, Taker]] = field(default_factory=dict)
    away: bool = False
    reads: list[str] = field(default_factory=list)

    def _read(self, what: str) -> None:
        self.reads.append(what)
        if self.away:
            raise StoreError("away")

    async def of_channel(self, channel: Channel, now: datetime) -> list[ReportCount]:
        assert now == NOW
        self._read(f"counts of {channel}")
        return [one for one in self.counts if one.channel == str(channel)]

    async def everywhere(self, now: datetime) -> list[ReportCount]:
        assert now == NOW
        self._read("all counts")
        return self.counts

    async def of_incident(self, key: str) -> Mapping[str, Taker]:
        self._read(f"takers of {key}")
        return self.takers.get(key, {})


def lines(people: People, *, takers: bool = True, seconds: float = 60.0) -> ReportLines:
    return ReportLines(people, CATALOG, lambda: NOW, seconds, people if takers else None)  # type: ignore[arg-type]


@pytest.mark.parametrize("exact", [True, False])
async def test_a_root_says_who_is_on_it_and_how_many_of_its_channel_report_it(exact: bool) -> None:
    people = People([count(HERE), count(HERE, "code"), count(THERE, people=7)])
    people.takers[TOLD.key] = {HERE.owner: Taker("U1", "Ada", NOW)}
    line = lines(people).line
    assert await line(HERE, TOLD, exact=exact) == "🙋 On it: Ada · 3 here report trouble: 3 API"
    assert (await line(THERE, TOLD, exact=exact)).startswith("7 here report trouble")
    assert await line(Channel("chat", "T3", "C1"), TOLD, exact=exact) == ""
    assert (await lines(people, takers=False).line(HERE, TOLD, exact=exact)).startswith("3 here")
    people.counts.clear()
    assert await lines(people).line(HERE, TOLD, exact=exact) == "🙋 On it: Ada"


async def test_a_line_that_is_some_seconds_old_is_read_once_for_all_channels() -> None:
    people = People([count(HERE)])
    once = lines(people)
    for channel in (HERE, THERE, HERE):
        await once.line(channel, TOLD, exact=False)
    assert people.reads == ["all counts", f"takers of {TOLD.key}"]
    await once.line(HERE, replace(TOLD, id="x2"), exact=False)
    assert people.reads[2:] == ["takers of claude/x2"]
    await once.line(HERE, TOLD, exact=True)
    assert people.reads[3:] == [f"counts of {HERE}", f"takers of {TOLD.key}"]
    always = lines(people, seconds=0.0)
    people.reads.clear()
    for _ in range(2):
        await always.line(HERE, TOLD, exact=False)
    assert people.reads == ["all counts", f"takers of {TOLD.key}"] * 2


async def test_an_incident_does_not_wait_for_what_cannot_be_read_unless_that_is_the_news() -> None:
    away = People(away=True)
    assert await lines(away).line(HERE, TOLD, exact=False) == ""
    with pytest.raises(StoreError):
        await lines(away).line(HERE, TOLD, exact=True)


async def test_who_took_what_is_not_remembered_without_end() -> None:
    people = People()
    kept = lines(people)
    for number in range(INCIDENTS_KEPT):
        await kept.line(HERE, replace(TOLD, id=f"n{number}"), exact=False)
    await kept.line(HERE, replace(TOLD, id="n1"), exact=False)
    assert people.reads.count("takers of claude/n1") == 1
    await kept.line(HERE, replace(TOLD, id="another"), exact=False)
    await kept.line(HERE, replace(TOLD, id="n1"), exact=False)
    assert people.reads.count("takers of claude/n1") == 2


# --- what a team can use instead ----------------------------------------------------------


def usable_now(severity: Severity = Severity.UP) -> StatusView:
    rows = tuple(
        Verdict(s, how, None, NOW, (Evidence(Source.PAGE, s, how, NOW),))
        for s, how in (("api", Severity.MAJOR), (BEDROCK, severity))
    )
    return StatusView(NOW, CATALOG, (ProviderStatus("claude", rows, checked_at=NOW),))


def switch(
    teams: Mapping[str, tuple[str, ...]],
    usable: tuple[str, ...] = (),
    view: StatusView | StoreError | None = None,
) -> SwitchLines:
    async def read_view() -> StatusView:
        if isinstance(view, StoreError):
            raise view
        return view or usable_now()

    async def read_teams() -> Mapping[str, tuple[str, ...]]:
        return teams

    return SwitchLines(TimedCache(read_view, 0.0), read_teams, usable)


async def said(lines_: SwitchLines, told: object = TOLD) -> str:
    return " ".join(str(part) for part in await lines_.line(HERE, told))  # type: ignore[arg-type]


async def test_a_team_is_told_what_it_said_it_can_use_and_else_what_the_operator_says() -> None:
    mine = {HERE.owner: ("bedrock",)}
    assert "Bedrock" in await said(switch(mine))
    assert await said(switch({THERE.owner: ("bedrock",)})) == ""
    assert "Bedrock" in await said(switch({THERE.owner: ()}, ("bedrock",)))
    assert await said(switch({HERE.owner: ()}, ("bedrock",))) == "", "it said: nothing"


async def test_nothing_is_offered_that_is_down_hit_as_well_or_cannot_be_seen() -> None:
    mine = {HERE.owner: ("bedrock",)}
    assert await said(switch(mine, view=usable_now(Severity.MAJOR))) == ""
    assert await said(switch(mine, view=StoreError("away"))) == ""
    bad = Impact(Severity.MAJOR, Severity.MAJOR)
    both = replace(TOLD, surfaces={"api": bad, BEDROCK: replace(bad, now=Severity.UP)})
    assert await said(switch(mine), both) == ""


async def test_what_is_over_withdrawn_or_of_no_surface_offers_nothing() -> None:
    mine = {HERE.owner: ("bedrock",)}
    for told in (
        more(TOLD, EventKind.RESOLVED),
        replace(TOLD, ending=Ending.WITHDRAWN),
        replace(TOLD, surfaces={}),
    ):
        assert await said(switch(mine), told) == ""


async def test_of_several_surfaces_the_worst_decides_what_helps() -> None:
    mine = {HERE.owner: ("bedrock",)}
    some = {
        "console": Impact(Severity.DEGRADED, Severity.DEGRADED),
        "api": Impact(Severity.MAJOR, Severity.MAJOR),
    }
    assert "Bedrock" in await said(switch(mine), replace(TOLD, surfaces=some))
