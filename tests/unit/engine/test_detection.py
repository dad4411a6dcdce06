"""A suspected incident from its opening to its end, as people read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain.evidence import Evidence, Source
from bot.domain.incident import (
    Ending,
    EventKind,
    Impact,
    Incident,
    IncidentEvent,
    Origin,
    SurfaceChange,
)
from bot.domain.page import Severity
from bot.domain.state import State, Track
from bot.engine.confirmation import CONTINUES
from bot.engine.detection import AFTERMATH, CALM, detect
from bot.engine.suspected import without_suspected
from bot.evidence.suspicion import Signals

from .build import CATALOG, DEGRADED, MAJOR, START, UP, minute

MINUTE = timedelta(minutes=1)


@dataclass
class Detection:
    """The state of a page that is read each time, and says nothing unless it is told to."""

    state: State

    def see(
        self,
        at: float,
        *surfaces: str,
        source: str = Source.PROBE,
        local: Sequence[str] = (),
        page: Sequence[Incident] = (),
    ) -> list[Incident]:
        """Return what changed, with strong evidence against these surfaces at this minute."""
        now = minute(at)
        evidence = tuple(Evidence(source, s, DEGRADED, now, says="answers 529") for s in surfaces)
        signals = Signals(evidence, local=dict.fromkeys(local, ("slack/T1",)))
        before, known = self.state, without_suspected(self.state).incidents
        read = {i.id: Track(texts={"u1": "as it was read"}) for i in page}
        stepped = replace(
            before,
            observed_at=now,
            incidents={**known, **{i.id: i for i in page}},
            tracks={**before.tracks, **read},
        )
        self.state, changed = detect(before, stepped, page, signals, now, CATALOG)
        return list(changed)

    @property
    def ours(self) -> Incident:
        (found,) = [i for i in self.state.incidents.values() if i.id.startswith("suspected-")]
        return found


def quiet() -> Detection:
    return Detection(State("claude", START, START))


def official(at: float, *surfaces: str, **more: object) -> Incident:
    hit = dict.fromkeys(surfaces, Impact(MAJOR, MAJOR))
    made = Incident(
        "claude",
        "p1",
        "Elevated errors",
        "investigating",
        Origin.PROVIDER,
        minute(at),
        MAJOR,
        MAJOR,
        surfaces=hit,
    )
    return replace(made, **more)  # type: ignore[arg-type]  # fields of an incident


def test_it_opens_with_what_was_seen_and_of_what() -> None:
    page = quiet()
    (opened,) = page.see(1, "api", "code")
    assert opened.id == f"suspected-api-{int(minute(1).timestamp())}"
    assert (opened.origin, opened.phase) == (Origin.SUSPECTED, "suspected")
    assert (opened.severity, opened.worst) == (DEGRADED, DEGRADED)
    assert (opened.started_at, opened.suspected_at) == (minute(1), minute(1))
    assert opened.timeline == ((minute(1), DEGRADED),)
    assert opened.title == "Suspected trouble, not confirmed by the provider"
    (event,) = opened.events
    assert (event.kind, event.revision) == (EventKind.OPENED, 1)
    assert event.text == "API, Claude Code: answers 529"
    assert event.changes == (
        SurfaceChange("api", UP, DEGRADED),
        SurfaceChange("code", UP, DEGRADED),
    )


def test_it_spreads_once_and_to_what_is_new_alone() -> None:
    page = quiet()
    page.see(1, "api")
    (spread,) = page.see(2, "api", "code")
    assert spread.events[-1].kind is EventKind.UPDATE
    assert spread.events[-1].text == "Claude Code: answers 529"
    assert [change.surface for change in spread.events[-1].changes] == ["code"]
    assert set(spread.surfaces) == {"api", "code"}
    assert page.see(3, "api", "code") == []


def test_it_dies_down_after_a_calm_while_and_says_that_nothing_was_confirmed() -> None:
    page = quiet()
    page.see(1, "api")
    calm = 1 + CALM / MINUTE
    assert page.see(calm - 0.5) == []
    (ended,) = page.see(calm)
    assert (ended.ended_at, ended.phase) == (minute(calm), "nothing confirmed")
    assert (ended.ending, ended.severity) == (Ending.RESOLVED, UP)
    assert ended.surfaces == {"api": Impact(UP, DEGRADED)}
    event = ended.events[-1]
    assert (event.kind, event.severity, event.ending) == (EventKind.RESOLVED, UP, Ending.NONE)
    assert event.text == "Nothing was confirmed: what we saw has died down."
    assert event.changes == (SurfaceChange("api", DEGRADED, UP),)
    assert ended.timeline == ((minute(1), DEGRADED), (minute(calm), UP))


def test_what_comes_again_goes_on_in_its_thread_and_later_opens_another() -> None:
    page = quiet()
    page.see(1, "api")
    page.see(11)
    lately = 11 + CONTINUES / MINUTE
    (again,) = replace_state(page).see(lately, "api")
    assert again.id == page.ours.id
    assert [event.kind for event in again.events][-1] is EventKind.REOPENED
    assert (again.ended_at, again.ending, again.phase) == (None, Ending.NONE, "suspected")
    assert again.started_at == minute(1)
    (other,) = replace_state(page).see(lately + 1, "api")
    assert [event.kind for event in other.events] == [EventKind.OPENED]
    (elsewhere,) = replace_state(page).see(12, "code")
    assert [event.kind for event in elsewhere.events] == [EventKind.OPENED]


def replace_state(page: Detection) -> Detection:
    """Another one that goes on from the same state."""
    return Detection(page.state)


def test_the_providers_post_goes_on_in_its_thread_and_keeps_what_we_knew_first() -> None:
    page = quiet()
    page.see(1, "api", "code")
    (merged,) = page.see(5, "api", page=[official(4, "api")])
    assert merged.id == page.ours.id
    assert (merged.origin, merged.title) == (Origin.PROVIDER, "Elevated errors")
    assert merged.aliases == ("p1",)
    assert merged.suspected_at == minute(1)
    assert merged.official_at == minute(4)
    assert merged.started_at == minute(1)
    assert merged.worst is MAJOR
    assert merged.surfaces == {"api": Impact(MAJOR, MAJOR), "code": Impact(UP, DEGRADED)}
    assert "p1" not in page.state.incidents
    assert set(page.state.tracks) == {merged.id}, "its texts are not told once more"


def test_what_is_only_now_explained_by_an_older_post_is_handed_over_to_it() -> None:
    page = quiet()
    known = official(-300, "claude.ai", official_at=minute(-300))
    page.see(0, page=[known])
    page.see(1, "api", page=[known])
    wider = replace(known, surfaces={**known.surfaces, "api": Impact(MAJOR, MAJOR)})
    changed = page.see(2, "api", page=[wider])
    (ended,) = [one for one in changed if one.id == page.ours.id]
    assert (ended.ending, ended.official_at) == (Ending.HANDED_OVER, minute(2))
    event = ended.events[-1]
    assert event.note == "The provider now tracks this as “Elevated errors”."
    assert (event.text, event.ending) == ("", Ending.HANDED_OVER)
    assert event.changes == (SurfaceChange("api", DEGRADED, UP, released=True),)


def test_the_tail_of_what_the_provider_ended_opens_nothing() -> None:
    over = official(1, "api", ended_at=minute(5), official_at=minute(1))
    after = 5 + AFTERMATH / MINUTE
    assert [i.id for i in quiet().see(after - 1, "api", page=[over])] == ["p1"]
    _, opened = quiet().see(after, "api", page=[over])
    assert opened.origin is Origin.SUSPECTED


def test_what_only_the_people_of_one_workspace_see_is_shown_to_them_until_more_do() -> None:
    page = quiet()
    (opened,) = page.see(1, local=["api"])
    assert opened.visibility == ("slack/T1",)
    (everybody,) = page.see(2, "api", local=["api"])
    assert everybody.visibility == ()
    assert page.see(3, local=["api"]) == [], "it stays visible to all"


def test_what_the_provider_confirms_is_for_everybody() -> None:
    page = quiet()
    page.see(1, local=["api"])
    (merged,) = page.see(2, local=["api"], page=[official(2, "api")])
    assert merged.visibility == ()


def test_it_lasts_for_as_long_as_something_is_seen_again_before_it_is_calm() -> None:
    page = quiet()
    for at in (1, 8, 15, 22):
        page.see(at, "api")
    assert page.see(30) == []
    assert page.ours.is_open


def test_maintenance_confirms_no_suspicion() -> None:
    page = quiet()
    page.see(1, "api")
    planned = official(2, "api", maintenance=True, severity=Severity.MAINTENANCE)
    assert [i.id for i in page.see(3, "api", page=[planned])] == ["p1"]
    assert page.ours.origin is Origin.SUSPECTED


def test_what_the_provider_posts_when_it_is_over_is_confirmed_and_then_resolved() -> None:
    page = quiet()
    page.see(1, "api")
    over = IncidentEvent(
        1, EventKind.OVER, "u1", minute(4), minute(4), UP, "resolved", "It is fixed."
    )
    (merged,) = page.see(5, page=[official(4, "api", events=(over,), ended_at=minute(4))])
    confirmed, resolved = merged.events[-2:]
    assert (confirmed.kind, resolved.kind) == (EventKind.CONFIRMED, EventKind.RESOLVED)
    assert (confirmed.text, resolved.text) == ("It is fixed.", "")
    assert resolved.revision == confirmed.revision + 1
    assert resolved.key == "u1/over"


def test_a_post_about_something_else_confirms_nothing() -> None:
    page = quiet()
    page.see(1, "api")
    page.see(5, "api", page=[official(5, "console")])
    assert page.ours.official_at is None
    theirs = page.state.incidents["p1"]
    assert (theirs.origin, theirs.official_at) == (Origin.PROVIDER, minute(5))
