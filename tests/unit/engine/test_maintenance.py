"""Maintenance: announced, begun, ended, called off."""

from bot.domain.incident import EventKind
from bot.domain.page import PageIncident, PageUpdate, Severity

from .build import (
    IDS,
    MAJOR,
    UP,
    UPDATE,
    WITHDRAWN,
    kinds,
    minute,
    quiet_watch,
    report,
    update,
)

SCHEDULED, STARTED, ENDED = EventKind.SCHEDULED, EventKind.STARTED, EventKind.ENDED

PLAN = update("w1", 0, "scheduled")
BEGIN = update("w2", 60, "in_progress")
DONE = update("w3", 120, "completed")


def work(*updates: PageUpdate) -> PageIncident:
    """One hour of work on the API, announced an hour before."""
    return report(
        "m",
        *updates,
        title="Database work",
        components=["api"],
        impact=UP,
        maintenance=True,
        scheduled_for=minute(60),
        scheduled_until=minute(120),
    )


def test_a_maintenance_is_announced_started_and_ended() -> None:
    watch = quiet_watch()
    assert watch.see(1, work(PLAN)) == [("m", SCHEDULED)]
    assert watch.see(30, work(PLAN)) == []
    told = watch.see(61, work(PLAN, BEGIN), components={"api": Severity.MAINTENANCE})
    assert told == [("m", STARTED)]
    assert watch.now("m").surfaces["api"].now is Severity.MAINTENANCE
    told = watch.see(121, work(PLAN, BEGIN, DONE), components={"api": UP})
    assert told == [("m", ENDED)]
    assert watch.now("m").worst is Severity.MAINTENANCE
    assert [event.key for event in watch.now("m").events] == ["w1", "w2", "w3"]


def test_words_in_between_are_updates() -> None:
    watch = quiet_watch()
    watch.see(1, work(PLAN))
    assert watch.see(5, work(PLAN, update("w9", 4, "scheduled"))) == [("m", UPDATE)]
    both = work(PLAN, update("w9", 4, "scheduled"), BEGIN, update("w8", 70, "verifying"))
    assert watch.see(71, both) == [("m", STARTED), ("m", UPDATE)]


def test_one_first_seen_while_it_runs_is_started() -> None:
    watch = quiet_watch()
    assert watch.see(61, work(PLAN, BEGIN)) == [("m", STARTED), ("m", UPDATE)]


def test_leaving_the_summary_is_its_end_when_it_had_begun() -> None:
    # The page's list of incidents holds no maintenance: nothing else will tell.
    watch = quiet_watch()
    watch.see(61, work(PLAN, BEGIN))
    assert watch.see(121, recent=()) == [("m", ENDED)]
    assert watch.now("m").phase == "completed"
    assert watch.see(122, recent=()) == []


def test_leaving_it_before_it_began_means_called_off() -> None:
    watch = quiet_watch()
    watch.see(1, work(PLAN))
    assert watch.see(30, recent=()) == [("m", WITHDRAWN)]
    assert "called off" in watch.last("m").note


def test_a_maintenance_is_no_outage_and_a_component_in_it_neither() -> None:
    watch = quiet_watch()
    watch.see(61, work(PLAN, BEGIN), components={"api": Severity.MAINTENANCE})
    assert set(watch.incidents) == {"m"}


def test_an_outage_during_maintenance_is_told_and_ends_by_itself() -> None:
    watch = quiet_watch()
    running = work(PLAN, BEGIN)
    watch.see(61, running, components={"api": Severity.MAINTENANCE})
    ((own, kind),) = watch.see(70, running, components={"api": MAJOR})
    assert (own.startswith(f"own-{IDS['api']}"), kind) == (True, EventKind.OPENED)
    told = watch.see(80, running, components={"api": Severity.MAINTENANCE})
    assert told == [(own, EventKind.RESOLVED)]
    assert kinds(watch.now("m")) == ["maintenance_started", "update"]
