"""Shapes that the pages are known to have, beside those of the samples: never up by not looking."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from adapters.providers import azure, betterstack, datadog, instatus, xai
from adapters.providers.port import Page
from adapters.providers.statuspage import parse_summary
from bot.domain.errors import SourceError
from bot.domain.page import Severity, Snapshot
from tests.unit.providers.samples import SAMPLES, encoded, feed, polled
from tests.unit.providers.samples.sample import PAGE

UP, DEGRADED, PARTIAL, MAJOR, MAINTENANCE, UNKNOWN = (
    Severity.UP,
    Severity.DEGRADED,
    Severity.PARTIAL,
    Severity.MAJOR,
    Severity.MAINTENANCE,
    Severity.UNKNOWN,
)


def first(kind: str, *, trouble: bool = True) -> Any:
    """A copy of the first document of a sample."""
    sample = SAMPLES[kind]
    return deepcopy(next(iter((sample.trouble if trouble else sample.quiet).values())))


def severities(snapshot: Snapshot) -> set[Severity]:
    return {component.severity for component in snapshot.components}


# --- Statuspage and incident.io --------------------------------------------------------------


def test_a_page_that_names_nothing_but_itself_is_no_status() -> None:
    with pytest.raises(SourceError, match="changed its format"):
        parse_summary(encoded({"page": {"id": "p", "name": "Example", "url": PAGE}}), "example")


@pytest.mark.parametrize("components", [[], None, {}, "none"])
def test_a_status_without_rows_has_no_component_that_could_be_up(components: object) -> None:
    body = {"page": {"name": "X"}, "status": {"indicator": "none"}, "components": components}
    assert parse_summary(encoded(body), "example").components == ()


def test_lists_that_incident_io_leaves_out_are_empty() -> None:
    summary = first("statuspage", trouble=False)
    for key in ("incidents", "scheduled_maintenances"):
        del summary[key]
    seen = parse_summary(encoded(summary), "example")
    assert seen.incidents == ()
    assert severities(seen) == {UP}


def test_the_states_of_incident_io_have_words_of_their_own() -> None:
    summary = first("statuspage", trouble=False)
    summary["components"][0]["status"] = "full_outage"
    assert parse_summary(encoded(summary), "example").components[0].severity is MAJOR


# --- the others ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "severity"),
    [
        ("operational", UP),
        ("degraded", DEGRADED),
        ("partial_outage", PARTIAL),
        ("major_outage", MAJOR),
        ("maintenance", MAINTENANCE),
        ("", UNKNOWN),
    ],
)
def test_the_states_of_datadog(status: str, severity: Severity) -> None:
    page = first("datadog", trouble=False)
    page["components"][0]["components"][0]["status"] = status
    seen = datadog.parse(encoded(page), Page("d", PAGE))
    assert seen.components[0].severity is severity


@pytest.mark.parametrize(
    ("status", "severity"),
    [
        ("OPERATIONAL", UP),
        ("UNDERMAINTENANCE", MAINTENANCE),
        ("DEGRADEDPERFORMANCE", DEGRADED),
        ("PARTIALOUTAGE", PARTIAL),
        ("MINOROUTAGE", PARTIAL),
        ("MAJOROUTAGE", MAJOR),
        ("", UNKNOWN),
    ],
)
def test_the_states_of_instatus(status: str, severity: Severity) -> None:
    rows = {"components": [{"id": "in1", "name": "API", "status": status, "group": {"id": "g"}}]}
    seen = instatus.parse(encoded(first("instatus", trouble=False)), Page("i", PAGE), encoded(rows))
    assert [component.severity for component in seen.components] == [severity]


@pytest.mark.parametrize("duration", ["60", 60])
def test_a_maintenance_of_instatus_has_a_length_and_no_end(duration: object) -> None:
    summary = first("instatus", trouble=False)
    summary["activeMaintenances"] = [
        {
            "id": "m1",
            "name": "Database",
            "start": "2026-09-03T10:00:00Z",
            "status": "NOTSTARTEDYET",
            "duration": duration,
        }
    ]
    rows = SAMPLES["instatus"].bodies()["/v3/components.json"]
    (window,) = instatus.parse(encoded(summary), Page("i", PAGE), rows).incidents
    assert (window.maintenance, window.phase) == (True, "scheduled")
    assert window.scheduled_until is not None
    assert window.scheduled_until.isoformat() == "2026-09-03T11:00:00+00:00"


def better_stack(state: str, resource: str, kind: str = "manual") -> Snapshot:
    """The page with one report in that state, and its resource as it is now."""
    page = first("betterstack")
    row, report, _ = page["included"]
    row["attributes"]["status"] = resource
    affected = [{"status_page_resource_id": "8475065", "status": "maintenance"}]
    report["attributes"] |= {"aggregate_state": state, "report_type": kind}
    if kind == "maintenance":
        report["attributes"] |= {"affected_resources": affected, "ends_at": "2026-09-09T00:00:00Z"}
    return betterstack.parse(encoded(page), Page("b", PAGE))


@pytest.mark.parametrize("state", ["downtime", "degraded", "maintenance", "smouldering", ""])
def test_a_report_of_better_stack_is_open_until_it_is_resolved(state: str) -> None:
    assert [one.id for one in better_stack(state, "downtime").incidents] == ["9"]
    assert better_stack("resolved", "operational").incidents == ()


@pytest.mark.parametrize("status", ["not_monitored", "", "paused"])
def test_a_resource_that_better_stack_does_not_watch_is_unknown(status: str) -> None:
    assert severities(better_stack("resolved", status)) == {UNKNOWN}


@pytest.mark.parametrize(
    ("resource", "phase"), [("operational", "scheduled"), ("maintenance", "in_progress")]
)
def test_a_maintenance_of_better_stack_has_begun_when_its_resource_is_in_it(
    resource: str, phase: str
) -> None:
    (window,) = better_stack("maintenance", resource, "maintenance").incidents
    assert (window.maintenance, window.phase) == (True, phase)


@pytest.mark.parametrize("shape", ["list", "object"])
async def test_what_is_unresolved_at_checkly_is_a_list_or_holds_one(shape: str) -> None:
    sample = SAMPLES["checkly"]
    rows: Any = sample.trouble["/unresolved-incidents"]
    body = rows["incidents"] if shape == "list" else rows
    bodies = {**sample.bodies(), "/unresolved-incidents": encoded(body)}
    assert severities(await polled(sample, bodies)) == {PARTIAL}


async def test_a_page_of_checkly_that_could_not_tell_everything_is_not_up() -> None:
    sample = SAMPLES["checkly"]
    page = {**first("checkly", trouble=False), "partialError": True}
    bodies = {**sample.bodies(), "/uptime": encoded(page)}
    assert severities(await polled(sample, bodies)) == {UNKNOWN}


@pytest.mark.parametrize("active", [None, [], {}])
async def test_nothing_active_at_flashcat_has_several_spellings(active: object) -> None:
    page = first("flashcat", trouble=False)
    page["data"]["active_changes"] = active
    seen = await polled(SAMPLES["flashcat"], {"/summary/active": encoded(page)})
    assert severities(seen) == {UP}


@pytest.mark.parametrize("link", ["", "https://status.x.ai/", "INC1"])
def test_an_outage_of_xai_that_does_not_say_where_may_be_anywhere(link: str) -> None:
    body = str(first("xai")).replace("https://status.x.ai/api/INC1", link)
    seen = xai.parse(body.encode(), Page("x", PAGE, {"api": (), "grok-com": ()}))
    assert severities(seen) == {UNKNOWN}
    assert [incident.id for incident in seen.incidents] == ["INC1"]


async def test_an_open_entry_of_incident_io_that_names_nothing_we_know_leaves_nothing_up() -> None:
    sample = SAMPLES["incidentio-feed"]
    body = sample.bodies(trouble=True)["/feed.atom"].replace(b"<li>API", b"<li>Comet")
    seen = await polled(sample, {"/feed.atom": body})
    assert severities(seen) == {UNKNOWN}
    assert [incident.linkable for incident in seen.incidents] == [False]


@pytest.mark.parametrize("title", ["Azure Status", "Azure status history", "AZURE STATUS"])
def test_an_empty_feed_of_azure_announces_nothing(title: str) -> None:
    page = Page("a", PAGE, {"azure-openai": ("Azure OpenAI",)})
    assert severities(azure.parse(feed(title).encode(), page)) == {UP}
