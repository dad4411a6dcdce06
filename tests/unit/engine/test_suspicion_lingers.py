"""How long a surface stays suspected: while one kind still speaks, and a while after the last."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.domain.evidence import Evidence, Source
from bot.domain.page import Severity
from bot.domain.state import SuspicionState
from bot.engine.detection import CALM, Evidenced
from bot.evidence.suspicion import AGREE, Signals
from tests.unit.engine.build import START, minute
from tests.unit.engine.test_detection import official, quiet

OLD = {"api": SuspicionState(START, START)}


def seen(at: datetime, weight: float | None) -> Evidenced:
    """What is suspected at that moment, if a probe weighs so much (None: it says nothing)."""
    piece = Evidence(Source.PROBE, "api", Severity.DEGRADED, at, weight=weight or 0.0)
    return Evidenced.at(at, Signals(() if weight is None else (piece,)), OLD, str)


def test_one_kind_that_would_not_suffice_keeps_what_is_suspected() -> None:
    late = START + CALM + timedelta(minutes=5)

    assert seen(late, AGREE).suspicions == {"api": SuspicionState(START, late)}


@pytest.mark.parametrize("weight", [None, AGREE - 0.01])
def test_what_says_less_than_one_voice_keeps_nothing(weight: float | None) -> None:
    assert seen(minute(9), weight).suspicions == OLD, "it is not calm for long enough yet"
    assert seen(START + CALM, weight).suspicions == {}


def test_when_we_saw_what_the_provider_had_posted_already_is_remembered() -> None:
    page = quiet()
    theirs = official(1, "api")
    page.see(2, page=[theirs])
    assert page.state.incidents["p1"].suspected_at is None
    page.see(5, "api", page=[theirs])
    assert page.state.incidents["p1"].suspected_at == minute(5)
