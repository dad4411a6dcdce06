"""How an incident went, in figures: at the end of its root, and as a report."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incident import EventKind, Incident, Origin, SeenBy
from bot.history.story import story_of
from bot.messages.report import inert, report_markdown
from bot.messages.root import root_message
from bot.status.report_document import report_document
from tests.unit.commands.fakes import Room
from tests.unit.messages.examples import (
    CLAUDE,
    DEGRADED,
    MAJOR,
    NOW,
    OVER,
    PARTIAL,
    UP,
    ago,
    event,
    spoken,
)

# Case 2: major for 40 min, then partial for 73; Claude Code was partly down all the time.
STORY = replace(
    OVER,
    surface_timelines={
        "claude.ai": ((ago(113), MAJOR), (ago(73), PARTIAL)),
        "code": ((ago(113), PARTIAL),),
    },
    first_report_at=ago(121),
    reporters=4,
    suspected_at=ago(118),
    official_at=ago(112),
    events=tuple(
        replace(one, at=at) for one, at in zip(OVER.events, (ago(113), ago(73), NOW), strict=True)
    ),
)


def root(incident: Incident = STORY) -> str:
    return spoken(root_message(incident, NOW, CLAUDE))


def test_the_root_ends_with_minutes_by_surface_the_reaction_and_our_lead() -> None:
    text = root()
    assert "Major 40 min, partial 73 min" in text
    assert "claude.ai major 40 min, partial 73 min; Claude Code partial 1 h 53 min." in text
    assert (
        "First report here 15:50 (4 people) → provider's first update 8 min later"
        " → resolved 1 h 53 min on."
    ) in text
    assert "Suspected here 6 min before the provider said so." in text


def test_what_is_alike_for_every_surface_is_said_once() -> None:
    same = STORY.surface_timelines["claude.ai"]
    text = root(replace(STORY, surface_timelines={"claude.ai": same, "code": same}))
    assert text.count("major 40 min, partial 73 min".capitalize()) == 1
    assert "Claude Code major" not in text


def test_a_lag_is_said_as_plainly_as_a_lead_and_less_than_a_minute_is_neither() -> None:
    late = root(replace(STORY, suspected_at=ago(100)))
    assert "Our own evidence came 12 min after the provider's word." in late
    assert "Suspected here" not in root(replace(STORY, suspected_at=ago(112.5)))


@pytest.mark.parametrize("change", [{"ended_at": None}, {"maintenance": True}])
def test_while_it_runs_there_is_no_story_and_of_maintenance_none_at_all(
    change: dict[str, object],
) -> None:
    text = root(replace(STORY, **change))  # type: ignore[arg-type]  # real fields
    assert "First report here" not in text
    assert "Claude Code partial 1 h 53 min" not in text


def test_the_providers_postmortem_is_linked_when_it_comes() -> None:
    after = event(4, EventKind.POSTMORTEM, NOW, UP, "It was the cache.", phase="postmortem")
    assert "The provider's postmortem" in root(replace(STORY, events=(*STORY.events, after)))
    assert "The provider's postmortem" not in root()


def test_nobody_reported_and_nothing_was_suspected_leaves_the_minutes_alone() -> None:
    bare = replace(STORY, first_report_at=None, reporters=0, suspected_at=None)
    assert "First report" not in root(bare)
    story = story_of(bare, NOW)
    assert (story.reaction, story.ahead) == (None, None)
    assert story.lengths == {MAJOR: timedelta(minutes=40), PARTIAL: timedelta(minutes=73)}


def test_times_of_nothing_wrong_count_nothing() -> None:
    up_between = ((ago(100), MAJOR), (ago(90), UP), (ago(50), DEGRADED))
    story = story_of(replace(STORY, surface_timelines={"api": up_between}), NOW)
    assert story.by_surface["api"] == {
        MAJOR: timedelta(minutes=10),
        DEGRADED: timedelta(minutes=50),
    }


def test_a_report_has_figures_reaction_and_every_word_of_the_provider() -> None:
    text = report_markdown(STORY, NOW, CLAUDE)
    assert text.startswith("# Claude\\.ai unavailable\n")
    assert "| claude\\.ai | 40 min | 73 min |  |  | 61 min |" in text
    assert "| Claude Code |  | 1 h 53 min |  |  | 33 min |" in text
    assert "- Provider's reaction: 8 min after the first report" in text
    assert "at most 4 people reported at one time" in text
    assert "- Suspected here 6 min before the provider said so." in text
    for one in STORY.events:
        assert f"  > {inert(one.text)}" in text
    assert "Seen by: us" in text
    assert "the page's own list" in report_markdown(
        replace(STORY, seen_by=SeenBy.PAGE), NOW, CLAUDE
    )


@given(st.text())
def test_whatever_the_provider_writes_does_nothing_in_a_report(written: str) -> None:
    hostile = f"{written} <script>x</script> [a](https://evil.example) @everyone `rm` # top | cell"
    told = replace(
        STORY,
        title=hostile,
        origin=Origin.PROVIDER,
        events=(replace(STORY.events[0], text=hostile, note=hostile, phase=hostile),),
    )
    text = report_markdown(told, NOW, CLAUDE)
    assert "<script>" not in text
    assert "@everyone" not in text
    assert "https://evil" not in text
    assert "](" not in text.replace("\\]\\(", "")
    assert text.count("\n# ") == 0
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {7}


def test_the_report_for_programs_has_the_same_figures() -> None:
    document = report_document(STORY, NOW, "words").model_dump(mode="json")
    assert document["by_surface"]["claude.ai"] == {"major_outage": 2400, "partial_outage": 4380}
    assert (document["reaction"], document["ahead"], document["reporters"]) == (480, 360, 4)
    assert document["markdown"] == "words"
    assert len(document["incident"]["events"]) == 3


async def test_a_chat_gives_the_report_and_refuses_what_it_does_not_know() -> None:
    room = Room(STORY)
    text = await room.say(f"incident {STORY.id} report")
    assert "Report: Claude.ai unavailable" in text
    assert "| Claude Code |  | 1 h 53 min |" in text
    assert "I don't know what “gibberish” means here" in await room.say(
        f"incident {STORY.id} gibberish"
    )
