"""Datadog's status pages: one `config.json` with components, incidents and their timelines.

Components have states of their own; a group has none. Ended incidents stay in the list. A page
that moves here enters its past anew, with old dates and new ids: `startedAt` dates an entry,
`createdAt` tells when it was really written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from adapters.providers.documents import changed_format, read_object
from adapters.providers.fields import (
    Flag,
    Id,
    Moment,
    Raw,
    Rows,
    Words,
    phase_word,
    read_rows,
    status_severity,
)
from adapters.providers.port import Page
from adapters.providers.values import (
    RESOLVED,
    made_id,
    page_component,
    page_incident,
    page_update,
    understood,
)
from bot.domain.page import Component, PageIncident, Severity, Snapshot, worst

PATH = "/config.json"


class _PageComponent(Raw):
    id: Id = ""
    name: Words = ""
    status: Words = ""
    type: Words = ""
    components: Rows = ()


class _TimelineEntry(Raw):
    id: Id = ""
    status: Words = ""
    description: Words = ""
    startedAt: Moment = None  # noqa: N815  # the page's own name, as below
    createdAt: Moment = None  # noqa: N815
    componentsAffected: Rows = ()  # noqa: N815


class _DatadogIncident(Raw):
    id: Id = ""
    title: Words = ""
    currentStatus: Words = ""  # noqa: N815
    resolved: Flag = False
    publishedDate: Moment = None  # noqa: N815
    resolvedDate: Moment = None  # noqa: N815
    componentsAffected: Rows = ()  # noqa: N815
    timeline: Rows = ()

    def incident(self, page: Page) -> PageIncident | None:
        """Return the incident or maintenance; None without an id or any time."""
        entries = _TimelineEntry.read_all(self.timeline)
        moments = [at for entry in entries if (at := entry.startedAt or entry.createdAt)]
        began = self.publishedDate or min(moments, default=None)
        if not self.id or began is None:
            return None
        updates = []
        for entry in entries:
            at = entry.startedAt or entry.createdAt or began
            updates.append(
                page_update(
                    entry.id or made_id(self.id, at, entry.status),
                    at,
                    entry.description,
                    _states(entry.componentsAffected),
                    phase=phase_word(entry.status),
                    posted_at=entry.createdAt,
                )
            )
        said = [change.after for update in updates for change in update.changes]
        phase = phase_word(self.currentStatus)
        incident = page_incident(
            self.id,
            self.title,
            began,
            _states(self.componentsAffected),
            understood(worst(said)) if said else Severity.UNKNOWN,
            updates,
            phase=phase,
            over=self.resolved or phase in (RESOLVED, "completed"),
            ended=self.resolvedDate,
            url=f"{page.url}/incidents/{self.id}",
        )
        return replace(incident, started_at=min([began, *moments]))


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the body of `config.json`.

    Raises:
        SourceError: not that document.
    """
    document = read_object(content, "Datadog's status page", "components")
    is_theirs = {"domainPrefix", "pageType"} & set(document)
    if not isinstance(document["components"], list) or not is_theirs:
        raise changed_format("Datadog's status page", document)
    oddities: list[str] = []
    components = {c.id: c for c in _components(document["components"], oddities)}
    reports: dict[str, PageIncident] = {}
    for key in ("incidents", "maintenances"):
        for row in read_rows(document.get(key)):
            # No maintenance was ever recorded: it is read like an incident (guess).
            report = _DatadogIncident.read(row).incident(page)
            if report is None:
                oddities.append(f"one of its {key} was dropped: no id or no time")
            else:
                maintenance = key == "maintenances"
                reports.setdefault(report.id, replace(report, maintenance=maintenance))
    return Snapshot(
        provider=page.provider,
        components=tuple(components.values()),
        incidents=tuple(report for report in reports.values() if report.resolved_at is None),
        recent=tuple(reports.values()),
        recent_full=True,
        oddities=tuple(oddities),
    )


def _components(rows: object, oddities: list[str], depth: int = 0) -> Iterator[Component]:
    """Yield the rows with a state; groups are opened, and say nothing themselves."""
    for raw in _PageComponent.read_all(rows):
        if raw.components or raw.type == "ComponentGroup":
            if depth < 3:  # one level was recorded
                yield from _components(raw.components, oddities, depth + 1)
        elif not raw.id:
            oddities.append("a component was dropped: no id")
        else:
            severity = status_severity(raw.status)
            yield page_component(raw.id, raw.name, raw.status, severity, oddities)


def _states(rows: object) -> dict[str, Severity]:
    read = _PageComponent.read_all(rows)
    return {row.id: status_severity(row.status) for row in read if row.id}
