"""A rule of the catalogue: what has no row of its own is never better than what carries it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.catalog.catalog_file import load_catalog
from bot.catalog.providers import Surface
from bot.domain.evidence import Evidence, Source, Verdict
from bot.domain.incident import Impact
from bot.domain.page import Severity
from bot.domain.state import ComponentState, State
from bot.status.verdict import verdicts
from tests.unit.messages.examples import OUTAGE

NOW = datetime(2026, 11, 20, 17, 51, tzinfo=UTC)
CATALOG = load_catalog()
ROWLESS = [s for s in CATALOG.surfaces() if s.model or not s.components]
BAD = [Severity.DEGRADED, Severity.PARTIAL, Severity.MAJOR]


def judged(
    surface: Surface,
    carrier: Severity,
    own: Severity | None = None,
    others: tuple[Evidence, ...] = (),
    *,
    fresh: bool = True,
) -> dict[str, Verdict]:
    """Return all verdicts: what it rests on is `carrier`, an incident of its own says `own`."""
    provider = CATALOG.provider(surface.provider)
    rows = {
        row: ComponentState(s.label, severity, severity, NOW)
        for s in provider.surfaces
        for severity in [carrier if s.id in surface.rests_on else Severity.UP]
        for row in s.components
    }
    incident = replace(
        OUTAGE, provider=provider.id, surfaces={surface.id: Impact(own, own)} if own else {}
    )
    state = State(provider.id, NOW, NOW, components=rows, incidents={incident.id: incident})
    found = verdicts(state, CATALOG, NOW, others, fresh=fresh, versions={})
    return {verdict.surface: verdict for verdict in found}


def test_models_and_apps_are_such_surfaces() -> None:
    assert {"opus", "haiku", "mobile"} <= {surface.id for surface in ROWLESS}


@pytest.mark.parametrize("surface", ROWLESS, ids=lambda s: s.id)
def test_each_rests_on_something_of_its_provider_that_has_a_row(surface: Surface) -> None:
    siblings = {s.id: s for s in CATALOG.provider(surface.provider).surfaces}
    assert surface.rests_on
    assert all(other in siblings and siblings[other].components for other in surface.rests_on)


@pytest.mark.parametrize("own", [None, *BAD], ids=str)
@pytest.mark.parametrize("carrier", [Severity.UP, Severity.MAINTENANCE, *BAD], ids=str)
@pytest.mark.parametrize("surface", ROWLESS, ids=lambda s: s.id)
def test_none_is_better_than_what_carries_it(
    surface: Surface, carrier: Severity, own: Severity | None
) -> None:
    found = judged(surface, carrier, own)
    worst = max(found[other].severity.rank for other in surface.rests_on)
    assert worst == carrier.rank
    assert found[surface.id].severity.rank >= worst
    if own is None:
        assert found[surface.id].carried_by in surface.rests_on


@pytest.mark.parametrize("surface", ROWLESS, ids=lambda s: s.id)
def test_none_is_up_while_what_carries_it_cannot_be_seen_or_is_suspected(surface: Surface) -> None:
    assert not judged(surface, Severity.UNKNOWN)[surface.id].is_up
    assert not judged(surface, Severity.UP, fresh=False)[surface.id].is_up
    failing = tuple(
        Evidence(Source.PROBE, other, Severity.DEGRADED, NOW, weight=1.0)
        for other in surface.rests_on
    )
    assert judged(surface, Severity.UP)[surface.id].is_up
    assert not judged(surface, Severity.UP, others=failing)[surface.id].is_up
