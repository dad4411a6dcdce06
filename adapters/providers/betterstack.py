"""Better Stack's status pages: `index.json`, a JSON:API document with everything in `included`.

Resources have a state of their own. Reports stay listed after their end, where `ends_at` may be
null: `aggregate_state` decides. A report may name resources that are no longer on the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from adapters.providers.documents import changed_format, read_json
from adapters.providers.fields import (
    MAX_ITEMS,
    Id,
    Moment,
    Raw,
    Rows,
    Words,
    as_object,
    phase_word,
    read_id,
    read_rows,
)
from adapters.providers.port import Page
from adapters.providers.values import (
    ONGOING,
    RESOLVED,
    page_component,
    page_incident,
    page_update,
    understood,
)
from bot.domain.page import PageIncident, Severity, Snapshot, worst

PATH = "/index.json"
# "recovered": back after a failure today. Anything else (not_monitored) is unknown.
SEVERITIES = {
    "operational": Severity.UP,
    "recovered": Severity.UP,
    "resolved": Severity.UP,
    "maintenance": Severity.MAINTENANCE,
    "degraded": Severity.DEGRADED,
    "downtime": Severity.MAJOR,
}


class _Resource(Raw):
    public_name: Words = ""
    status: Words = ""


class _AffectedResource(Raw):
    status_page_resource_id: Id = ""
    status: Words = ""


class _ReportUpdate(Raw):
    message: Words = ""
    published_at: Moment = None
    affected_resources: Rows = ()


class _Report(Raw):
    title: Words = ""
    report_type: Words = ""
    starts_at: Moment = None
    ends_at: Moment = None
    aggregate_state: Words = ""
    affected_resources: Rows = ()

    def incident(
        self,
        id_: str,
        said: Mapping[str, dict[str, Any]],
        page: Page,
        resources: Mapping[str, Severity],
    ) -> PageIncident | None:
        """Return the report with its updates (by id); None without any time.

        `resources` as they are now: a maintenance says "maintenance" of its own before it begins.
        """
        read = {name: _ReportUpdate.read(row) for name, row in said.items()}
        moments = [update.published_at for update in read.values() if update.published_at]
        began = self.starts_at or min(moments, default=None)
        if began is None:
            return None
        over, last = self.aggregate_state == RESOLVED, max(moments, default=began)
        updates = []
        for name, update in read.items():
            at = update.published_at or began
            phase = RESOLVED if over and at == last else ONGOING
            states = _states(update.affected_resources)
            updates.append(page_update(name, at, update.message, states, phase=phase))
        now = _states(self.affected_resources)
        worst_of = [*now.values(), *(change.after for one in updates for change in one.changes)]
        maintenance, phase = self.report_type == "maintenance", ""
        if maintenance:
            begun = any(resources.get(one) is Severity.MAINTENANCE for one in now)
            phase = "in_progress" if begun else "scheduled"
        incident = page_incident(
            id_,
            self.title,
            began,
            now,
            understood(worst(worst_of)) if worst_of else Severity.UNKNOWN,
            updates,
            phase=phase,
            over=over,
            ended=self.ends_at,
            url=f"{page.url}/incident/{id_}",
        )
        return replace(
            incident,
            created_at=min([began, *moments]),
            maintenance=maintenance,
            scheduled_for=self.starts_at if maintenance else None,
            scheduled_until=self.ends_at if maintenance else None,
        )


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the body of `index.json`.

    Raises:
        SourceError: not that document.
    """
    document = read_json(content)
    if as_object(as_object(document).get("data")).get("type") != "status_page":
        raise changed_format("Better Stack's status page", document)
    attributes: dict[str, dict[str, dict[str, Any]]] = {}  # by type, then by id
    updates_of: dict[str, list[str]] = {}  # a report's id → those of its updates
    included = as_object(document).get("included")
    for row in included[: 10 * MAX_ITEMS] if isinstance(included, list) else ():
        kind, id_ = as_object(row).get("type"), read_id(as_object(row).get("id"))
        if isinstance(kind, str) and id_:
            attributes.setdefault(kind, {})[id_] = as_object(row.get("attributes"))
            related = as_object(as_object(row.get("relationships")).get("status_updates"))
            updates_of[id_] = [read_id(one.get("id")) for one in read_rows(related.get("data"))]
    oddities: list[str] = []
    components = []
    for id_, row in list(attributes.get("status_page_resource", {}).items())[:MAX_ITEMS]:
        raw = _Resource.read(row)
        severity = SEVERITIES.get(phase_word(raw.status), Severity.UNKNOWN)
        components.append(page_component(id_, raw.public_name, raw.status, severity, oddities))
    resources = {component.id: component.severity for component in components}
    said = attributes.get("status_update", {})
    reports = []
    for id_, row in attributes.get("status_report", {}).items():
        updates = {name: said[name] for name in updates_of[id_] if name in said}
        report = _Report.read(row).incident(id_, updates, page, resources)
        if report is None:
            oddities.append(f"report {id_} was dropped: no time")
        else:
            reports.append(report)
    return Snapshot(
        provider=page.provider,
        components=tuple(components),
        incidents=tuple(report for report in reports if report.resolved_at is None),
        recent=tuple(reports),
        recent_full=True,
        oddities=tuple(oddities),
    )


def _states(rows: object) -> dict[str, Severity]:
    return {
        row.status_page_resource_id: SEVERITIES.get(phase_word(row.status), Severity.UNKNOWN)
        for row in _AffectedResource.read_all(rows)
        if row.status_page_resource_id
    }
