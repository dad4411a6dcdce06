"""Reads what a Statuspage (or a page that imitates one) sends, leniently.

Any JSON becomes a `Snapshot` or one `SourceError`. A broken incident or component is dropped
and mentioned in `oddities`; only a body that is no status page at all is refused. Understands
Statuspage's `summary.json`, `incidents.json` and `scheduled-maintenances.json`, incident.io's
variant of them (OpenAI), and the reduced polls of recordings (no ids, `active_incidents`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from adapters.providers import documents
from adapters.providers.documents import changed_format
from adapters.providers.fields import (
    MAX_ITEMS,
    Flag,
    Id,
    Object,
    Raw,
    Rows,
    Time,
    Words,
    status_severity,
)
from adapters.providers.incidents import by_name, read_incident
from adapters.providers.port import Fetch, Page
from adapters.providers.values import page_component
from bot.domain.errors import SourceError
from bot.domain.page import Component, PageIncident, PageList, Snapshot
from bot.ports import NeededLists

# Statuspage cuts its history list at 50, others earlier: from this length on, absence proves
# nothing of what is older than its oldest entry.
SHORTEST_CUT = 20
SUMMARY = "/api/v2/summary.json"


@dataclass(frozen=True, slots=True)
class Statuspage:
    """Polls the summary, and after it the lists that are needed."""

    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:
        summary = parse_summary(await self.fetch(self.page.url + SUMMARY), self.page.provider)
        lists = needed(summary)
        if PageList.INCIDENTS not in lists:
            return summary
        try:
            recent = await self._list(PageList.INCIDENTS)
        except SourceError as error:
            # An outage is told from the summary alone; the list is asked for again.
            return replace(summary, list_failure=str(error))
        if PageList.MAINTENANCES in lists:
            # incident.io's variant has no such list (404).
            with suppress(SourceError):
                recent = (*recent, *await self._list(PageList.MAINTENANCES))
        return with_history(summary, recent)

    async def _list(self, name: PageList) -> tuple[PageIncident, ...]:
        path = f"/api/v2/{name.value.replace('_', '-')}.json"
        return parse_history(await self.fetch(self.page.url + path))


async def older_incidents(page: Page, fetch: Fetch, number: int) -> tuple[PageIncident, ...]:
    """Read the 50 incidents of one further page of the list; empty behind its end.

    The parameter is not documented of the public API; readers of many pages use it
    (status.claude.com, cloudflarestatus.com, equinixstatus.com).

    Raises:
        SourceError: no usable answer.
    """
    return parse_history(await fetch(f"{page.url}/api/v2/incidents.json?page={number}"))


class _SummaryComponent(Raw):
    id: Id = ""
    name: Words = ""
    status: Words = ""
    updated_at: Time = None
    group: Flag = False
    group_id: Id = ""


class _AboutPage(Raw):
    url: Words = ""
    updated_at: Time = None


class _Summary(Raw):
    page: Annotated[_AboutPage, Object] = Field(default_factory=_AboutPage)
    components: Rows = ()
    incidents: Rows = ()
    active_incidents: Rows = ()
    scheduled_maintenances: Rows = ()
    updated_at: Time = None
    source_url: Words = ""
    error: Words = ""


def read_json(body: bytes | str) -> dict[str, Any]:
    """Read a body as one JSON object.

    Raises:
        SourceError: it is empty, HTML, cut off, or JSON of another shape; the text says which.
    """
    value = documents.read_json(body.encode("utf-8", "replace") if isinstance(body, str) else body)
    if not isinstance(value, dict):
        raise changed_format("a status page", value)
    return value


def parse_summary(body: bytes | str, provider: str) -> Snapshot:
    """Read the body of `summary.json`.

    Raises:
        SourceError: not a status page.
    """
    document = read_json(body)
    if not isinstance(document.get("page"), dict) and "error" not in document:
        raise changed_format("a status page", document)
    return snapshot_of(document, provider)


def parse_history(body: bytes | str) -> tuple[PageIncident, ...]:
    """Read the body of `incidents.json` or `scheduled-maintenances.json`, in the page's order.

    Raises:
        SourceError: not such a list.
    """
    return incidents_of(read_json(body))


def with_history(summary: Snapshot, recent: tuple[PageIncident, ...]) -> Snapshot:
    """Add the history list, and what its length lets absence prove."""
    return replace(summary, recent=recent, recent_full=len(recent) >= SHORTEST_CUT)


def is_summary(document: Mapping[str, Any]) -> bool:
    """Tell whether it is the summary, and not the history list nor something else altogether."""
    return isinstance(document.get("components"), list) or all(
        isinstance(document.get(key), dict) for key in ("page", "status")
    )


def incidents_of(document: Mapping[str, Any]) -> tuple[PageIncident, ...]:
    """Return the incidents and maintenances of a history list."""
    lists = [key for key in ("incidents", "scheduled_maintenances") if key in document]
    if not lists:
        raise changed_format("a status page's list of incidents", document)
    summary = _Summary.read(document)
    return (
        *_incidents(summary.incidents, summary, {}, maintenance=False, oddities=[]),
        *_incidents(summary.scheduled_maintenances, summary, {}, maintenance=True, oddities=[]),
    )


def snapshot_of(document: Mapping[str, Any], provider: str) -> Snapshot:
    """Make a snapshot of a summary that is JSON already.

    Raises:
        SourceError: not a status page.
    """
    error = document.get("error")
    if isinstance(error, str) and error.strip():
        raise SourceError(f"the page could not be read when recorded: {error.strip()[:200]}")
    if not is_summary(document):
        raise changed_format("a status page", document)
    summary = _Summary.read(document)
    oddities: list[str] = []
    components = tuple(_components(summary.components, oddities))
    names = {component.name: component.id for component in components}
    # The same id twice would be told twice: the first one counts.
    incidents: dict[str, PageIncident] = {}
    for incident in (
        *_incidents(summary.incidents, summary, names, maintenance=False, oddities=oddities),
        *_incidents(summary.active_incidents, summary, names, maintenance=False, oddities=oddities),
        *_incidents(
            summary.scheduled_maintenances, summary, names, maintenance=True, oddities=oddities
        ),
    ):
        incidents.setdefault(incident.id, incident)
    oddities.extend(
        f"{key}: only the first {MAX_ITEMS} were read"
        for key in ("components", "incidents", "scheduled_maintenances")
        if isinstance(document.get(key), list) and len(document[key]) > MAX_ITEMS
    )
    return Snapshot(
        provider=provider,
        components=components,
        incidents=tuple(incidents.values()),
        updated_at=summary.page.updated_at or summary.updated_at,
        oddities=tuple(oddities),
    )


def _incidents(
    rows: Iterable[Mapping[str, Any]],
    summary: _Summary,
    names: Mapping[str, str],
    *,
    maintenance: bool,
    oddities: list[str],
) -> Iterable[PageIncident]:
    for row in rows:
        incident = read_incident(
            row,
            page_url=summary.page.url or summary.source_url,
            page_time=summary.page.updated_at or summary.updated_at,
            names=names,
            maintenance=maintenance,
        )
        if incident is None:
            oddities.append(f"an incident was dropped: no id or no time in {sorted(row)[:8]}")
        else:
            yield incident


def _components(rows: Iterable[Mapping[str, Any]], oddities: list[str]) -> Iterable[Component]:
    """Rows that say something of their own: a group only repeats its worst member."""
    read = _SummaryComponent.read_all(rows)
    groups = {row.id: row.name for row in read if row.group}
    names = [row.name for row in read if not row.group]
    seen: set[str] = set()
    for row in read:
        if row.group:
            continue
        name = row.name
        if names.count(name) > 1 and row.group_id in groups:
            name = f"{groups[row.group_id]}: {name}"  # "API" in each of several regions
        # Recordings without ids: the name has to do.
        id_ = row.id or by_name(name)
        if not id_ or id_ in seen:
            oddities.append("a component was dropped: no id and no name, or an id twice")
            continue
        seen.add(id_)
        component = page_component(id_, name, row.status, status_severity(row.status), oddities)
        yield replace(component, updated_at=row.updated_at)
