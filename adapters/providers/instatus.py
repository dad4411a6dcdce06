"""Instatus: what is active in `summary.json`, the components in `v3/components.json`.

Lists of what is active are absent when nothing is; leaving them is the end. There are no update
texts, and no word about which component an incident concerns.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import AliasChoices, BaseModel, Field

from adapters.providers.documents import changed_format, read_json
from adapters.providers.fields import MAX_TITLE, Id, Rows, Words, phase_word, status_severity
from adapters.providers.port import Fetch, Page
from adapters.providers.values import Moment, title, understood
from bot.domain.page import Component, PageIncident, Severity, Snapshot
from bot.ports import NeededLists

# A maintenance's words; an incident's are those of everybody.
PHASES = {
    "notstartedyet": "scheduled",
    "inprogress": "in_progress",
    "completed": "completed",
}


class _Component(BaseModel):
    id: Id = ""
    name: Words = ""
    status: Words = ""


class _Active(BaseModel):
    id: Id = ""
    name: Words = ""
    status: Words = ""
    impact: Words = ""
    url: Words = ""
    started: Moment = Field(default=None, validation_alias=AliasChoices("started", "start"))


class _Summary(BaseModel):
    activeIncidents: Rows = []  # noqa: N815  # the page's own name, as below
    activeMaintenances: Rows = []  # noqa: N815


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
    document, listed = read_json(content), read_json(components)
    about = document.get("page") if isinstance(document, dict) else None
    if not isinstance(about, dict) or not isinstance(about.get("status"), str):
        raise changed_format("Instatus's summary", document)
    rows = listed.get("components") if isinstance(listed, dict) else None
    if not isinstance(listed, dict) or not isinstance(rows, list) or "page" in listed:
        raise changed_format("Instatus's list of components", listed)
    oddities: list[str] = []
    summary = _Summary.model_validate(document)
    reports = (
        *_reports(summary.activeIncidents, page, oddities, maintenance=False),
        *_reports(summary.activeMaintenances, page, oddities, maintenance=True),
    )
    return Snapshot(
        provider=page.provider,
        components=tuple({c.id: c for c in _components(rows, oddities)}.values()),
        incidents=tuple({report.id: report for report in reports}.values()),
        has_history=False,
        oddities=tuple(oddities),
    )


def _components(rows: list[Any], oddities: list[str]) -> Iterator[Component]:
    for row in rows:
        raw = _Component.model_validate(row if isinstance(row, dict) else {})
        if not raw.id:
            oddities.append("a component was dropped: no id")
            continue
        severity = status_severity(raw.status)
        if severity is Severity.UNKNOWN:
            oddities.append(f"component {raw.name[:60]}: unknown status {raw.status[:40]!r}")
        yield Component(raw.id, raw.name[:MAX_TITLE] or raw.id, severity, raw.status)


def _impact(word: str) -> Severity:
    return understood(status_severity(word)) if word else Severity.UNKNOWN


def _reports(
    rows: Iterable[dict[str, Any]], page: Page, oddities: list[str], *, maintenance: bool
) -> Iterator[PageIncident]:
    for row in rows:
        raw = _Active.model_validate(row)
        id_ = raw.id or _Active.model_validate({"id": raw.url.rpartition("/")[2]}).id
        if not id_ or raw.started is None:
            oddities.append(f"an incident was dropped: no id or no time in {sorted(row)[:8]}")
            continue
        phase = phase_word(raw.status)
        yield PageIncident(
            id=id_,
            title=title(raw.name),
            phase=PHASES.get(phase, phase),
            impact=Severity.MAINTENANCE if maintenance else _impact(raw.impact),
            created_at=raw.started,
            started_at=raw.started,
            url=raw.url if raw.url.startswith("https://") else page.link,
            maintenance=maintenance,
            scheduled_for=raw.started if maintenance else None,
            linkable=False,
        )
