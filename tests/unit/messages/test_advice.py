"""One advice, from one place, and what helps first."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.incident import Impact
from bot.messages.advice import OTHER_MODEL, advice_line, opening_advice
from bot.status.view import StatusView
from tests.unit.messages.examples import (
    CLAUDE,
    DEGRADED,
    DOWN,
    MAJOR,
    OUTAGE,
    QUIET,
    claude,
    seen,
    verdict,
)


def view_of(*texts: str, surface: str = "claude.ai") -> StatusView:
    """claude.ai is down, by an incident with these texts."""
    events = tuple(
        replace(event, text=text) for event, text in zip(OUTAGE.events, texts, strict=False)
    )
    incident = replace(OUTAGE, surfaces={surface: Impact(MAJOR, MAJOR)}, events=events)
    return seen(claude(*DOWN, incidents=(incident,)))


def test_there_is_one_advice_and_it_does_not_argue_with_itself() -> None:
    for surface in ("claude.ai", "code"):
        said = advice_line(view_of("It is slow."), surface)
        assert said.count("What you can do") == 1
        assert not ("stop retrying" in said and "retry in" in said)


def test_logins_are_spoken_of_where_the_incident_speaks_of_them() -> None:
    assert "log in" not in advice_line(view_of("Requests fail."), "claude.ai")
    said = advice_line(view_of("Users are unable to log in."), "claude.ai")
    assert "do not log in again and again" in said


def test_another_model_comes_first_where_a_model_is_named() -> None:
    model = replace(OUTAGE, surfaces={"opus": Impact(DEGRADED, DEGRADED, from_text=True)})
    slow = verdict("opus", DEGRADED)
    view = seen(claude(*QUIET, slow, incidents=(model,)))
    assert advice_line(view, "opus").startswith("What you can do: another model may work; retry in")
    assert opening_advice(model, CLAUDE) == "What you can do: another model may work."


def test_no_other_model_is_advised_where_all_of_them_are_in_trouble() -> None:
    suffers = Impact(DEGRADED, DEGRADED, from_text=True)
    models = [surface.id for surface in CLAUDE.surfaces() if surface.model]
    assert OTHER_MODEL not in opening_advice(
        replace(OUTAGE, surfaces=dict.fromkeys(models, suffers)), CLAUDE
    )
    assert OTHER_MODEL in opening_advice(
        replace(OUTAGE, surfaces=dict.fromkeys(models[1:], suffers)), CLAUDE
    )


def test_an_opening_says_what_the_provider_says_works() -> None:
    event = replace(OUTAGE.events[0], text="Login fails. The API is not affected.")
    opening = replace(OUTAGE, events=(event,))
    said = opening_advice(opening, CLAUDE)
    assert said.startswith("Not affected, says the provider: the API.")
    assert "do not log in again and again" in said


def test_nothing_is_advised_where_nothing_is_wrong() -> None:
    assert advice_line(seen(claude(*QUIET)), "api") == ""
