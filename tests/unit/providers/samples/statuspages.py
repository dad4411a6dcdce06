"""Statuspage and what imitates it: incident.io and Instatus."""

from __future__ import annotations

from bot.domain.page import Severity
from tests.unit.providers.samples.sample import PAGE, Json, Sample


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


def _proxy(*open_: Json, **lists: Json) -> Json:
    rows = [{"component_id": id_, "name": names[0]} for id_, names in _ROWS.items()]
    return {
        "summary": {
            "id": "p1",
            "name": "Example",
            "structure": {"items": [{"group": {"id": "g", "name": "G", "components": rows}}]},
            "ongoing_incidents": list(open_),
            **lists,
        }
    }


PROXY_OPEN = {
    "id": "i1",
    "name": "Elevated errors",
    "status": "investigating",
    "published_at": "2026-09-01T11:50:00Z",
    "affected_components": [{"component_id": "c1", "status": "partial_outage"}],
    "component_impacts": [
        {"component_id": "c1", "status": "partial_outage", "start_at": "2026-09-01T11:50:00Z"}
    ],
    "updates": [
        {
            "id": "u1",
            "published_at": "2026-09-01T11:50:00Z",
            "to_status": "investigating",
            "message": {
                "text_node": {
                    "type": "doc",
                    "content": [
                        {"type": "paragraph", "content": [{"type": "text", "text": "We look."}]}
                    ],
                }
            },
        }
    ],
}


def _instatus_rows(status: str) -> Json:
    return {"components": [{"id": "in1", "name": "API", "status": status, "group": None}]}


STATUSPAGES = (
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
        "incidentio-proxy",
        {},
        {"/proxy/status.example.com": _proxy()},
        {
            "/proxy/status.example.com": _proxy(
                PROXY_OPEN, affected_components=PROXY_OPEN["affected_components"]
            )
        },
        "c1",
        Severity.PARTIAL,
        "i1",
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
)
