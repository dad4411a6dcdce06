"""Only what is active: Flashcat, Slack; and the feeds of xAI and of OnlineOrNot."""

from __future__ import annotations

from bot.domain.page import Severity
from tests.unit.providers.samples.sample import Json, Sample, feed


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


def _slack(status: str, *active: Json) -> Json:
    return {
        "status": status,
        "date_created": "2026-09-01T12:00:00-07:00",
        "date_updated": "2026-09-01T12:00:00-07:00",
        "active_incidents": list(active),
    }


def _xai_item(state: str, severity: str) -> str:
    return (
        "<item><title>[API] Errors</title><link>https://status.x.ai/api/INC1</link>"
        '<guid isPermaLink="false">INC1</guid><description><![CDATA[<h3>Status: '
        f"{state.upper()}</h3><p>Severity: {severity}</p><hr /><h4>Updates:</h4><div><p><strong>"
        "Tue, 01 Sep 2026 11:50:00 GMT</strong></p><h3>Investigating</h3><p>We look.</p></div>]]>"
        "</description><pubDate>Tue, 01 Sep 2026 11:45:00 GMT</pubDate>"
        f"<category>{severity}</category><category>{state}</category></item>"
    )


def _announced(word: str) -> str:
    return (
        "<item><title>API fails</title><link>status.example.com/incidents/l4Gmz6</link>"
        "<description><![CDATA[<p><small>Sep 1, 11:58 AM UTC</small><br/>"
        f"<strong>{word}</strong> - <p>We look.</p></p>]]></description>"
        "<pubDate>Tue, 01 Sep 2026 11:50:46 GMT</pubDate></item>"
    )


ACTIVE = (
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
                    "notes": [{"date_created": "2026-09-01T11:50:00-07:00", "body": "We look."}],
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
    Sample(
        "onlineornot",
        {"chat": ("Chat",), "api": ("API",)},
        {"/incidents.rss": feed("Example Status - Incident History", _announced("RESOLVED"))},
        {"/incidents.rss": feed("Example Status - Incident History", _announced("INVESTIGATING"))},
        "api",
        Severity.DEGRADED,
        "l4Gmz6",
    ),
)
