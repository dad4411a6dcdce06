"""What a key in the queue stands for, and what an attempt gathers for its plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from bot.catalog.catalog import Catalog
from bot.delivery.quiet_end import QuietEnd, QuietEndNews, summed_up_as
from bot.domain.blindness import Blindness
from bot.domain.incident import EventKind, Incident
from bot.domain.quiet import Period, QuietHours
from bot.domain.state import State
from bot.domain.subscription import ThreadRecord
from tests.delivery_kit import more
from tests.unit.delivery.claimed import CLAUDE, STANDS, TOLD, People, task
from tests.unit.delivery.stage import ASKED, HOUR, MINUTE, NOW, Stage


async def test_an_incident_comes_with_what_stands_of_it_and_who_is_there() -> None:
    people = People()
    stage = Stage(report_lines=people)
    found = await task(stage, TOLD)
    assert (found.subject, found.subscription, found.thread) == (TOLD, ASKED, ThreadRecord())
    assert (found.closes, found.report_count) == (True, "3 here")
    stage.platform.closes_threads = False
    assert not (await task(stage, TOLD)).closes


@pytest.mark.parametrize(
    ("thread", "told", "exact"),
    [
        (ThreadRecord(), TOLD, False),  # an opening does not wait for a count
        (STANDS, TOLD, True),  # nothing else can have made it stale
        (STANDS, more(TOLD, EventKind.WORSE), False),
        (replace(STANDS, report_count="2 here"), more(TOLD, EventKind.WORSE), True),
        (ThreadRecord(report_count="2 here", shown=1), TOLD, False),
    ],
)
async def test_people_are_counted_anew_where_the_count_may_be_the_news(
    thread: ThreadRecord, told: Incident, exact: bool
) -> None:
    people = People()
    stage = Stage(report_lines=people)
    stage.queue.threads[told.key] = thread
    await task(stage, told)
    assert people.line_of == [(told.key, exact)]


async def test_nobody_is_counted_for_what_is_over() -> None:
    people = People()
    stage = Stage(report_lines=people)
    found = await task(stage, more(TOLD, EventKind.RESOLVED))
    assert (found.report_count, people.line_of) == ("", [])


async def test_names_of_pages_that_are_known_by_url_are_learned_before_they_are_used() -> None:
    async def learn() -> Catalog:
        return CLAUDE

    people = People()
    stage = Stage(report_lines=people, learn=learn)
    await task(stage, TOLD)
    assert stage.context.messages.catalog is CLAUDE
    assert people.catalog is CLAUDE
    stage = Stage(learn=learn)
    await task(stage, TOLD)
    assert stage.context.messages.catalog is CLAUDE


# --- what came in quiet hours ----------------------------------------------

NIGHT = QuietHours(time(10), time(11, 30), "UTC")
PERIOD = Period(NOW - 2 * HOUR, NOW - MINUTE * 30)
SLEEPS = replace(ASKED, quiet=NIGHT)


async def test_what_came_in_quiet_hours_is_told_with_regard_to_their_summary() -> None:
    stage = Stage(SLEEPS)
    assert (await task(stage, TOLD)).told_in_summary is None, "there is none yet"
    summary = QuietEnd(PERIOD).key
    stage.queue.threads[summary] = ThreadRecord(root="m1")
    assert (await task(stage, TOLD)).told_in_summary is False
    stage.queue.threads[summary] = ThreadRecord(root="m1", replies={summed_up_as(TOLD): ""})
    assert (await task(stage, TOLD)).told_in_summary is True
    stage.queue.threads[TOLD.key] = STANDS
    assert (await task(stage, TOLD)).told_in_summary is None, "its thread goes on"


async def test_the_end_of_quiet_hours_knows_what_goes_on_and_what_stands_of_it() -> None:
    stage = Stage(SLEEPS)
    other = replace(TOLD, id="x2")
    over = replace(TOLD, id="x3", ended_at=NOW)
    incidents = {one.id: one for one in (TOLD, other, over)}
    blind = Blindness("claude", NOW - HOUR, NOW - HOUR)
    stage.store.states["claude"] = State("claude", NOW, NOW, incidents=incidents, blindness=blind)
    stage.queue.threads[other.key] = STANDS
    found = await task(stage, QuietEnd(PERIOD))
    assert isinstance(found.subject, QuietEndNews)
    assert found.subject.subject.period == PERIOD
    summed_up, unseen = found.subject.matters(ThreadRecord(), SLEEPS, NOW)
    assert (summed_up, unseen) == ([TOLD], [blind])
