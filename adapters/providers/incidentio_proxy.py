"""incident.io's `/proxy/<host>`: all components of the page, and what is open, by ids.

The document that the page itself is drawn from, and not documented: `summary.structure` holds the
components, `affected_components` those that are not operational, `ongoing_incidents` what is open.
No open incident of it was ever recorded, so its fields are read under the names that other readers
know, and what does not fit counts for nothing. The documented widget (`/api/v1/summary`) has the
same lists without the structure, and is read as well.

Facts: https://docs.incident.io/status-pages/widget-api
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field

from adapters.providers.documents import changed_format, read_json
from adapters.providers.fields import (
    MAX_ITEMS,
    MAX_TEXT,
    Id,
    Moment,
    Raw,
    Rows,
    Words,
    as_object,
    phase_word,
    read_rows,
    read_text,
    status_severity,
)
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    changes,
    in_order,
    made_id,
    page_component,
    page_incident,
    page_update,
    understood,
)
from bot.domain.page import Component, PageIncident, PageUpdate, Severity, Snapshot, worst
from bot.ports import NeededLists

_LISTS = ("ongoing_incidents", "in_progress_maintenances", "scheduled_maintenances")


class _ProxyComponent(Raw):
    id: Id = Field(default="", validation_alias=AliasChoices("component_id", "id"))
    name: Words = ""
    status: Words = Field(default="", validation_alias=AliasChoices("status", "current_status"))
    end_at: Moment = None  # of an impact that is over


class _OngoingUpdate(Raw):
    id: Id = ""
    status: Words = Field(default="", validation_alias=AliasChoices("to_status", "status"))
    at: Moment = Field(default=None, validation_alias=AliasChoices("published_at", "created_at"))
    text: Words = Field(default="", validation_alias=AliasChoices("message_string", "body"))
    message: Any = None


class _Ongoing(Raw):
    id: Id = ""
    name: Words = ""
    status: Words = ""
    url: Words = ""
    began: Moment = Field(
        default=None,
        validation_alias=AliasChoices("published_at", "started_at", "starts_at", "created_at"),
    )
    until: Moment = Field(
        default=None, validation_alias=AliasChoices("ends_at", "scheduled_end_at")
    )
    last_update_at: Moment = None
    last_update_message: Words = ""
    affected_components: Rows = ()
    component_impacts: Rows = ()
    updates: Rows = ()

    @property
    def phase(self) -> str:
        return phase_word(self.status).removeprefix("maintenance_")

    def states(self) -> dict[str, Severity]:
        """Return the components that it concerns now; those it once did are over."""
        rows = _ProxyComponent.read_all(self.affected_components)
        if not any(row.status for row in rows):
            impacts = _ProxyComponent.read_all(self.component_impacts)
            rows = [row for row in impacts if row.end_at is None]
        found: dict[str, Severity] = {}
        for row in rows:
            if row.id:
                severity = status_severity(row.status)
                found[row.id] = worst((severity, found.get(row.id, severity)))
        return found

    def incident(self, page: Page, *, maintenance: bool) -> PageIncident | None:
        """Return it with its updates; None without an id or any time."""
        moments = [at for one in _OngoingUpdate.read_all(self.updates) if (at := one.at)]
        began = self.began or min(moments, default=self.last_update_at)
        if not self.id or began is None:
            return None
        now = self.states()
        impact = understood(worst(now.values())) if now else Severity.UNKNOWN
        incident = page_incident(
            self.id,
            self.name,
            began,
            now,
            Severity.MAINTENANCE if maintenance else impact,
            self.told(began, now),
            phase=self.phase,
            url=self.url if self.url.startswith("https://") else f"{page.url}/incidents/{self.id}",
        )
        return replace(
            incident,
            maintenance=maintenance,
            scheduled_for=self.began if maintenance else None,
            scheduled_until=self.until if maintenance else None,
            linkable=bool(now),
        )

    def told(self, began: datetime, now: Mapping[str, Severity]) -> tuple[PageUpdate, ...]:
        """Return its updates; the newest says how the components are now."""
        updates = [
            page_update(
                one.id or made_id(self.id, one.at, one.status),
                one.at,
                one.text or node_text(one.message),
                {},
                phase=phase_word(one.status).removeprefix("maintenance_") or self.phase,
            )
            for one in _OngoingUpdate.read_all(self.updates)
            if one.at
        ]
        if not updates:  # the widget has the last one alone
            at = self.last_update_at or began
            name = made_id(self.id, at, self.status)
            updates = [page_update(name, at, self.last_update_message, {}, phase=self.phase)]
        *earlier, newest = in_order(updates)
        return (*earlier, replace(newest, changes=changes(now)))


@dataclass(frozen=True, slots=True)
class IncidentIoProxy:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:  # noqa: ARG002  # it lists what is open
        return parse(await self.fetch(address(self.page)), self.page)


def address(page: Page) -> str:
    """Return the address of the document: it names the host once more."""
    return f"{page.url}/proxy/{urlsplit(page.url).hostname or ''}"


def read_summary(content: bytes) -> dict[str, Any]:
    """Return the lists of the document, whichever of the two it is.

    Raises:
        SourceError: neither.
    """
    document = read_json(content)
    summary = as_object(as_object(document).get("summary"))
    if isinstance(summary.get("structure"), dict):
        return summary
    widget = as_object(document)
    if "page_title" in widget and any(isinstance(widget.get(key), list) for key in _LISTS):
        return widget
    raise changed_format("incident.io's page", document)


def open_incidents(content: bytes) -> dict[str, tuple[str, dict[str, Severity]]]:
    """Return the phase and the components of each open incident, by its id.

    Raises:
        SourceError: not that document.
    """
    ongoing = _Ongoing.read_all(read_summary(content).get("ongoing_incidents"))
    return {one.id: (one.phase, one.states()) for one in ongoing if one.id}


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the document alone: every component, and what is open.

    Raises:
        SourceError: not that document.
    """
    summary = read_summary(content)
    oddities: list[str] = []
    affected = {
        row.id: row.status
        for row in _ProxyComponent.read_all(summary.get("affected_components"))
        if row.id and row.status
    }
    names = {id_: page.name(id_) for id_ in page.components} | dict(_structure(summary))
    components: dict[str, Component] = {}
    for id_, name in names.items():
        status = affected.get(id_, "operational")
        components[id_] = page_component(id_, name, status, status_severity(status), oddities)
    reports = []
    for key in _LISTS:
        for row in _Ongoing.read_all(summary.get(key)):
            report = row.incident(page, maintenance=key != "ongoing_incidents")
            if report is None:
                oddities.append(f"one of its {key} was dropped: no id or no time")
            else:
                reports.append(report)
    return Snapshot(
        provider=page.provider,
        components=tuple(components.values()),
        incidents=tuple({report.id: report for report in reports}.values()),
        has_history=False,
        oddities=tuple(oddities),
    )


def _structure(summary: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the id and name of each component that the page shows."""
    for item in read_rows(as_object(summary.get("structure")).get("items")):
        group = as_object(item.get("group"))
        for row in (item.get("component"), *read_rows(group.get("components"))):
            one = _ProxyComponent.read(row)
            if one.id:
                yield one.id, one.name or one.id


def node_text(message: object) -> str:
    """Return the text of a message, which may be a tree: `{"text_node": {"content": [...]}}`."""
    if isinstance(message, str):
        return read_text(message)
    pieces: list[str] = []
    left = [as_object(message).get("text_node")]
    while left and len(pieces) < MAX_ITEMS:
        node = as_object(left.pop())
        pieces.append("\n" * (node.get("type") == "paragraph") + read_text(node.get("text")))
        content = node.get("content")
        left += reversed(content[:MAX_ITEMS]) if isinstance(content, list) else ()
    return "".join(pieces)[:MAX_TEXT].strip()
