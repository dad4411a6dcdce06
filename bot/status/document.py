"""The answer for scripts: verdicts as JSON, and as an exit code."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from bot.domain.evidence import Evidence, Verdict
from bot.domain.incident import Incident
from bot.domain.page import Severity
from bot.status.view import StatusView

# Documented in the README; scripts depend on them.
UP, DEGRADED, DOWN, UNKNOWN = 0, 10, 20, 30

_CODES = {
    Severity.UP: UP,
    Severity.MAINTENANCE: DEGRADED,
    Severity.DEGRADED: DEGRADED,
    Severity.PARTIAL: DOWN,
    Severity.MAJOR: DOWN,
    Severity.UNKNOWN: UNKNOWN,
}
# What is known to be down outweighs what cannot be seen, and that outweighs what is slow.
_BY_WEIGHT = (DOWN, UNKNOWN, DEGRADED, UP)


def exit_code(verdicts: Iterable[Verdict]) -> int:
    """0 up, 10 degraded or maintenance, 20 partial or major outage, 30 unknown."""
    codes = {_CODES[verdict.severity] for verdict in verdicts}
    return next((code for code in _BY_WEIGHT if code in codes), UNKNOWN)


def document(view: StatusView, surfaces: Collection[str] = ()) -> dict[str, Any]:
    """The view as `ask --json` prints it, of these surfaces (none: of all).

    Times are ISO 8601 in UTC, ages whole seconds.
    """
    chosen = [v for v in view.verdicts if not surfaces or v.surface in surfaces]
    unreadable = {v.surface: one.failure for one in view.providers for v in one.verdicts}
    incidents = [i for i in view.incidents if not surfaces or i.surfaces.keys() & set(surfaces)]
    return {
        "at": stamp(view.at),
        "exit_code": exit_code(chosen),
        "verdicts": [_verdict(v, view.at, unreadable[v.surface]) for v in chosen],
        "incidents": [_incident(incident) for incident in incidents],
    }


def stamp(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _verdict(verdict: Verdict, now: datetime, failure: str) -> dict[str, Any]:
    return {
        "surface": verdict.surface,
        "severity": verdict.severity.value,
        "reason": _reason(verdict, failure),
        "since": stamp(verdict.since),
        "checked_at": stamp(verdict.checked_at),
        "age": _age(verdict.checked_at, now),
        "suspected": verdict.suspected,
        "evidence": [_evidence(evidence, now) for evidence in verdict.evidence],
        "incidents": list(verdict.incidents),
    }


def _reason(verdict: Verdict, failure: str) -> str | None:
    """Why it is unknown; None where it is not. `failure`: why the page cannot be read."""
    if verdict.severity is not Severity.UNKNOWN:
        return None
    unclear = [piece.says for piece in verdict.evidence if piece.severity is Severity.UNKNOWN]
    return failure or next(iter(unclear), "the page was not read lately")


def _evidence(evidence: Evidence, now: datetime) -> dict[str, Any]:
    return {
        "source": str(evidence.source),
        "severity": evidence.severity.value,
        "says": evidence.says,
        "since": stamp(evidence.since),
        "at": stamp(evidence.at),
        "age": _age(evidence.at, now),
        "from_text": evidence.from_text,
    }


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "key": incident.key,
        "provider": incident.provider,
        "id": incident.id,
        "title": incident.title,
        "phase": incident.phase,
        "severity": incident.severity.value,
        "worst": incident.worst.value,
        "started_at": stamp(incident.started_at),
        "ended_at": stamp(incident.ended_at),
        "url": incident.url,
        "surfaces": {surface: impact.now.value for surface, impact in incident.surfaces.items()},
        "timeline": [
            {"at": stamp(at), "severity": severity.value} for at, severity in incident.timeline
        ],
    }


def _age(at: datetime | None, now: datetime) -> int | None:
    return None if at is None else max(0, int((now - at).total_seconds()))
