"""Pages of a few lines, one for each kind: quiet, and with an incident that is open.

Shapes, words and ids are those that were recorded (or documented, where nothing was); the texts
are our own.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adapters.providers.kinds import KINDS
from adapters.providers.port import Page, Poller
from bot.domain.errors import SourceError
from bot.domain.page import Severity, Snapshot

Json = object
PAGE = "https://status.example.com"


@dataclass(frozen=True, slots=True)
class Sample:
    """One kind's page. `quiet` and `trouble` are bodies by path; JSON values or feeds as text."""

    kind: str
    components: Mapping[str, tuple[str, ...]]
    quiet: Mapping[str, Json]
    trouble: Mapping[str, Json]
    down: str  # the component that is in trouble there
    severity: Severity
    incident: str
    encoding: str = "utf-8"

    @property
    def page(self) -> Page:
        return Page("example", PAGE, self.components)

    def bodies(self, *, trouble: bool = False) -> dict[str, bytes]:
        documents = self.trouble if trouble else self.quiet
        return {path: encoded(value, self.encoding) for path, value in documents.items()}


def encoded(value: Json, encoding: str = "utf-8") -> bytes:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode(encoding)


def fetch_of(bodies: Mapping[str, bytes]) -> Callable[[str], Awaitable[bytes]]:
    async def fetch(url: str) -> bytes:
        path = url.removeprefix(PAGE)
        if path not in bodies:
            raise SourceError(f"{url} answered 404")
        return bodies[path]

    return fetch


def poller(sample: Sample, bodies: Mapping[str, bytes]) -> Poller:
    return KINDS[sample.kind](sample.page, fetch_of(bodies))


async def polled(sample: Sample, bodies: Mapping[str, bytes]) -> Snapshot:
    return await poller(sample, bodies).poll(lambda _: ())


def feed(title: str, *items: str, generator: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"><channel>'
        f"<title>{title}</title><generator>{generator}</generator>{''.join(items)}</channel></rss>"
    )


def _statuspage(status: str, *incidents: Json) -> Json:
    return {
        "page": {"id": "p1", "name": "Example", "url": PAGE, "updated_at": "2026-09-01T12:00:00Z"},
        "status": {"indicator": "none", "description": "All Systems Operational"},
        "components": [
            {"id": "c1", "name": "API", "status": status, "updated_at": "2026-09-01T11:50:00Z"},
            {"id": "c2", "name": "Web", "status": "operational"},
        ],
        "incidents": list(incidents),
        "scheduled_maintenances": [],
    }


_INCIDENT = {
    "id": "i1",
    "name": "Elevated errors",
    "status": "investigating",
    "impact": "minor",
    "created_at": "2026-09-01T11:50:00Z",
    "incident_updates": [
        {
            "id": "u1",
            "status": "investigating",
            "body": "We are looking.",
            "created_at": "2026-09-01T11:50:00Z",
        }
    ],
}
_ATOM = (
    '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom">'
    "<title>Example status</title><generator>incident.io</generator><entry>"
    f"<title>Elevated errors</title><id>{PAGE}//incidents/i1</id>"
    "<updated>2026-09-01T11:50:00.000Z</updated><summary type='html'><![CDATA[<b>Status: "
    "Investigating</b><br/><br/>We are looking.<br/><br/><b>Affected components</b><ul>"
    "<li>API (Partial outage)</li></ul>]]></summary></entry></feed>"
)
_ROWS = {"c1": ("API",), "c2": ("Web",)}

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


def _xai_item(state: str, severity: str) -> str:
    return (
        "<item><title>[API] Errors</title><link>https://status.x.ai/api/INC1</link>"
        '<guid isPermaLink="false">INC1</guid><description><![CDATA[<h3>Status: '
        f"{state.upper()}</h3><p>Severity: {severity}</p><hr /><h4>Updates:</h4><div><p><strong>"
        "Tue, 01 Sep 2026 11:50:00 GMT</strong></p><h3>Investigating</h3><p>We look.</p></div>]]>"
        "</description><pubDate>Tue, 01 Sep 2026 11:45:00 GMT</pubDate>"
        f"<category>{severity}</category><category>{state}</category></item>"
    )


def _datadog(status: str, *, over: bool) -> Json:
    row = {"id": "d1", "name": "Chat", "position": 0, "status": status, "type": "Component"}
    began = {
        "id": "t1",
        "status": "investigating",
        "description": "We look.",
        "startedAt": "2026-09-01T11:50:00Z",
        "createdAt": "2026-09-01T11:50:00Z",
        "componentsAffected": [{**row, "status": "degraded"}],
    }
    ended = {
        **began,
        "id": "t2",
        "status": "resolved",
        "startedAt": "2026-09-01T12:50:00Z",
        "componentsAffected": [{**row, "status": "operational"}],
    }
    return {
        "components": [
            {"id": "g1", "name": "API", "type": "ComponentGroup", "components": [row]},
            {"id": "d2", "name": "Web", "status": "operational", "type": "Component"},
        ],
        "domainPrefix": "example",
        "pageType": "public",
        "maintenances": None,
        "incidents": [
            {
                "id": "di1",
                "title": "Chat is slow",
                "currentStatus": "resolved" if over else "investigating",
                "resolved": over,
                "publishedDate": "2026-09-01T11:50:00Z",
                "resolvedDate": "2026-09-01T12:50:00Z" if over else None,
                "componentsAffected": [row],
                "timeline": [ended, began] if over else [began],
            }
        ],
    }


_CHECKLY = {
    "metadata": [{"id": "cg", "name": "API", "services": [{"id": "cs1", "name": "Chat"}]}],
    "uptime": [
        {
            "id": "cg",
            "services": [
                {
                    "id": "cs1",
                    "days": [
                        {
                            "date": "2026-09-01T00:00:00.000Z",
                            "events": [
                                {
                                    "id": "e1",
                                    "name": "Degraded",
                                    "duration": 393,
                                    "severity": "MEDIUM",
                                    "lastUpdateStatus": "RESOLVED",
                                    "created_at": "2026-09-01T01:38:48.827Z",
                                }
                            ],
                        }
                    ],
                }
            ],
        }
    ],
    "partialError": False,
}
_CHECKLY_OPEN = {
    "incidents": [
        {
            "id": "ci1",
            "name": "Chat fails",
            "severity": "MAJOR",
            "lastUpdateStatus": "INVESTIGATING",
            "created_at": "2026-09-01T11:50:00Z",
            "services": [{"id": "cs1", "name": "Chat"}],
            "incidentUpdates": [
                {
                    "id": "cu1",
                    "status": "INVESTIGATING",
                    "description": "We look.",
                    "created_at": "2026-09-01T11:50:00Z",
                }
            ],
        }
    ]
}


def _flashcat(*active: Json) -> Json:
    return {
        "request_id": "r",
        "data": {
            "page": {
                "page_id": 641,
                "name": "Example",
                "components": [{"component_id": "f1", "name": "服务(API Service)", "order_id": 1}],
            },
            "active_changes": list(active),
        },
    }


def _betterstack(status: str, *, over: bool) -> Json:
    return {
        "data": {"id": "1", "type": "status_page", "attributes": {"company_name": "Example"}},
        "included": [
            {
                "id": "8475065",
                "type": "status_page_resource",
                "attributes": {
                    "status_page_section_id": 231960,
                    "public_name": "Website ",
                    "status": status,
                },
            },
            {
                "id": "9",
                "type": "status_report",
                "attributes": {
                    "title": "Website fails",
                    "report_type": "manual",
                    "starts_at": "2026-09-01T11:50:00.000Z",
                    "ends_at": None,
                    "aggregate_state": "resolved" if over else "downtime",
                    "affected_resources": [
                        {
                            "status_page_resource_id": "8475065",
                            "status": "resolved" if over else "downtime",
                        }
                    ],
                },
                "relationships": {
                    "status_updates": {"data": [{"id": "55", "type": "status_update"}]}
                },
            },
            {
                "id": "55",
                "type": "status_update",
                "attributes": {
                    "message": "Our words.",
                    "published_at": "2026-09-01T11:50:00.000Z",
                    "affected_resources": [
                        {
                            "status_page_resource_id": "8475065",
                            "status": "resolved" if over else "downtime",
                        }
                    ],
                },
            },
        ],
    }


def _instatus_rows(status: str) -> Json:
    return {"components": [{"id": "in1", "name": "API", "status": status, "group": None}]}


def _slack(status: str, *active: Json) -> Json:
    return {
        "status": status,
        "date_created": "2026-09-01T12:00:00-07:00",
        "date_updated": "2026-09-01T12:00:00-07:00",
        "active_incidents": list(active),
    }


SAMPLES = {
    sample.kind: sample
    for sample in (
        Sample(
            "statuspage",
            {},
            {"/api/v2/summary.json": _statuspage("operational")},
            {"/api/v2/summary.json": _statuspage("partial_outage", _INCIDENT)},
            "c1",
            Severity.PARTIAL,
            "i1",
        ),
        Sample(
            "incidentio",
            _ROWS,
            {"/api/v2/summary.json": _statuspage("operational")},
            {
                "/api/v2/summary.json": _statuspage("partial_outage", _INCIDENT),
                "/feed.atom": _ATOM,
            },
            "c1",
            Severity.PARTIAL,
            "i1",
        ),
        Sample(
            "incidentio-feed",
            _ROWS,
            {
                "/feed.atom": _ATOM.replace("Investigating", "Resolved").replace(
                    "Partial outage", "Operational"
                )
            },
            {"/feed.atom": _ATOM},
            "c1",
            Severity.PARTIAL,
            "i1",
        ),
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
            {
                "/rss/bedrock-eu-west-1.rss": feed(
                    "Amazon Bedrock (Ireland) Service Status", _AWS_ENDED
                )
            },
            {
                "/rss/bedrock-eu-west-1.rss": feed(
                    "Amazon Bedrock (Ireland) Service Status", _AWS_BEGAN
                )
            },
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
        Sample(
            "datadog",
            {},
            {"/config.json": _datadog("operational", over=True)},
            {"/config.json": _datadog("degraded", over=False)},
            "d1",
            Severity.DEGRADED,
            "di1",
        ),
        Sample(
            "checkly",
            {},
            {"/uptime": _CHECKLY, "/unresolved-incidents": {"incidents": []}},
            {"/uptime": _CHECKLY, "/unresolved-incidents": _CHECKLY_OPEN},
            "cs1",
            Severity.PARTIAL,
            "ci1",
        ),
        Sample(
            "flashcat",
            {},
            {"/summary/active": _flashcat()},
            {
                "/summary/active": _flashcat(
                    {
                        "change_id": "fc1",
                        "title": "API fails",
                        "status": "investigating",
                        "start_at_seconds": 1788258430,
                        "affected_components": [{"component_id": "f1", "status": "full_outage"}],
                    }
                )
            },
            "f1",
            Severity.DEGRADED,
            "fc1",
        ),
        Sample(
            "betterstack",
            {},
            {"/index.json": _betterstack("operational", over=True)},
            {"/index.json": _betterstack("downtime", over=False)},
            "8475065",
            Severity.MAJOR,
            "9",
        ),
        Sample(
            "instatus",
            {},
            {
                "/summary.json": {"page": {"name": "Example", "url": PAGE, "status": "UP"}},
                "/v3/components.json": _instatus_rows("OPERATIONAL"),
            },
            {
                "/summary.json": {
                    "page": {"name": "Example", "url": PAGE, "status": "HASISSUES"},
                    "activeIncidents": [
                        {
                            "id": "cl1",
                            "name": "API fails",
                            "started": "2026-09-01T11:55:50Z",
                            "status": "INVESTIGATING",
                            "impact": "MAJOROUTAGE",
                            "url": f"{PAGE}/incident/cl1",
                        }
                    ],
                },
                "/v3/components.json": _instatus_rows("MAJOROUTAGE"),
            },
            "in1",
            Severity.MAJOR,
            "cl1",
        ),
        Sample(
            "slack",
            {"name:messaging": ("Messaging",), "name:search": ("Search",)},
            {"/api/v2.0.0/current": _slack("ok")},
            {
                "/api/v2.0.0/current": _slack(
                    "active",
                    {
                        "id": 546,
                        "date_created": "2026-09-01T11:50:00-07:00",
                        "title": "Messages do not send",
                        "type": "outage",
                        "status": "active",
                        "url": "https://slack-status.com/2026-09/1",
                        "services": ["Messaging"],
                        "notes": [
                            {"date_created": "2026-09-01T11:50:00-07:00", "body": "We look."}
                        ],
                    },
                )
            },
            "name:messaging",
            Severity.MAJOR,
            "546",
        ),
        Sample(
            "xai",
            {"api": ("API",), "grok-com": ("Grok (Web)",)},
            {"/feed.xml": feed("Example System Status", _xai_item("resolved", "available"))},
            {"/feed.xml": feed("Example System Status", _xai_item("active", "outage"))},
            "api",
            Severity.MAJOR,
            "INC1",
        ),
    )
}
