"""One document of a format of its own: Datadog, Better Stack, Checkly."""

from __future__ import annotations

from bot.domain.page import Severity
from tests.unit.providers.samples.sample import Json, Sample


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


DOCUMENTS = (
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
        "betterstack",
        {},
        {"/index.json": _betterstack("operational", over=True)},
        {"/index.json": _betterstack("downtime", over=False)},
        "8475065",
        Severity.MAJOR,
        "9",
    ),
)
