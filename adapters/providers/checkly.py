"""Checkly's status pages (Mistral): services without a state, and the incidents that are open.

`uptime` names the services and holds small events of each day. Those are history: one model of
Mistral's fails six times a day without any incident. What is open stands in
`unresolved-incidents`; should that address not answer, the events that are not resolved count.
Leaving the list of what is unresolved is the end. Maintenance windows are not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from pydantic import AliasChoices, BaseModel, Field

from adapters.providers.documents import changed_format, read_json
from adapters.providers.fields import MAX_TITLE, Id, Rows, Words, phase_word
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    RESOLVED,
    Affecting,
    Moment,
    body,
    changes,
    derived,
    in_order,
    made_id,
    title,
    understood,
)
from bot.domain.errors import SourceError
from bot.domain.page import PageIncident, PageUpdate, Severity, Snapshot
from bot.ports import NeededLists

# Which of ours they are is our choice. MEDIUM and MAJOR were recorded.
SEVERITIES = {
    "minor": Severity.DEGRADED,
    "medium": Severity.DEGRADED,
    "major": Severity.PARTIAL,
    "critical": Severity.MAJOR,
}


class _Update(BaseModel):
    id: Id = ""
    status: Words = ""
    text: Words = Field(default="", validation_alias=AliasChoices("description", "message", "body"))
    at: Moment = Field(
        default=None, validation_alias=AliasChoices("publicStatusUpdateDate", "created_at")
    )


class _Incident(BaseModel):
    id: Id = ""
    name: Words = ""
    severity: Words = ""
    lastUpdateStatus: Words = ""  # noqa: N815  # the page's own name
    created_at: Moment = Field(
        default=None, validation_alias=AliasChoices("created_at", "createdAt")
    )
    services: Rows = []
    updates: Rows = Field(
        default=[], validation_alias=AliasChoices("incidentUpdates", "updates", "timeline")
    )


@dataclass(frozen=True, slots=True)
class Checkly:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:  # noqa: ARG002  # it lists what is open
        uptime = await self.fetch(f"{self.page.url}/uptime")
        try:
            unresolved = await self.fetch(f"{self.page.url}/unresolved-incidents")
        except SourceError:
            unresolved = None
        return parse(uptime, self.page, unresolved)


def parse(content: bytes, page: Page, unresolved: bytes | None = None) -> Snapshot:
    """Read the body of `uptime`, and of `unresolved-incidents` where it could be had.

    Raises:
        SourceError: one of them is something else.
    """
    document = read_json(content)
    if not isinstance(document, dict) or not isinstance(document.get("metadata"), list):
        raise changed_format("Checkly's status page", document)
    services = dict(_services(document["metadata"]))
    rows = _events(document) if unresolved is None else _listed(read_json(unresolved))
    known = replace(page, components={**services, **page.components})
    oddities: list[str] = []
    found = []
    for row in rows:
        incident = _Incident.model_validate(row)
        if phase_word(incident.lastUpdateStatus) == RESOLVED:
            continue
        if not incident.id or incident.created_at is None:
            oddities.append(f"an incident was dropped: no id or no time in {sorted(row)[:8]}")
            continue
        found.append(_affecting(incident, incident.created_at, known))
    # Leaving the list is the end, so there is no other list to ask.
    snapshot = replace(derived(known, found, oddities), recent=None, has_history=False)
    if document.get("partialError") is not True:
        return snapshot
    unclear = [
        replace(component, severity=Severity.UNKNOWN, status="the page could not tell")
        if component.severity is Severity.UP
        else component
        for component in snapshot.components
    ]
    return replace(snapshot, components=tuple(unclear))


def _services(groups: list[Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for group in groups:
        rows = group.get("services") if isinstance(group, dict) else None
        for row in rows if isinstance(rows, list) else ():
            service = _Incident.model_validate(row if isinstance(row, dict) else {})
            if service.id:
                yield service.id, (service.name[:MAX_TITLE] or service.id,)


def _listed(document: object) -> list[Mapping[str, Any]]:
    rows = document.get("incidents") if isinstance(document, dict) else document
    if not isinstance(rows, list):
        raise changed_format("Checkly's list of incidents", document)
    return [row for row in rows if isinstance(row, dict)]


def _events(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The events of all days, each naming the service under which it stands."""
    groups = document.get("uptime")
    for group in groups if isinstance(groups, list) else ():
        for service in _rows(group, "services"):
            for day in _rows(service, "days"):
                for event in _rows(day, "events"):
                    yield {**event, "services": [{"id": service.get("id")}]}


def _rows(value: object, key: str) -> list[dict[str, Any]]:
    rows = value.get(key) if isinstance(value, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _affecting(incident: _Incident, began: datetime, page: Page) -> Affecting:
    severity = SEVERITIES.get(incident.severity.lower(), Severity.UNKNOWN)
    named = [_Incident.model_validate(row).id for row in incident.services]
    now = {id_: severity for id_ in named if id_}
    updates = []
    for row in incident.updates:
        raw = _Update.model_validate(row)
        at = raw.at or began
        updates.append(
            PageUpdate(
                id=raw.id or made_id(incident.id, at, raw.status),
                phase=phase_word(raw.status),
                text=body(raw.text),
                at=at,
                posted_at=at,
                changes=changes(now),
            )
        )
    report = PageIncident(
        id=incident.id,
        title=title(incident.name),
        phase=phase_word(incident.lastUpdateStatus),
        impact=understood(severity),
        created_at=began,
        started_at=began,
        url=page.link,
        components=tuple(now),
        updates=in_order(updates),
    )
    return Affecting(report, now, incident.severity.lower(), over=False)
