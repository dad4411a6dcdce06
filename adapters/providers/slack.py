"""Slack's own status API: what is active now, by the names of Slack's features.

A feature has no id, so its name is one. Leaving the list of what is active is the end.

Facts: https://docs.slack.dev/reference/slack-status-api (no answer of it was recorded).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from pydantic import BaseModel

from adapters.providers.documents import changed_format, read_json
from adapters.providers.fields import Id, Rows, Words, phase_word
from adapters.providers.incidents import by_name
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    ONGOING,
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
from bot.domain.page import PageIncident, PageUpdate, Severity, Snapshot
from bot.ports import NeededLists

# Slack's types of an issue; which of ours they are is our choice.
SEVERITIES = {
    "notice": Severity.DEGRADED,
    "incident": Severity.PARTIAL,
    "outage": Severity.MAJOR,
    "maintenance": Severity.MAINTENANCE,
}


class _Note(BaseModel):
    date_created: Moment = None
    body: Words = ""


class _Issue(BaseModel):
    id: Id = ""
    date_created: Moment = None
    title: Words = ""
    type: Words = ""
    status: Words = ""
    url: Words = ""
    services: Rows = []  # names; a bare string is read as a row with that name
    notes: Rows = []


class _Named(BaseModel):
    name: Words = ""


class _Current(BaseModel):
    status: Words = ""
    active_incidents: Rows = []


@dataclass(frozen=True, slots=True)
class Slack:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:  # noqa: ARG002  # it lists what is active
        return parse(await self.fetch(f"{self.page.url}/api/v2.0.0/current"), self.page)


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the body of `current`.

    Raises:
        SourceError: not that document.
    """
    document = read_json(content)
    if (
        not isinstance(document, dict)
        or not isinstance(document.get("status"), str)
        or "date_created" not in document
    ):
        raise changed_format("Slack's status", document)
    current = _Current.model_validate(document)
    oddities: list[str] = []
    found = []
    for row in current.active_incidents:
        issue = _Issue.model_validate(row)
        if not issue.id or issue.date_created is None:
            oddities.append(f"an incident was dropped: no id or no time in {sorted(row)[:8]}")
        else:
            found.append(_affecting(issue, issue.date_created, page))
    snapshot = replace(derived(page, found, oddities), has_history=False)
    if current.status == "ok" or found:
        return replace(snapshot, recent=None)
    # It says that something is active, and not what.
    unclear = [
        replace(component, severity=Severity.UNKNOWN, status="something is active, not said what")
        for component in snapshot.components
    ]
    return replace(snapshot, recent=None, components=tuple(unclear))


def _affecting(issue: _Issue, began: datetime, page: Page) -> Affecting:
    ids = {name.lower(): id_ for id_, names in page.components.items() for name in names}
    names = [_Named.model_validate(row).name for row in issue.services]
    named = [ids.get(name.lower()) or by_name(name) for name in names]
    over = issue.status in (RESOLVED, "completed", "cancelled")
    severity = Severity.UP if over else SEVERITIES.get(issue.type, Severity.UNKNOWN)
    now = {id_: severity for id_ in named if id_}
    updates = []
    for row in issue.notes:
        note = _Note.model_validate(row)
        at = note.date_created or began
        id_ = made_id(issue.id, at)
        updates.append(PageUpdate(id_, ONGOING, body(note.body), at, at, changes(now)))
    report = PageIncident(
        id=issue.id,
        title=title(issue.title),
        phase=RESOLVED if over else phase_word(issue.status) or ONGOING,
        impact=understood(severity),
        created_at=began,
        started_at=began,
        url=issue.url if issue.url.startswith("https://") else "",
        resolved_at=max((u.at for u in updates), default=began) if over else None,
        components=tuple(now),
        updates=in_order(updates),
        maintenance=issue.type == "maintenance",
    )
    return Affecting(report, now, issue.type, over)
