"""One row of `SOURCES`, and its evidence is collected, fades, is answered and served."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from adapters.web.app import ENDPOINTS
from adapters.web.openapi import description
from bot.catalog.catalog import only
from bot.catalog.catalog_file import load_catalog
from bot.domain.evidence import Evidence
from bot.domain.page import Severity
from bot.evidence import sources
from bot.evidence.collector import Collector
from bot.evidence.crowd import CrowdCount
from bot.evidence.reports import ReportCount
from bot.evidence.sources import Collected, EvidenceSource, source_named
from bot.evidence.stores import EvidenceStores
from bot.evidence.suspicion import case_against, decay
from bot.messages.just_me import just_me_message
from bot.status.view import status_view
from tests.unit.messages.examples import QUIET, page_state, spoken

NOW = datetime(2026, 11, 20, 17, 51, tzinfo=UTC)
CATALOG = only(load_catalog(), ["claude"])


async def _clouds(_stores: EvidenceStores, now: datetime) -> Collected:
    seen = Evidence("weather", "api", Severity.DEGRADED, now, says="it rains on the API")
    return lambda _: [seen]


# What one would add to the product: this row, and the function above in a module of its own.
TOY = EvidenceSource("weather", "The weather", timedelta(minutes=1), timedelta(minutes=3), _clouds)


class _Nothing:
    """Stores in which nothing is kept."""

    async def records(self) -> list[object]:
        return []

    async def counts(self, now: datetime) -> list[object]:
        return []

    async def everywhere(self, now: datetime) -> list[ReportCount]:
        return []


class _Nobody:
    """A crowd that says nothing."""

    async def counts(self) -> list[CrowdCount]:
        return []


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    nothing = _Nothing()
    with monkeypatch.context() as patch:
        patch.setattr(sources, "SOURCES", (*sources.SOURCES, TOY))
        yield Collector(EvidenceStores(nothing, nothing, nothing, _Nobody()), CATALOG)  # type: ignore[arg-type]  # read only


async def test_a_row_is_collected_and_can_raise_a_suspicion(toy: Collector) -> None:
    (piece,) = (await toy.gather("claude", NOW)).evidence
    assert piece.says == "it rains on the API"
    assert case_against("api", [piece], NOW).suspected


async def test_a_row_fades_by_its_own_times(toy: Collector) -> None:
    assert toy is not None
    minutes = [decay("weather", timedelta(minutes=n)) for n in (0, 1, 2, 3, 9)]
    assert minutes == [1, 1, 0.5, 0, 0]


async def test_a_row_stands_in_answers_and_in_the_description_of_the_api(toy: Collector) -> None:
    evidence = (await toy.collect(NOW))(None)
    view = status_view(CATALOG, {"claude": page_state(QUIET)}, NOW, evidence)
    api = view.verdict("api")
    assert api is not None
    said = spoken(just_me_message([api], [], CATALOG))
    assert "The weather, API: it rains on the API" in said
    assert "weather" in str(description(ENDPOINTS))


def test_every_source_fades_after_it_counted_in_full() -> None:
    for name in (
        "probe",
        "traffic",
        "reports",
        "downdetector",
        "hackernews",
        "github",
        "bluesky",
        "openrouter",
    ):
        row = source_named(name)
        assert timedelta(0) < row.full_for < row.gone_after
