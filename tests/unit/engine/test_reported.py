"""Who reported first, and how many they were: kept with the incident, and never an event."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.incident import Impact, Incident, Origin
from bot.domain.page import Severity
from bot.domain.state import State
from bot.engine.detection import detect
from bot.engine.reported import with_reports
from bot.evidence.collector import people_of
from bot.evidence.reports import ReportCount
from bot.evidence.suspicion import Reported, Signals
from tests.unit.messages.examples import CLAUDE, NOW, OUTAGE, OVER, ago


def heard(people: int, first: datetime, surface: str = "code") -> dict[str, Reported]:
    return {surface: Reported(people, first)}


def test_the_first_report_stays_and_the_most_people_count() -> None:
    one = with_reports(OUTAGE, heard(2, ago(12)))
    assert (one.reporters, one.first_report_at) == (2, ago(12))
    two = with_reports(one, heard(5, ago(8)))
    assert (two.reporters, two.first_report_at) == (5, ago(12))
    assert with_reports(two, heard(1, ago(3))) is two


def test_reports_of_other_surfaces_or_after_the_end_change_nothing() -> None:
    assert with_reports(OUTAGE, heard(9, ago(5), "console")) is OUTAGE
    assert with_reports(OVER, heard(9, ago(5))) is OVER


def test_a_person_who_is_counted_in_two_channels_is_one() -> None:
    counts = [
        ReportCount("slack/T1", "slack/T1/C1", "code", 3, ago(9), NOW),
        ReportCount("slack/T1", "slack/T1/C2", "code", 2, ago(11), NOW, elsewhere=1),
    ]
    assert people_of(counts) == {"code": Reported(4, ago(11))}


def test_reports_are_remembered_without_an_event_and_told_with_the_next_one() -> None:
    running: Incident = replace(OUTAGE, surfaces={"code": Impact(Severity.MAJOR, Severity.MAJOR)})
    state = State("claude", ago(99), NOW, incidents={running.id: running})
    signals = Signals(reported=heard(3, ago(20)))

    after, changed = detect(state, state, [], signals, NOW, CLAUDE)

    assert changed == ()
    assert after.incidents[running.id].reporters == 3
    told = replace(running, origin=Origin.PROVIDER, phase="identified")
    _, changed = detect(
        state, replace(state, incidents={told.id: told}), [told], signals, NOW, CLAUDE
    )
    assert [one.first_report_at for one in changed] == [NOW - timedelta(minutes=20)]
