"""Better Stack's status pages: `index.json`, a JSON:API document with everything in `included`.

Resources have a state of their own. Reports stay listed after their end, where `ends_at` may be
null: `aggregate_state` decides. A report may name resources that are no longer on the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from adapters.providers.documents import changed_format, read_json
from adapters.providers.fields import MAX_ITEMS, MAX_TITLE, Id, Rows, Words, phase_word
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    ONGOING,
    RESOLVED,
    Moment,
    body,
    changes,
    in_order,
    title,
    understood,
)
from bot.domain.page import Component, PageIncident, PageUpdate, Severity, Snapshot, worst
from bot.ports import NeededLists

# "recovered": back after a failure today. Anything else (not_monitored) is unknown.
SEVERITIES = {
    "operational": Severity.UP,
    "recovered": Severity.UP,
    "resolved": Severity.UP,
    "maintenance": Severity.MAINTENANCE,
    "degraded": Severity.DEGRADED,
    "downtime": Severity.MAJOR,
}


class _Resource(BaseModel):
    public_name: Words = ""
    status: Words = ""


class _Affected(BaseModel):
    status_page_resource_id: Id = ""
    status: Words = ""


class _Update(BaseModel):
    message: Words = ""
    published_at: Moment = None
    affected_resources: Rows = []


class _Report(BaseModel):
    title: Words = ""
    report_type: Words = ""
    starts_at: Moment = None
    ends_at: Moment = None
    aggregate_state: Words = ""
    affected_resources: Rows = []


@dataclass(frozen=True, slots=True)
class BetterStack:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:  # noqa: ARG002  # one document has all
        return parse(await self.fetch(f"{self.page.url}/index.json"), self.page)


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the body of `index.json`.

    Raises:
        SourceError: not that document.
    """
    document = read_json(content)
    data = document.get("data") if isinstance(document, dict) else None
    if (
        not isinstance(document, dict)
        or not isinstance(data, dict)
        or data.get("type") != "status_page"
    ):
        raise changed_format("Better Stack's status page", document)
    rows: dict[str, dict[str, dict[str, Any]]] = {}
    included = document.get("included")
    for row in included[: 10 * MAX_ITEMS] if isinstance(included, list) else ():
        if isinstance(row, dict) and isinstance(row.get("type"), str) and (id_ := _id(row)):
            rows.setdefault(row["type"], {})[id_] = row
    oddities: list[str] = []
    components = tuple(
        _component(id_, row, oddities) for id_, row in rows.get("status_page_resource", {}).items()
    )
    reports = []
    for id_, row in rows.get("status_report", {}).items():
        report = _report(id_, row, rows.get("status_update", {}), page)
        if report is None:
            oddities.append(f"report {id_} was dropped: no time")
        else:
            reports.append(report)
    return Snapshot(
        provider=page.provider,
        components=components[:MAX_ITEMS],
        incidents=tuple(report for report in reports if report.resolved_at is None),
        recent=tuple(reports),
        recent_full=True,
        oddities=tuple(oddities),
    )


def _id(row: Mapping[str, Any]) -> str:
    """Text in one place, a number in another."""
    return _Affected.model_validate(
        {"status_page_resource_id": row.get("id")}
    ).status_page_resource_id


def _attributes(row: Mapping[str, Any]) -> dict[str, Any]:
    attributes = row.get("attributes")
    return attributes if isinstance(attributes, dict) else {}


def _component(id_: str, row: Mapping[str, Any], oddities: list[str]) -> Component:
    raw = _Resource.model_validate(_attributes(row))
    severity = SEVERITIES.get(phase_word(raw.status), Severity.UNKNOWN)
    if severity is Severity.UNKNOWN:
        oddities.append(f"component {raw.public_name[:60]}: unknown status {raw.status[:40]!r}")
    return Component(id_, raw.public_name[:MAX_TITLE] or id_, severity, raw.status)


def _states(rows: list[dict[str, Any]]) -> dict[str, Severity]:
    read = [_Affected.model_validate(row) for row in rows]
    return {
        row.status_page_resource_id: SEVERITIES.get(phase_word(row.status), Severity.UNKNOWN)
        for row in read
        if row.status_page_resource_id
    }


def _report(
    id_: str, row: Mapping[str, Any], updates: Mapping[str, dict[str, Any]], page: Page
) -> PageIncident | None:
    """Read one report with its updates; None without any time."""
    raw = _Report.model_validate(_attributes(row))
    words = [
        (name, _Update.model_validate(_attributes(updates[name])))
        for name in _related(row)
        if name in updates
    ]
    moments = [update.published_at for _, update in words if update.published_at]
    began = raw.starts_at or min(moments, default=None)
    if began is None:
        return None
    over = raw.aggregate_state == RESOLVED
    now = _states(raw.affected_resources)
    maintenance = raw.report_type == "maintenance"
    last = max(moments, default=began)
    said: list[PageUpdate] = []
    for name, update in words:
        at = update.published_at or began
        phase = RESOLVED if over and at == last else ONGOING
        states = _states(update.affected_resources)
        said.append(PageUpdate(name, phase, body(update.message), at, at, changes(states)))
    said_of = [*now.values(), *(change.after for update in said for change in update.changes)]
    if maintenance:
        phase = "in_progress" if Severity.MAINTENANCE in now.values() else "scheduled"
    else:
        phase = ONGOING
    return PageIncident(
        id=id_,
        title=title(raw.title),
        phase=RESOLVED if over else phase,
        impact=understood(worst(said_of)) if said_of else Severity.UNKNOWN,
        created_at=min([began, *moments]),
        started_at=began,
        url=f"{page.url}/incident/{id_}",
        resolved_at=(raw.ends_at or last) if over else None,
        components=tuple(now),
        updates=in_order(said),
        maintenance=maintenance,
        scheduled_for=raw.starts_at if maintenance else None,
        scheduled_until=raw.ends_at if maintenance else None,
    )


def _related(row: Mapping[str, Any]) -> list[str]:
    """The ids of a report's updates."""
    value: Any = row.get("relationships")
    for key in ("status_updates", "data"):
        value = value.get(key) if isinstance(value, dict) else None
    rows = value[:MAX_ITEMS] if isinstance(value, list) else []
    return [id_ for entry in rows if isinstance(entry, dict) and (id_ := _id(entry))]
