"""Clouds: Google, AWS, Azure."""

from __future__ import annotations

from typing import Any

from bot.domain.page import Severity
from tests.unit.providers.samples.sample import Sample, feed

_GOOGLE: dict[str, Any] = {
    "id": "g1",
    "begin": "2026-09-01T11:00:00+00:00",
    "created": "2026-09-01T11:40:00+00:00",
    "end": "2026-09-01T13:00:00+00:00",
    "external_desc": "Online inference is experiencing errors",
    "status_impact": "SERVICE_DISRUPTION",
    "affected_products": [{"title": "Online inference", "id": "prod1"}],
    "currently_affected_locations": [],
    "previously_affected_locations": [{"title": "Iowa", "id": "us-central1"}],
    "updates": [
        {
            "created": "2026-09-01T13:00:00+00:00",
            "when": "2026-09-01T13:00:00+00:00",
            "text": "It is over.",
            "status": "AVAILABLE",
            "affected_locations": [],
        },
        {
            "created": "2026-09-01T11:40:00+00:00",
            "when": "2026-09-01T11:40:00+00:00",
            "text": "We are looking.",
            "status": "SERVICE_DISRUPTION",
            "affected_locations": [{"title": "Iowa", "id": "us-central1"}],
        },
    ],
}
_GOOGLE_OPEN = {
    **{key: value for key, value in _GOOGLE.items() if key != "end"},
    "currently_affected_locations": _GOOGLE["previously_affected_locations"],
    "updates": _GOOGLE["updates"][1:],
}

_AWS: dict[str, Any] = {
    "date": "1788472198",
    "arn": "arn:aws:health:eu-west-1::event/MANY/AWS_MANY_ISSUE/AWS_MANY_ISSUE_A1",
    "region_name": "Ireland",
    "status": "0",
    "service": "multipleservices-eu-west-1",
    "service_name": "Multiple services",
    "summary": "[RESOLVED] Increased error rates",
    "event_log": [
        {"summary": "Errors", "message": "We look.", "status": 1, "timestamp": 1788472198},
        {"summary": "Errors", "message": "It is over.", "status": 0, "timestamp": 1788480474},
    ],
    "impacted_services": {
        "bedrock-eu-west-1": {"service_name": "Amazon Bedrock", "current": "0", "max": "2"}
    },
    "end_time": "1788480474",
}
_AWS_OPEN = {
    **{key: value for key, value in _AWS.items() if key != "end_time"},
    "status": "3",
    "summary": "Increased error rates",
    "event_log": _AWS["event_log"][:1],
    "impacted_services": {
        "bedrock-eu-west-1": {"service_name": "Amazon Bedrock", "current": "2", "max": "2"}
    },
}


def _aws_item(title: str, when: str, epoch: int) -> str:
    return (
        f"<item><title><![CDATA[{title}]]></title><pubDate>{when}</pubDate>"
        f'<guid isPermaLink="false">https://status.aws.amazon.com/#bedrock-eu-west-1_{epoch}</guid>'
        "<description><![CDATA[Our words.]]></description></item>"
    )


_AWS_BEGAN = _aws_item(
    "Service disruption: Increased Error Rates", "Tue, 01 Sep 2026 03:27:10 PDT", 1788258430
)
_AWS_ENDED = _aws_item(
    "Service is operating normally: [RESOLVED] Increased Error Rates",
    "Tue, 01 Sep 2026 05:27:10 PDT",
    1788265630,
)


def _azure_item(state: str) -> str:
    return (
        '<item><guid isPermaLink="false">AZ-1</guid><category>Azure OpenAI Service</category>'
        f"<title>Azure OpenAI Service - East US - {state}</title><description>&lt;p&gt;Some see "
        "errors.&lt;/p&gt;</description><pubDate>Tue, 01 Sep 2026 11:58:00 Z</pubDate></item>"
    )


CLOUDS = (
    Sample(
        "google",
        {"prod1": ("Online inference",), "prod2": ("Other",)},
        {"/incidents.json": [_GOOGLE]},
        {"/incidents.json": [_GOOGLE_OPEN]},
        "prod1",
        Severity.PARTIAL,
        "g1",
    ),
    Sample(
        "aws",
        {"bedrock-eu-west-1": ("Bedrock (eu-west-1)",)},
        {"/public/currentevents": [_AWS]},
        {"/public/currentevents": [_AWS_OPEN]},
        "bedrock-eu-west-1",
        Severity.PARTIAL,
        "AWS_MANY_ISSUE_A1",
        encoding="utf-16",
    ),
    Sample(
        "aws-rss",
        {"bedrock-eu-west-1": ("Bedrock (eu-west-1)",)},
        {"/rss/bedrock-eu-west-1.rss": feed("Amazon Bedrock (Ireland) Service Status", _AWS_ENDED)},
        {"/rss/bedrock-eu-west-1.rss": feed("Amazon Bedrock (Ireland) Service Status", _AWS_BEGAN)},
        "bedrock-eu-west-1",
        Severity.MAJOR,
        "rss-bedrock-eu-west-1",
    ),
    Sample(
        "azure",
        {"azure-openai": ("Azure OpenAI",)},
        {"/feed/": feed("Azure Status", _azure_item("Mitigated"))},
        {"/feed/": feed("Azure Status", _azure_item("Investigating"))},
        "azure-openai",
        Severity.DEGRADED,
        "AZ-1",
    ),
)
