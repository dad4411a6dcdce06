"""Recorded pages of other formats: every incident once, in order, and none that was none."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from functools import cache
from typing import Any

import pytest

from adapters.providers import aws, google
from adapters.providers.fields import read_time
from adapters.providers.kinds import KINDS
from adapters.providers.port import Page
from adapters.providers.recording import Observation
from bot.domain.errors import SourceError
from bot.domain.incident import Ending, EventKind
from bot.domain.page import Severity, Snapshot
from tests.history.polling import Story, taken_in
from tests.shared import shared_path

NO_END = "betterstack/betterstack_report_resolved_without_end_2026-09-23_excerpt.json"
GEMINI, ONLINE_INFERENCE = "Z0FZJAMvEB4j3NbCJs6B", "sdXM79fz1FS6ekNpu37K"


def lines(name: str) -> Iterator[dict[str, Any]]:
    with gzip.open(shared_path(name), "rt", encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def body(name: str) -> bytes:
    return shared_path(name).read_bytes()


async def read(kind: str, page: Page, **documents: bytes) -> Snapshot:
    """Poll a page of these documents, each by the end of its address."""

    async def fetch(url: str) -> bytes:
        name = url.rpartition("/")[2].partition(".")[0].replace("-", "_")
        if name not in documents:
            raise SourceError(f"{url} answered 404")
        return documents[name]

    return await KINDS[kind](page, fetch).poll(lambda _: ())


# --- AWS -------------------------------------------------------------------------------------


@cache
def aws_polls() -> tuple[Observation, ...]:
    name = "data/aws/polls_data_json_2020-11_to_2022-03.jsonl.gz"
    keys = {event["service"]: () for line in lines(name) for event in line.get("current", ())}
    page = Page("aws", "https://status.example.com", keys)
    polls: list[Observation] = []
    for line in lines(name):
        at = read_time(line["observed_at"])
        assert at is not None
        try:
            seen = aws.parse(json.dumps(line["current"]).encode("utf-16"), page)
        except KeyError:
            polls.append((at, SourceError("the page sent an empty body")))
        else:
            polls.append((at, seen))
    return tuple(polls)


def once_and_in_order(story: Story) -> None:
    updates = story.updates()
    assert len(updates) == len(set(updates))
    assert all(incident.origin.value == "provider" for incident in story.incidents.values())
    for incident in story.incidents.values():
        kinds = [event.kind for event in incident.events]
        begun = [kind for kind in kinds if kind in (EventKind.OPENED, EventKind.OVER)]
        assert len(begun) == 1
        assert kinds[0] is begun[0]
        assert kinds.count(EventKind.RESOLVED) <= 1
        known = [u.id for u in story.reports[incident.id].updates]
        told = [e.update_id for e in incident.events if e.update_id and not e.corrects]
        # AWS takes a paragraph back now and then.
        assert [id_ for id_ in told if id_ in known] == [id_ for id_ in known if id_ in told]


def test_every_event_of_aws_is_told_once_and_in_order() -> None:
    story = taken_in(aws_polls())
    once_and_in_order(story)
    counted = story.count()
    assert len(story.incidents) == 163  # of 164: one had ended when the recording began
    assert counted["opened"] + counted["over"] == 163
    assert counted["withdrawn"] == counted["reopened"] == 0


def test_an_event_of_aws_that_left_its_list_is_never_called_over() -> None:
    story = taken_in(aws_polls())
    left = [i for i in story.incidents.values() if i.ending is Ending.NOT_LISTED]
    assert len(left) == 10
    open_at_last = {id_: incident.resolved_at is None for id_, incident in story.reports.items()}
    for incident in story.incidents.values():
        assert open_at_last[incident.id] == (incident.ending is Ending.NOT_LISTED)


def test_an_event_of_another_region_of_aws_tells_nobody() -> None:
    page = Page("bedrock", "https://health.example.com", {"bedrock-eu-west-1": ("Bedrock",)})
    seen = aws.parse(body("data/aws/currentevents_2026-09-04_trimmed.utf16be-bom.bin"), page)
    assert seen.incidents == ()
    assert [component.severity for component in seen.components] == [Severity.UP]


def test_the_two_regions_of_aws_that_have_been_out_since_march_are_seen() -> None:
    ids = {f"bedrock-{region}": () for region in ("me-central-1", "me-south-1", "us-west-2")}
    page = Page("bedrock", "https://health.example.com", ids)
    seen = aws.parse(body("data/aws/currentevents_2026-09-04_trimmed.utf16be-bom.bin"), page)
    severities = {component.id: component.severity for component in seen.components}
    assert severities == {
        "bedrock-me-central-1": Severity.MAJOR,
        "bedrock-me-south-1": Severity.MAJOR,
        "bedrock-us-west-2": Severity.UP,
    }
    assert len(seen.incidents) == 2


async def test_the_feed_of_aws_says_the_same_of_them() -> None:
    feed = body("data/aws/rss_all_2026-10-08.rss")
    page = Page("bedrock", "https://status.example.com", {"bedrock-me-south-1": ()})
    seen = await read("aws-rss", page, bedrock_me_south_1=feed)
    assert [component.severity for component in seen.components] == [Severity.MAJOR]
    (incident,) = seen.incidents
    assert incident.updates[-1].at.isoformat() == "2026-09-15T10:22:28+00:00"


# --- Google ----------------------------------------------------------------------------------


@cache
def google_polls(renamed: bool = False) -> tuple[Observation, ...]:
    """The whole list at each poll: the recording kept what was open, or touched of late."""
    page = Page("gemini", "https://status.example.com", {GEMINI: (), ONLINE_INFERENCE: ()})
    held: dict[str, Any] = {}
    polls: list[Observation] = []
    for number, line in enumerate(lines("data/gcp/polls_incidents_2024-07_to_2024-12.jsonl.gz")):
        for incident in line["body"]:
            if any(p["id"] in page.components for p in incident["affected_products"]):
                held[incident["id"]] = incident
        shown = json.dumps(list(held.values()))
        if renamed:
            shown = shown.replace('"Vertex Gemini API"', f'"Gemini on Agent Platform {number % 3}"')
        at = read_time(line["observed_at"])
        assert at is not None
        polls.append((at, google.parse(shown.encode(), page)))
    return tuple(polls)


def test_every_incident_of_google_is_told_once_and_in_order() -> None:
    story = taken_in(google_polls())
    once_and_in_order(story)
    counted = story.count()
    assert len(story.incidents) == 9
    assert counted["withdrawn"] == counted["reopened"] == 0
    assert counted["opened"] == counted["resolved"]
    assert story.state is not None
    assert all(not incident.is_open for incident in story.state.incidents.values())


def test_a_product_of_google_with_another_name_changes_nothing() -> None:
    plain, renamed = taken_in(google_polls()), taken_in(google_polls(renamed=True))
    assert renamed.told == plain.told


def test_an_incident_of_google_that_was_posted_late_is_dated_when_it_began() -> None:
    (late,) = [i for i in taken_in(google_polls()).incidents.values() if i.id.startswith("db3E4d")]
    posted = late.events[0].at
    assert posted - late.started_at > timedelta(hours=35)


def test_three_incidents_of_google_that_were_open_together() -> None:
    name = "data/gcp/incidents_full_2024-12-13_1729_three_open.json.gz"
    content = gzip.decompress(shared_path(name).read_bytes())
    page = Page("gemini", "https://status.example.com", {GEMINI: (), ONLINE_INFERENCE: ()})
    seen = google.parse(content, page)
    assert len(seen.incidents) == 2
    assert seen.oddities == ()


def test_the_products_of_google_have_their_ids_under_any_name() -> None:
    names = google.parse_products(body("data/gcp/products_2026-09-15_ai_extract.json"))
    assert names[GEMINI] == "Gemini on Agent Platform"
    assert len(names) == 38


# --- the small ones --------------------------------------------------------------------------


async def test_openai_ties_an_open_incident_to_its_component_by_the_feed() -> None:
    search = "01JMXBNJXGKKP51D4DEJ2HZJ8Q"
    page = Page("openai", "https://status.example.com", {search: ("Search",)})
    feed = body("data/openai/history_atom_2026-09-03_open_incident_trimmed.atom")
    summary = json.loads(body("data/openai/summary_2026-09-29_two_open_incidents.json"))
    incident = summary["incidents"][0]
    incident["id"] = "01M1KWEDH417T2CF44YYHZDFCR"
    incident["incident_updates"][0]["status"] = "investigating"
    seen = await read("incidentio", page, summary=json.dumps(summary).encode(), feed=feed)
    linked = {i.id: i.components for i in seen.incidents}
    assert linked["01M1KWEDH417T2CF44YYHZDFCR"] == (search,)
    assert len(seen.incidents) == 2


async def test_openai_without_a_feed_tells_its_incidents_all_the_same() -> None:
    page = Page("openai", "https://status.example.com")
    summary = body("data/openai/summary_2026-09-29_two_open_incidents.json")
    seen = await read("incidentio", page, summary=summary)
    assert len(seen.incidents) == 2
    assert not any(incident.linkable for incident in seen.incidents)
    assert "not known" in seen.oddities[0]


async def test_a_feed_of_openai_in_which_all_is_over_is_up() -> None:
    page = Page("openai", "https://status.example.com", {"c": ("Codex Web",), "l": ("Login",)})
    seen = await read(
        "incidentio-feed", page, feed=body("data/openai/feed_2026-09-28_trimmed.atom")
    )
    assert {component.severity for component in seen.components} == {Severity.UP}
    assert [i.phase for i in seen.recent or ()] == ["resolved"] * 3


async def test_perplexity_says_nothing_of_its_components_and_so_nothing_is_up() -> None:
    page = Page("perplexity", "https://status.example.com")
    with pytest.raises(SourceError, match="changed its format"):
        await read(
            "incidentio",
            page,
            summary=body("data/incidentio/perplexity_components_2026-09-12.json"),
        )


@pytest.mark.parametrize(
    ("kind", "documents", "components", "ended"),
    [
        ("datadog", {"config": "openrouter/datadog_statuspage_2026-09-12_healthy.json"}, 7, 4),
        ("flashcat", {"active": "flashcat/deepseek_active_2026-09_healthy.json"}, 8, 0),
        ("checkly", {"uptime": "checkly/mistral_uptime_2026-09-04_trimmed.json"}, 17, 0),
        ("betterstack", {"index": "betterstack/together_index_2026-09-04_trimmed.json"}, 22, 1),
        ("betterstack", {"index": NO_END}, 1, 1),
        (
            "instatus",
            {
                "summary": "instatus/perplexity_summary_2026-09-04_up.json",
                "components": "instatus/perplexity_v3_components_2026-09-04.json",
            },
            3,
            0,
        ),
    ],
)
async def test_a_healthy_page_is_up_and_what_is_over_there_is_history(
    kind: str, documents: dict[str, str], components: int, ended: int
) -> None:
    bodies = {name: body(f"data/{path}") for name, path in documents.items()}
    seen = await read(kind, Page("example", "https://status.example.com"), **bodies)
    assert [component.severity for component in seen.components] == [Severity.UP] * components
    assert seen.incidents == ()
    assert len(seen.recent or ()) == ended
    at = read_time("2026-09-30T12:00:00Z")
    assert at is not None
    assert taken_in([(at, seen), (at + timedelta(minutes=1), seen)]).told == []


async def test_an_outage_of_xai_is_seen_and_its_end() -> None:
    page = Page("xai", "https://status.example.com", {"grok-com": (), "api-console": ()})
    open_ = await read("xai", page, feed=body("data/xai/feed_2026-09-03_active_outage_trimmed.xml"))
    assert {c.id: c.severity for c in open_.components} == {
        "grok-com": Severity.MAJOR,
        "api-console": Severity.UP,
    }
    over = await read("xai", page, feed=body("data/xai/feed_2026-09-03_trimmed.xml"))
    assert {component.severity for component in over.components} == {Severity.UP}
    (incident,) = over.recent or ()
    assert [update.phase for update in incident.updates] == ["ongoing", "resolved"]


async def test_an_empty_feed_of_azure_announces_nothing() -> None:
    page = Page("azure", "https://status.example.com", {"azure-openai": ("Azure OpenAI",)})
    seen = await read("azure", page, **{"": body("data/other/azure_status_feed.xml")})
    assert [component.status for component in seen.components] == ["nothing announced"]
    said = body("data/azure/feed_with_item_written_from_documentation.xml")
    seen = await read("azure", page, **{"": said})
    assert [component.severity for component in seen.components] == [Severity.DEGRADED]
