"""From what is known to the documents for programs (`bot.status.schema`)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from bot.domain.evidence import Verdict
from bot.domain.incident import Incident
from bot.domain.page import Severity
from bot.evidence.scoreboard import Scoreboard, ScoreResult
from bot.status.advice import Advice, advice_on
from bot.status.explain import Explanation
from bot.status.schema import (
    Document,
    EventDocument,
    EvidenceDocument,
    ExitCode,
    ExplanationDocument,
    IncidentDocument,
    IncidentHistoryDocument,
    Incidents,
    Moment,
    Retry,
    ScoreboardDocument,
    ScoreDocument,
    SwitchDocument,
    VerdictDocument,
)
from bot.status.view import StatusView

_CODES: dict[Severity, ExitCode] = {
    Severity.UP: 0,
    Severity.MAINTENANCE: 10,
    Severity.DEGRADED: 10,
    Severity.PARTIAL: 20,
    Severity.MAJOR: 20,
    Severity.UNKNOWN: 30,
}
# What is known to be down outweighs what cannot be seen, and that outweighs what is slow.
_BY_WEIGHT: tuple[ExitCode, ...] = (20, 30, 10, 0)


def exit_code(verdicts: Iterable[Verdict]) -> ExitCode:
    """0 up, 10 degraded or maintenance, 20 partial or major outage, 30 unknown."""
    codes = {_CODES[verdict.severity] for verdict in verdicts}
    return next((code for code in _BY_WEIGHT if code in codes), 30)


def document(view: StatusView, surfaces: Collection[str] = (), draw: float = 0.0) -> Document:
    """Return the view as a document of these surfaces (none: of all).

    `draw` is a random number from 0 to 1, for the jitter of `retry_after`.
    """
    chosen = [v for v in view.verdicts if not surfaces or v.surface in surfaces]
    unreadable = {v.surface: one.failure for one in view.providers for v in one.verdicts}
    incidents = [i for i in view.incidents if i.concerns(surfaces)]
    return Document(
        at=view.at,
        exit_code=exit_code(chosen),
        verdicts=tuple(
            _verdict(v, view.at, unreadable[v.surface], advice_on(v, view, draw)) for v in chosen
        ),
        incidents=incidents_document(incidents, view.at).incidents,
    )


def incidents_document(incidents: Iterable[Incident], now: datetime) -> Incidents:
    return Incidents(
        at=now, incidents=tuple(IncidentDocument(**_incident(incident)) for incident in incidents)
    )


def scoreboard_document(board: Scoreboard) -> ScoreboardDocument:
    return ScoreboardDocument(
        counts={result: board.count(result) for result in ScoreResult},
        median_lead=board.median_lead,
        entries=tuple(ScoreDocument.model_validate(entry) for entry in board.entries),
    )


def explanation_document(said: Explanation, view: StatusView) -> ExplanationDocument:
    entry = said.entry
    return ExplanationDocument(
        side=said.side,
        certain=said.certain,
        error=entry.id if entry else None,
        title=entry.title if entry else None,
        advice=said.advice,
        because=said.because,
        unseen=tuple(
            v.surface
            for v in view.verdicts
            if entry and v.surface in entry.surfaces and v.severity is Severity.UNKNOWN
        ),
        sources=entry.sources if entry else (),
    )


def incident_history(incident: Incident) -> IncidentHistoryDocument:
    """Return an incident with its events, word for word."""
    events = tuple(EventDocument.model_validate(event) for event in incident.events)
    return IncidentHistoryDocument(**_incident(incident), events=events)


def _verdict(verdict: Verdict, now: datetime, failure: str, advised: Advice) -> VerdictDocument:
    """`failure`: why the page cannot be read, which is the reason where nothing is known."""
    unclear = (piece.says for piece in verdict.evidence if piece.severity is Severity.UNKNOWN)
    unknown = failure or next(unclear, "the page was not read lately")
    return VerdictDocument(
        surface=verdict.surface,
        severity=verdict.severity,
        reason=unknown if verdict.severity is Severity.UNKNOWN else None,
        since=verdict.since,
        checked_at=verdict.checked_at,
        age=None if verdict.checked_at is None else _age(verdict.checked_at, now),
        suspected=verdict.suspected,
        evidence=tuple(
            EvidenceDocument(
                source=str(piece.source),
                severity=piece.severity,
                says=piece.says,
                since=piece.since,
                at=piece.at,
                age=_age(piece.at, now),
                from_text=piece.from_text,
            )
            for piece in verdict.evidence
        ),
        incidents=verdict.incidents,
        retry=Retry(
            do=advised.do,
            wait=advised.wait,
            retry_after=advised.retry_after,
            use=advised.use,
            targets=tuple(
                SwitchDocument(
                    surface=target.surface,
                    source=target.source,
                    says=target.says,
                    at=target.at,
                    age=_age(target.at, now),
                )
                for target in advised.targets
            ),
        ),
    )


def _incident(incident: Incident) -> dict[str, Any]:
    return {
        "key": incident.key,
        "provider": incident.provider,
        "id": incident.id,
        "aliases": incident.aliases,
        "title": incident.title,
        "origin": incident.origin,
        "phase": incident.phase,
        "severity": incident.severity,
        "worst": incident.worst,
        "started_at": incident.started_at,
        "ended_at": incident.ended_at,
        "url": incident.url,
        "surfaces": {surface: impact.now for surface, impact in incident.surfaces.items()},
        "timeline": [Moment(at=at, severity=severity) for at, severity in incident.timeline],
    }


def _age(at: datetime, now: datetime) -> int:
    return max(0, int((now - at).total_seconds()))
