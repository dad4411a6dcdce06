"""Datadog's status pages: one `config.json` with components, incidents and their timelines.

Components have states of their own; a group has none. Ended incidents stay in the list. A page
that moves here enters its past anew, with old dates and new ids: `startedAt` dates an entry,
`createdAt` tells when it was really written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from adapters.providers.documents import changed_format, read_json
from adapters.providers.fields import (
    MAX_ITEMS,
    MAX_TITLE,
    Flag,
    Id,
    Rows,
    Words,
    phase_word,
    status_severity,
)
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    RESOLVED,
    Moment,
    body,
    changes,
    in_order,
    made_id,
    title,
    understood,
)
from bot.domain.page import Component, PageIncident, PageUpdate, Severity, Snapshot, worst
from bot.ports import NeededLists


class _Component(BaseModel):
    id: Id = ""
    name: Words = ""
    status: Words = ""
    type: Words = ""
    components: Rows = []


class _Entry(BaseModel):
    id: Id = ""
    status: Words = ""
    description: Words = ""
    startedAt: Moment = None  # noqa: N815  # the page's own name, as below
    createdAt: Moment = None  # noqa: N815
    componentsAffected: Rows = []  # noqa: N815


class _Incident(BaseModel):
    id: Id = ""
    title: Words = ""
    currentStatus: Words = ""  # noqa: N815
    resolved: Flag = False
    publishedDate: Moment = None  # noqa: N815
    resolvedDate: Moment = None  # noqa: N815
    componentsAffected: Rows = []  # noqa: N815
    timeline: Rows = []


@dataclass(frozen=True, slots=True)
class Datadog:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:  # noqa: ARG002  # one document has all
        return parse(await self.fetch(f"{self.page.url}/config.json"), self.page)


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the body of `config.json`.

    Raises:
        SourceError: not that document.
    """
    document = read_json(content)
    if (
        not isinstance(document, dict)
        or not isinstance(document.get("components"), list)
        or not {"domainPrefix", "pageType"} & set(document)
    ):
        raise changed_format("Datadog's status page", document)
    oddities: list[str] = []
    components = {c.id: c for c in _components(document["components"], oddities)}
    reports: dict[str, PageIncident] = {}
    for key in ("incidents", "maintenances"):
        rows = document.get(key)
        for row in rows[:MAX_ITEMS] if isinstance(rows, list) else ():
            report = _report(row, page, maintenance=key == "maintenances")
            if report is None:
                oddities.append(f"one of its {key} was dropped: no id or no time")
            else:
                reports.setdefault(report.id, report)
    return Snapshot(
        provider=page.provider,
        components=tuple(components.values()),
        incidents=tuple(report for report in reports.values() if report.resolved_at is None),
        recent=tuple(reports.values()),
        recent_full=True,
        oddities=tuple(oddities),
    )


def _components(rows: Iterable[Any], oddities: list[str], depth: int = 0) -> Iterator[Component]:
    """Rows with a state; groups are opened, and say nothing themselves."""
    for row in list(rows)[:MAX_ITEMS]:
        if not isinstance(row, dict):
            continue
        raw = _Component.model_validate(row)
        if raw.components or raw.type == "ComponentGroup":
            if depth < 3:  # one level was recorded
                yield from _components(raw.components, oddities, depth + 1)
            continue
        if not raw.id:
            oddities.append("a component was dropped: no id")
            continue
        severity = status_severity(raw.status)
        if severity is Severity.UNKNOWN:
            oddities.append(f"component {raw.name[:60]}: unknown status {raw.status[:40]!r}")
        yield Component(raw.id, raw.name[:MAX_TITLE] or raw.id, severity, raw.status)


def _states(rows: Iterable[dict[str, Any]]) -> dict[str, Severity]:
    read = [_Component.model_validate(row) for row in rows]
    return {row.id: status_severity(row.status) for row in read if row.id}


def _report(row: object, page: Page, *, maintenance: bool) -> PageIncident | None:
    """Read one incident or maintenance; None without an id or any time.

    No maintenance was ever recorded: it is read like an incident (guess).
    """
    raw = _Incident.model_validate(row if isinstance(row, dict) else {})
    entries = [_Entry.model_validate(entry) for entry in raw.timeline]
    moments = [at for entry in entries if (at := entry.startedAt or entry.createdAt)]
    began = raw.publishedDate or min(moments, default=None)
    if not raw.id or began is None:
        return None
    phase = phase_word(raw.currentStatus)
    over = raw.resolved or phase in (RESOLVED, "completed")
    updates = []
    for entry in entries:
        at = entry.startedAt or entry.createdAt or began
        states = _states(entry.componentsAffected)
        updates.append(
            PageUpdate(
                id=entry.id or made_id(raw.id, at, entry.status),
                phase=phase_word(entry.status),
                text=body(entry.description),
                at=at,
                posted_at=entry.createdAt or at,
                changes=changes(states),
            )
        )
    said = [change.after for update in updates for change in update.changes]
    return PageIncident(
        id=raw.id,
        title=title(raw.title),
        phase=RESOLVED if over else phase,
        impact=understood(worst(said)) if said else Severity.UNKNOWN,
        created_at=began,
        started_at=min([began, *moments]),
        url=f"{page.url}/incidents/{raw.id}",
        resolved_at=(raw.resolvedDate or max(moments, default=began)) if over else None,
        components=tuple(_states(raw.componentsAffected)),
        updates=in_order(updates),
        maintenance=maintenance,
    )
