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

from pydantic import AliasChoices, Field

from adapters.providers.documents import changed_format, read_json
from adapters.providers.fields import (
    MAX_TITLE,
    Id,
    Moment,
    Raw,
    Rows,
    Words,
    phase_word,
    read_rows,
)
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    RESOLVED,
    Affecting,
    active_only,
    derived,
    made_id,
    page_incident,
    page_update,
    understood,
)
from bot.domain.errors import SourceError
from bot.domain.page import Severity, Snapshot
from bot.ports import NeededLists

# Which of ours they are is our choice. MEDIUM and MAJOR were recorded.
SEVERITIES = {
    "minor": Severity.DEGRADED,
    "medium": Severity.DEGRADED,
    "major": Severity.PARTIAL,
    "critical": Severity.MAJOR,
}


class _StatusUpdate(Raw):
    id: Id = ""
    status: Words = ""
    text: Words = Field(default="", validation_alias=AliasChoices("description", "message", "body"))
    at: Moment = Field(
        default=None, validation_alias=AliasChoices("publicStatusUpdateDate", "created_at")
    )


class _Service(Raw):
    id: Id = ""
    name: Words = ""


class _UptimeEvent(Raw):
    id: Id = ""
    name: Words = ""
    severity: Words = ""
    lastUpdateStatus: Words = ""  # noqa: N815  # the page's own name
    created_at: Moment = Field(
        default=None, validation_alias=AliasChoices("created_at", "createdAt")
    )
    services: Rows = ()
    updates: Rows = Field(
        default=(), validation_alias=AliasChoices("incidentUpdates", "updates", "timeline")
    )

    def affecting(self, began: datetime, page: Page) -> Affecting:
        severity = SEVERITIES.get(self.severity.lower(), Severity.UNKNOWN)
        now = {service.id: severity for service in _Service.read_all(self.services) if service.id}
        updates = []
        for raw in _StatusUpdate.read_all(self.updates):
            at, phase = raw.at or began, phase_word(raw.status)
            id_ = raw.id or made_id(self.id, at, raw.status)
            updates.append(page_update(id_, at, raw.text, now, phase=phase))
        incident = page_incident(
            self.id,
            self.name,
            began,
            now,
            understood(severity),
            updates,
            phase=phase_word(self.lastUpdateStatus),
            url=page.link,
        )
        return Affecting(incident, now, self.severity.lower())


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
    services = [
        service
        for group in read_rows(document["metadata"])
        for service in _Service.read_all(group.get("services"))
    ]
    named = {one.id: (one.name[:MAX_TITLE] or one.id,) for one in services if one.id}
    known = replace(page, components={**named, **page.components})
    events = list(_events(document))
    if unresolved is not None:
        listed = read_json(unresolved)
        rows = listed.get("incidents") if isinstance(listed, dict) else listed
        if not isinstance(rows, list):
            raise changed_format("Checkly's list of incidents", listed)
        events = read_rows(rows)
    oddities: list[str] = []
    found = []
    for row in events:
        event = _UptimeEvent.read(row)
        if phase_word(event.lastUpdateStatus) == RESOLVED:
            continue
        if not event.id or event.created_at is None:
            oddities.append(f"an incident was dropped: no id or no time in {sorted(row)[:8]}")
        else:
            found.append(event.affecting(event.created_at, known))
    unclear = "the page could not tell" if document.get("partialError") is True else ""
    return active_only(derived(known, found, oddities), unclear)


def _events(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the events of all days, each naming the service under which it stands."""
    for group in read_rows(document.get("uptime")):
        for service in read_rows(group.get("services")):
            for day in read_rows(service.get("days")):
                for event in read_rows(day.get("events")):
                    yield {**event, "services": [{"id": service.get("id")}]}
