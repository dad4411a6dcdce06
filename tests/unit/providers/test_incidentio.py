"""incident.io: which of its documents ties an open incident to components, and what it says."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from adapters.providers import incidentio_proxy
from adapters.providers.answers import recognised
from adapters.providers.port import Page
from bot.domain.errors import SourceError
from bot.domain.page import PageIncident, Severity, Snapshot
from tests.unit.providers.samples import SAMPLES, encoded, polled
from tests.unit.providers.samples.sample import PAGE
from tests.unit.providers.samples.statuspages import PROXY_OPEN

PROXY = "/proxy/status.example.com"
ROWS = {"c1": ("API",), "c2": ("Web",)}


def proxy(*open_: dict[str, Any], **lists: Any) -> dict[str, Any]:
    """The document with these incidents open."""
    quiet: Any = deepcopy(SAMPLES["incidentio-proxy"].quiet[PROXY])
    quiet["summary"] |= {"ongoing_incidents": list(open_), **lists}
    return quiet  # type: ignore[no-any-return]


def read(document: object) -> Snapshot:
    return incidentio_proxy.parse(encoded(document), Page("example", PAGE, ROWS))


async def summary_with(**documents: bytes | None) -> PageIncident:
    """Poll the page whose summary has one incident, with this feed and this other document."""
    sample = SAMPLES["incidentio"]
    bodies = sample.bodies(trouble=True)
    for path, body in (("/feed.atom", documents.get("feed")), (PROXY, documents.get("proxy"))):
        bodies.pop(path, None)
        if body is not None:
            bodies[path] = body
    (incident,) = (await polled(sample, bodies)).incidents
    return incident


# --- beside the summary ----------------------------------------------------------------------


async def test_where_the_feed_cannot_be_read_the_other_document_names_the_components() -> None:
    incident = await summary_with(proxy=encoded(proxy(PROXY_OPEN)))
    assert incident.components == ("c1",)
    assert incident.linkable
    assert [change.after for change in incident.updates[-1].changes] == [Severity.PARTIAL]


async def test_an_incident_that_the_feed_does_not_have_yet_is_looked_up_in_the_other() -> None:
    feed = SAMPLES["incidentio"].bodies(trouble=True)["/feed.atom"]
    other = feed.replace(b"incidents/i1", b"incidents/i0")
    incident = await summary_with(feed=other, proxy=encoded(proxy(PROXY_OPEN)))
    assert incident.components == ("c1",)


async def test_the_other_document_is_not_asked_for_where_the_feed_tells() -> None:
    feed = SAMPLES["incidentio"].bodies(trouble=True)["/feed.atom"]
    elsewhere = {**PROXY_OPEN, "affected_components": [{"id": "c2", "status": "full_outage"}]}
    incident = await summary_with(feed=feed, proxy=encoded(proxy(elsewhere)))
    assert incident.components == ("c1",)


async def test_a_document_that_is_older_than_the_summary_ties_nothing() -> None:
    older = {**PROXY_OPEN, "status": "identified"}
    incident = await summary_with(proxy=encoded(proxy(older)))
    assert incident.components == ()


async def test_where_neither_can_be_read_the_incident_is_told_all_the_same() -> None:
    sample = SAMPLES["incidentio"]
    bodies = sample.bodies(trouble=True)
    del bodies["/feed.atom"]
    snapshot = await polled(sample, bodies)
    assert [incident.id for incident in snapshot.incidents] == ["i1"]
    assert "components of open incidents are not known" in snapshot.oddities[-1]


async def test_a_page_whose_feed_is_gone_is_read_from_the_other_document() -> None:
    sample = SAMPLES["incidentio-feed"]
    trouble = {PROXY: SAMPLES["incidentio-proxy"].bodies(trouble=True)[PROXY]}
    snapshot = await polled(sample, trouble)
    assert {c.id: c.severity for c in snapshot.components}["c1"] is Severity.PARTIAL
    with pytest.raises(SourceError, match=r"feed\.atom"):
        await polled(sample, {})


# --- the document ----------------------------------------------------------------------------


def test_text_is_read_out_of_its_tree() -> None:
    (incident,) = read(proxy(PROXY_OPEN)).incidents
    assert [update.text for update in incident.updates] == ["We look."]
    assert incident.url == f"{PAGE}/incidents/i1"


@pytest.mark.parametrize(
    ("impacts", "components"),
    [
        ([{"component_id": "c1", "status": "full_outage", "end_at": None}], ("c1",)),
        ([{"component_id": "c1", "status": "full_outage", "end_at": "2026-09-01T12:00:00Z"}], ()),
        ([], ()),
        (None, ()),
    ],
)
def test_without_affected_components_the_impacts_that_go_on_count(
    impacts: object, components: tuple[str, ...]
) -> None:
    one = {**PROXY_OPEN, "affected_components": None, "component_impacts": impacts}
    (incident,) = read(proxy(one)).incidents
    assert incident.components == components
    assert incident.linkable is bool(components)


@pytest.mark.parametrize("lists", [{"affected_components": None}, {"ongoing_incidents": None}])
def test_lists_that_are_null_are_empty(lists: dict[str, object]) -> None:
    seen = read(proxy(**lists))
    assert {component.severity for component in seen.components} == {Severity.UP}
    assert seen.incidents == ()


def test_a_word_that_nobody_knows_is_unknown() -> None:
    seen = read(proxy(affected_components=[{"component_id": "c2", "status": "smouldering"}]))
    assert {c.id: c.severity for c in seen.components} == {
        "c1": Severity.UP,
        "c2": Severity.UNKNOWN,
    }


WIDGET = {
    "page_title": "Example",
    "page_url": PAGE,
    "ongoing_incidents": [
        {
            "id": "i1",
            "name": "Elevated errors",
            "status": "monitoring",
            "url": f"{PAGE}/incidents/i1",
            "last_update_at": "2026-09-01T12:10:00Z",
            "last_update_message": "A fix is in place.",
            "current_worst_impact": "partial_outage",
            "affected_components": [
                {"id": "c1", "name": "API", "current_status": "partial_outage"}
            ],
        }
    ],
    "in_progress_maintenances": [],
    "scheduled_maintenances": [
        {
            "id": "m1",
            "name": "Database",
            "status": "maintenance_scheduled",
            "starts_at": "2026-09-03T10:00:00Z",
            "ends_at": "2026-09-03T11:00:00Z",
            "affected_components": [{"id": "c2", "name": "Web", "current_status": "operational"}],
        }
    ],
}


def test_the_documented_widget_is_read_as_well() -> None:
    incident, maintenance = read(WIDGET).incidents
    assert (incident.phase, incident.components) == ("monitoring", ("c1",))
    assert [update.text for update in incident.updates] == ["A fix is in place."]
    assert (maintenance.maintenance, maintenance.phase) == (True, "scheduled")
    assert maintenance.scheduled_until is not None


def test_both_are_recognised_by_their_shape() -> None:
    assert recognised([{"body": WIDGET}]) == "incidentio-proxy"
    assert recognised([{"body": proxy()}]) == "incidentio-proxy"


@pytest.mark.parametrize("body", [{"summary": {}}, {"page_title": "X"}, {"summary": [1]}, []])
def test_what_is_neither_is_another_format(body: object) -> None:
    with pytest.raises(SourceError, match="changed its format"):
        read(body)
