"""Suspicion replayed over all recorded outages, and over the quiet between them.

The thresholds of `weigh` are the most sensitive pair of a grid that raises no false alarm in three
weeks, however rough these are for us: chosen over 109 outages, not tuned to one. Outages seen of
109 (33 of them partial or major), and minutes of false alarm in three quiet and three rough weeks:

    alone   agree 0.1       0.2           0.4            0.6           0.8
    0.5     98  5  168      84  0  18     56  0  4       56  0  4      56  0  4
    0.7     98  5  164      84  0  14     38  0  0       33  0  0      33  0  0
    0.9     98  5  164      84  0  14     38  0  0       33  0  0      29  0  0
    0.99    98  5  164      84  0  14     38  0  0       33  0  0       7  0  0

Most of the others were degradations of a few errors in a hundred, which no one outside can tell
from an ordinary hour; the scoreboard counts them as missed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest

from bot.domain.evidence import Evidence, Source
from bot.domain.incident import EventKind, Impact, Incident, IncidentEvent, Origin, SurfaceChange
from bot.domain.page import Severity
from bot.domain.state import State
from bot.engine.detection import CALM, detect
from bot.evidence.scoreboard import ScoreResult, scoreboard
from bot.evidence.suspicion import AGREE, ALONE, Signals, case_against, suffices
from tests.history.polling import CATALOG
from tests.history.witnesses import MINUTE, QUIET, ROUGH, World, minutes, outages, quiet_stretches

SEED = 20260409
GRID = [(alone, agree) for alone in (0.5, 0.7, 0.9, 0.99) for agree in (0.1, 0.2, 0.4, 0.6, 0.8)]
Strengths = list[dict[str, float]]


@cache
def felt_strengths() -> tuple[Strengths, ...]:
    """For every outage what weighed how much, minute by minute, while it was felt."""
    found: list[Strengths] = []
    for number, outage in enumerate(outages()):
        begin, end = outage.felt(number)
        world = World(SEED + number)
        run: Strengths = []
        for now in minutes(begin - 30 * MINUTE, min(end, begin + 180 * MINUTE)):
            seen = world.minute(now, outage.worst if now >= begin else Severity.UP)
            if now >= begin:
                run.append(dict(case_against("api", seen.evidence, now).strengths))
        found.append(run)
    return tuple(found)


@cache
def quiet_strengths(noise: tuple[float, float, float]) -> Strengths:
    """Three weeks without an outage, taken from between the real ones."""
    run: Strengths = []
    for number, (begin, end) in enumerate(quiet_stretches(outages(), timedelta(hours=12))):
        world = World(SEED - number, quiet=noise)
        for now in minutes(begin, end):
            seen = world.minute(now, Severity.UP)
            run.append(dict(case_against("api", seen.evidence, now).strengths))
    return run[: 21 * 24 * 60]


def seen(alone: float, agree: float) -> int:
    return sum(any(suffices(s, alone, agree) for s in run) for run in felt_strengths())


def false_minutes(alone: float, agree: float, noise: tuple[float, float, float] = ROUGH) -> int:
    return sum(suffices(s, alone, agree) for s in quiet_strengths(noise))


@pytest.mark.parametrize("noise", [QUIET, ROUGH])
def test_three_weeks_without_an_outage_raise_no_suspicion(
    noise: tuple[float, float, float],
) -> None:
    assert len(quiet_strengths(noise)) == 21 * 24 * 60
    assert false_minutes(ALONE, AGREE, noise) == 0


def test_no_other_pair_without_false_alarms_sees_more_outages() -> None:
    silent = [pair for pair in GRID if false_minutes(*pair) == 0]

    assert (ALONE, AGREE) in silent
    assert seen(ALONE, AGREE) == max(seen(*pair) for pair in silent)


def test_looser_thresholds_would_cry_wolf() -> None:
    assert false_minutes(0.5, 0.1) > 0


def test_every_partial_and_major_outage_is_seen() -> None:
    for outage, run in zip(outages(), felt_strengths(), strict=True):
        if outage.worst is not Severity.DEGRADED:
            assert any(suffices(s) for s in run), outage


# --- three outages with published times ----------------------------------------------------------


def at(day: datetime, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return day.replace(hour=hour, minute=minute)


def official(opened: datetime, resolved: datetime | None = None) -> Incident:
    """What the engine makes of the provider's post."""
    change = SurfaceChange("claude.ai", Severity.UP, Severity.PARTIAL)
    event = IncidentEvent(
        1,
        EventKind.OPENED,
        "u1",
        opened,
        opened,
        Severity.PARTIAL,
        "investigating",
        "",
        (change,),
        "u1",
    )
    incident = Incident(
        provider="claude",
        id="theirs",
        title="Elevated errors on claude.ai",
        phase="investigating",
        origin=Origin.PROVIDER,
        started_at=opened,
        severity=Severity.PARTIAL,
        worst=Severity.PARTIAL,
        surfaces={"claude.ai": Impact(Severity.PARTIAL, Severity.PARTIAL)},
        timeline=((opened, Severity.PARTIAL),),
        events=(event,),
    )
    if resolved is None:
        return incident
    end = replace(
        event, revision=2, kind=EventKind.RESOLVED, key="u2", at=resolved, observed_at=resolved
    )
    return replace(
        incident,
        ended_at=resolved,
        severity=Severity.UP,
        surfaces={"claude.ai": Impact(Severity.UP, Severity.PARTIAL)},
        events=(event, end),
    )


def witnessed(now: datetime, since: datetime) -> Signals:
    """People and a probe agree, from `since` on."""
    if now < since:
        return Signals()
    return Signals(
        tuple(
            Evidence(source, "claude.ai", Severity.DEGRADED, now, since, "trouble", weight=0.5)
            for source in (Source.REPORTS, Source.PROBE)
        )
    )


def replay(felt: datetime, felt_until: datetime, posted: datetime, resolved: datetime) -> State:
    """Minute by minute: our evidence, and the provider's incident as the engine would tell it."""
    begin = min(felt, posted) - 30 * MINUTE
    state = State("claude", begin, begin)
    for now in minutes(begin, max(felt_until, resolved) + 60 * MINUTE):
        before, told = state, ()
        ours = next((i for i in state.incidents.values() if "theirs" in (i.id, *i.aliases)), None)
        incidents = dict(state.incidents)
        if now == posted:
            incidents["theirs"] = official(now)
        elif now == resolved and ours is not None:
            end = official(posted, now).events[1]
            incidents[ours.id] = replace(
                ours,
                ended_at=now,
                surfaces={s: Impact(Severity.UP, i.worst) for s, i in ours.surfaces.items()},
                events=(*ours.events, replace(end, revision=ours.revision + 1)),
            )
        state = replace(state, incidents=incidents)
        what = witnessed(now, felt) if now < felt_until else Signals()
        state, _ = detect(before, state, told, what, now, CATALOG)
        keep.update({i.id: i for i in state.incidents.values()})
    return state


keep: dict[str, Incident] = {}


@pytest.fixture(autouse=True)
def _fresh() -> None:
    keep.clear()


STORIES = [
    # day, felt (or warned) from, posted, resolved, minutes ahead, result
    (datetime(2026, 3, 2, tzinfo=UTC), "11:44", "11:49", "15:47", 5, ScoreResult.LEAD),
    (datetime(2026, 4, 9, tzinfo=UTC), "10:01", "11:00", "12:30", 59, ScoreResult.LEAD),
    (datetime(2026, 4, 8, tzinfo=UTC), "07:06", "06:23", "09:33", -43, ScoreResult.LAG),
]


@pytest.mark.parametrize(("day", "felt", "posted", "resolved", "ahead", "result"), STORIES)
def test_the_lead_over_the_page_is_told_to_the_minute(
    day: datetime, felt: str, posted: str, resolved: str, ahead: int, result: ScoreResult
) -> None:
    replay(at(day, felt), at(day, resolved), at(day, posted), at(day, resolved))

    entries = scoreboard(keep.values()).entries
    assert [(e.result, e.ahead) for e in entries] == [(result, ahead * MINUTE)]


def test_a_lead_is_one_thread_that_goes_on_as_official() -> None:
    day, felt, posted, resolved, *_ = STORIES[0]
    replay(at(day, felt), at(day, resolved), at(day, posted), at(day, resolved))

    (incident,) = keep.values()
    kinds = [event.kind for event in incident.events]
    assert kinds == [EventKind.OPENED, EventKind.CONFIRMED, EventKind.RESOLVED]
    assert [event.revision for event in incident.events] == [1, 2, 3]
    assert incident.aliases == ("theirs",)
    assert incident.origin is Origin.PROVIDER


def test_what_the_provider_posts_after_more_than_two_hours_is_another_incident() -> None:
    day = STORIES[0][0]
    replay(at(day, "08:00"), at(day, "08:20"), at(day, "10:40"), at(day, "11:40"))

    board = scoreboard(keep.values())
    assert board.count(ScoreResult.FALSE_ALARM) == 1
    assert board.count(ScoreResult.MISS) == 1


def test_evidence_that_dies_down_ends_as_nothing_confirmed_and_counts() -> None:
    day = STORIES[0][0]
    replay(at(day, "08:00"), at(day, "08:20"), at(day, "20:00"), at(day, "20:30"))

    alarm = next(i for i in keep.values() if i.origin is Origin.SUSPECTED)
    assert alarm.phase == "nothing confirmed"
    assert alarm.ended_at is not None
    assert alarm.ended_at == at(day, "08:19") + CALM, "the last evidence was of 08:19"
