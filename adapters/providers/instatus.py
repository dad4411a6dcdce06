"""Instatus: what is active in `summary.json`, the components in `v3/components.json`.

Lists of what is active are absent when nothing is; leaving them is the end. There are no update
texts, and no word about which component an incident concerns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import AliasChoices, Field

from adapters.providers.documents import changed_format, read_object
from adapters.providers.fields import (
    Id,
    Moment,
    Raw,
    Rows,
    Words,
    as_object,
    phase_word,
    read_id,
    status_severity,
)
from adapters.providers.port import Fetch, Page
from adapters.providers.values import page_component, page_incident, understood
from bot.domain.page import PageIncident, Severity, Snapshot
from bot.ports import NeededLists

# A maintenance's words; an incident's are those of everybody.
PHASES = {
    "notstartedyet": "scheduled",
    "inprogress": "in_progress",
    "completed": "completed",
}


class _ListedComponent(Raw):
    id: Id = ""
    name: Words = ""
    status: Words = ""


class _Active(Raw):
    id: Id = ""
    name: Words = ""
    status: Words = ""
    impact: Words = ""
    url: Words = ""
    started: Moment = Field(default=None, validation_alias=AliasChoices("started", "start"))
    duration: Any = None  # of a maintenance: minutes, as a number or as text

    @property
    def until(self) -> datetime | None:
        minutes = str(self.duration)
        known = self.started and minutes.isascii() and minutes.isdecimal() and len(minutes) < 6
        return self.started + timedelta(minutes=int(minutes)) if self.started and known else None


class _ActiveLists(Raw):
    activeIncidents: Rows = ()  # noqa: N815  # the page's own name, as below
    activeMaintenances: Rows = ()  # noqa: N815


@dataclass(frozen=True, slots=True)
class Instatus:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:  # noqa: ARG002  # it lists what is active
        summary = await self.fetch(f"{self.page.url}/summary.json")
        components = await self.fetch(f"{self.page.url}/v3/components.json")
        return parse(summary, self.page, components)


def parse(content: bytes, page: Page, components: bytes) -> Snapshot:
    """Read the bodies of `summary.json` and `v3/components.json`.

    Raises:
        SourceError: one of them is something else.
    """
    document = read_object(content, "Instatus's summary", "page")
    if not isinstance(as_object(document["page"]).get("status"), str):
        raise changed_format("Instatus's summary", document)
    listed = read_object(components, "Instatus's list of components", "components")
    if not isinstance(listed["components"], list) or "page" in listed:
        raise changed_format("Instatus's list of components", listed)
    oddities: list[str] = []
    rows = {}
    for raw in _ListedComponent.read_all(listed["components"]):
        if raw.id:
            severity = status_severity(raw.status)
            rows[raw.id] = page_component(raw.id, raw.name, raw.status, severity, oddities)
        else:
            oddities.append("a component was dropped: no id")
    active = _ActiveLists.read(document)
    reports = (
        *_reports(active.activeIncidents, page, oddities, maintenance=False),
        *_reports(active.activeMaintenances, page, oddities, maintenance=True),
    )
    return Snapshot(
        provider=page.provider,
        components=tuple(rows.values()),
        incidents=tuple({report.id: report for report in reports}.values()),
        has_history=False,
        oddities=tuple(oddities),
    )


def _reports(
    rows: Iterable[dict[str, Any]], page: Page, oddities: list[str], *, maintenance: bool
) -> Iterator[PageIncident]:
    for row in rows:
        raw = _Active.read(row)
        id_ = raw.id or read_id(raw.url.rpartition("/")[2])
        if not id_ or raw.started is None:
            oddities.append(f"an incident was dropped: no id or no time in {sorted(row)[:8]}")
            continue
        impact = understood(status_severity(raw.impact)) if raw.impact else Severity.UNKNOWN
        phase = phase_word(raw.status)
        incident = page_incident(
            id_,
            raw.name,
            raw.started,
            (),
            Severity.MAINTENANCE if maintenance else impact,
            (),
            phase=PHASES.get(phase, phase),
            url=raw.url if raw.url.startswith("https://") else page.link,
        )
        yield replace(
            incident,
            maintenance=maintenance,
            scheduled_for=raw.started if maintenance else None,
            scheduled_until=raw.until if maintenance else None,
            linkable=False,
        )
