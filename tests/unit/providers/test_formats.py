"""What is peculiar to single formats: ids, times, ends and names as those pages have them."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from adapters.providers import aws, aws_rss, betterstack, documents, google
from adapters.providers.fields import read_moment
from adapters.providers.incidentio_feed import named
from adapters.providers.port import Page
from bot.domain.errors import SourceError
from bot.domain.page import Severity, Snapshot
from tests.unit.providers.samples import SAMPLES, encoded, feed, polled

UP, DEGRADED, PARTIAL, MAJOR = (
    Severity.UP,
    Severity.DEGRADED,
    Severity.PARTIAL,
    Severity.MAJOR,
)


def document(kind: str, *, trouble: bool = True) -> Any:
    sample = SAMPLES[kind]
    return deepcopy(next(iter((sample.trouble if trouble else sample.quiet).values())))


def severities(snapshot: Snapshot) -> dict[str, Severity]:
    return {component.id: component.severity for component in snapshot.components}


# --- Google ----------------------------------------------------------------------------------


def read_google(incident: dict[str, Any], *components: str) -> Snapshot:
    page = Page("g", "https://status.example.com", dict.fromkeys(components, ()))
    return google.parse(encoded([incident]), page)


@pytest.mark.parametrize(
    ("component", "severity"),
    [
        ("prod1", PARTIAL),
        ("prod1@us-central1", PARTIAL),
        ("prod1@europe-west4", UP),
        ("prod2", UP),
    ],
)
def test_google_counts_for_a_product_and_where_a_region_is_wanted_for_that(
    component: str, severity: Severity
) -> None:
    assert severities(read_google(document("google")[0], component)) == {component: severity}


@pytest.mark.parametrize(("place", "severity"), [("global", PARTIAL), ("us", PARTIAL), ("eu", UP)])
def test_google_has_places_larger_than_a_region(place: str, severity: Severity) -> None:
    incident = document("google")[0]
    incident["currently_affected_locations"] = [{"id": place}]
    assert severities(read_google(incident, "prod1@us-east5"))["prod1@us-east5"] is severity


def test_no_place_at_google_does_not_mean_nowhere() -> None:
    incident = document("google")[0]
    incident["currently_affected_locations"] = incident["previously_affected_locations"] = []
    assert severities(read_google(incident, "prod1@us-east5"))["prod1@us-east5"] is PARTIAL


def test_no_end_and_an_end_that_is_null_are_the_same_at_google() -> None:
    incident = document("google")[0]
    assert read_google(incident, "prod1") == read_google({**incident, "end": None}, "prod1")


def test_words_that_follow_the_end_at_google_are_its_postmortem() -> None:
    incident = document("google", trouble=False)[0]
    report = {"created": "2026-09-05T00:00:00+00:00", "status": "AVAILABLE", "text": "Why."}
    incident["updates"].insert(0, report)
    (seen,) = read_google(incident, "prod1").recent or ()
    assert [update.phase for update in seen.updates] == ["ongoing", "resolved", "postmortem"]


# --- AWS -------------------------------------------------------------------------------------


def read_aws(event: dict[str, Any], component: str = "bedrock-eu-west-1") -> Snapshot:
    page = Page("b", "https://health.example.com", {component: ()})
    return aws.parse(encoded([event], "utf-16-be"), page)


def test_a_service_of_aws_is_as_bad_as_it_is_now_and_not_as_the_event_is_or_was() -> None:
    assert severities(read_aws(document("aws")[0])) == {"bedrock-eu-west-1": PARTIAL}


def test_an_event_of_aws_that_names_other_services_is_not_ours() -> None:
    event = document("aws")[0]
    event["impacted_services"] = {"sts-eu-west-1": {"current": "3", "max": "3"}}
    assert read_aws(event).incidents == ()


def test_an_event_of_aws_that_does_not_say_which_services_may_be_ours() -> None:
    event = {**document("aws")[0], "impacted_services": {}}
    assert severities(read_aws(event)) == {"bedrock-eu-west-1": MAJOR}
    assert read_aws(event, "bedrock-eu-west-2").incidents == ()


@pytest.mark.parametrize("status", [3, "3", " 3"])
def test_aws_writes_numbers_and_texts(status: object) -> None:
    event = {**document("aws")[0], "status": status, "impacted_services": {}}
    assert severities(read_aws(event)) == {"bedrock-eu-west-1": MAJOR}


def test_a_number_that_aws_never_used_is_unknown() -> None:
    event = {**document("aws")[0], "status": "7", "impacted_services": {}}
    seen = read_aws(event)
    assert severities(seen) == {"bedrock-eu-west-1": Severity.UNKNOWN}
    assert [incident.impact for incident in seen.incidents] == [UP]


def test_the_number_decides_at_aws_where_the_word_is_early() -> None:
    event = {**document("aws")[0], "summary": "[RESOLVED] Errors"}
    assert [incident.title for incident in read_aws(event).incidents] == ["Errors"]


def test_a_later_run_in_a_feed_of_aws_is_an_event_of_its_own() -> None:
    began, ended = document("aws-rss"), document("aws-rss", trouble=False)
    item = began[began.index("<item>") : began.index("</channel>")]
    over = ended[ended.index("<item>") : ended.index("</channel>")]
    again = item.replace("1788258430", "1788300000").replace("03:27:10", "20:00:00")
    page = Page("b", "https://status.example.com", {"bedrock-eu-west-1": ()})
    seen = aws_rss.parse(feed("Amazon", again, over, item).encode(), page)
    (incident,) = seen.incidents
    assert [update.id for update in incident.updates] == ["bedrock-eu-west-1-1788300000"]


# --- the others ------------------------------------------------------------------------------


def test_a_name_that_stands_for_two_components_means_the_one_in_that_state() -> None:
    ids = {"Login": ("apis", "chatgpt")}
    present = {"apis": UP, "chatgpt": DEGRADED}
    assert named((("Login", DEGRADED),), ids, present) == {"chatgpt": DEGRADED}
    assert named((("Login", MAJOR),), ids, present) == {"apis": MAJOR, "chatgpt": MAJOR}
    assert named((("Sign-up", MAJOR),), ids, present) == {}


async def test_an_incident_of_incident_io_whose_feed_lags_is_not_tied_to_old_states() -> None:
    sample = SAMPLES["incidentio"]
    bodies = sample.bodies(trouble=True)
    bodies["/feed.atom"] = bodies["/feed.atom"].replace(b"Investigating", b"Identified")
    (incident,) = (await polled(sample, bodies)).incidents
    assert incident.components == ()


async def test_what_a_page_that_moved_enters_anew_has_its_old_dates() -> None:
    sample = SAMPLES["datadog"]
    page = document("datadog", trouble=False)
    for entry in page["incidents"][0]["timeline"]:
        entry["createdAt"] = "2026-09-11T02:34:01Z"
    (incident,) = (await polled(sample, {"/config.json": encoded(page)})).recent or ()
    assert incident.started_at.isoformat() == "2026-09-01T11:50:00+00:00"
    assert incident.posted_at.isoformat() == "2026-09-11T02:34:01+00:00"


async def test_a_change_of_flashcat_that_names_no_component_makes_none_up() -> None:
    sample = SAMPLES["flashcat"]
    page = document("flashcat")
    del page["data"]["active_changes"][0]["affected_components"]
    seen = await polled(sample, {"/summary/active": encoded(page)})
    assert set(severities(seen).values()) == {Severity.UNKNOWN}
    assert [incident.linkable for incident in seen.incidents] == [False]


async def test_checkly_counts_unresolved_events_where_it_has_no_list_of_what_is_open() -> None:
    sample = SAMPLES["checkly"]
    page = document("checkly")
    seen = await polled(sample, {"/uptime": encoded(page)})
    assert set(severities(seen).values()) == {UP}
    event = page["uptime"][0]["services"][0]["days"][0]["events"][0]
    event["lastUpdateStatus"] = "INVESTIGATING"
    seen = await polled(sample, {"/uptime": encoded(page)})
    assert severities(seen) == {"cs1": DEGRADED}


async def test_slack_may_say_that_something_is_active_and_not_what() -> None:
    sample = SAMPLES["slack"]
    page = {**document("slack"), "active_incidents": []}
    seen = await polled(sample, {"/api/v2.0.0/current": encoded(page)})
    assert set(severities(seen).values()) == {Severity.UNKNOWN}


@pytest.mark.parametrize(
    "value",
    [
        "2026-09-15T10:27:10Z",
        "Tue, 15 Sep 2026 03:27:10 PDT",
        "Tue, 15 Sep 2026 10:27:10 Z",
        1789468030,
        "1789468030",
    ],
)
def test_one_moment_in_every_spelling_of_the_pages(value: object) -> None:
    moment = read_moment(value)
    assert moment is not None
    assert moment.isoformat() == "2026-09-15T10:27:10+00:00"


@pytest.mark.parametrize("value", [True, None, "soon", "9" * 5000, 1e400, -1, [], "99999999999999"])
def test_what_is_no_moment_is_none(value: object) -> None:
    assert read_moment(value) is None


ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
    '<rss version="2.0"><channel><title>&b;</title></channel></rss>'
)


def test_a_feed_that_declares_entities_is_refused() -> None:
    with pytest.raises(SourceError, match="document type"):
        documents.read_feed(ENTITIES.encode())
    with pytest.raises(SourceError, match="document type"):
        documents.read_feed(ENTITIES.encode("utf-16"))


def test_a_feed_may_speak_of_a_document_type() -> None:
    text = feed("Amazon", "<item><title>&lt;!DOCTYPE html&gt;</title></item>")
    assert documents.read_feed(text.encode()).items[0].title == "<!DOCTYPE html>"


def test_a_page_that_changed_its_format_is_told_with_what_came_instead() -> None:
    page = Page("p", "https://status.example.com")
    with pytest.raises(SourceError, match=r"changed its format: .*status page.* an object with"):
        betterstack.parse(encoded({"summary": {}, "structure": []}), page)
