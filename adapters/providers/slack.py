"""Slack's own status API: what is active now, by the names of Slack's features.

A feature has no id, so its name is one. Leaving the list of what is active is the end.

Facts: https://docs.slack.dev/reference/slack-status-api (no answer of it was recorded).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from adapters.providers.documents import changed_format, read_object
from adapters.providers.fields import Id, Moment, Raw, Rows, Words, phase_word
from adapters.providers.incidents import by_name
from adapters.providers.port import Page
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
from bot.domain.page import Severity, Snapshot

PATH = "/api/v2.0.0/current"
# Slack's types of an issue; which of ours they are is our choice.
SEVERITIES = {
    "notice": Severity.DEGRADED,
    "incident": Severity.PARTIAL,
    "outage": Severity.MAJOR,
    "maintenance": Severity.MAINTENANCE,
}


class _Note(Raw):
    date_created: Moment = None
    body: Words = ""


class _Issue(Raw):
    id: Id = ""
    date_created: Moment = None
    title: Words = ""
    type: Words = ""
    status: Words = ""
    url: Words = ""
    services: Rows = ()  # names; a bare string is read as a row with that name
    notes: Rows = ()

    def affecting(self, began: datetime, page: Page) -> Affecting:
        ids = {name.lower(): id_ for id_, names in page.components.items() for name in names}
        names = [service.name for service in _SlackService.read_all(self.services)]
        named = [ids.get(name.lower()) or by_name(name) for name in names]
        over = self.status in (RESOLVED, "completed", "cancelled")
        severity = Severity.UP if over else SEVERITIES.get(self.type, Severity.UNKNOWN)
        now = {id_: severity for id_ in named if id_}
        notes = ((note.date_created or began, note.body) for note in _Note.read_all(self.notes))
        incident = page_incident(
            self.id,
            self.title,
            began,
            now,
            understood(severity),
            [page_update(made_id(self.id, at), at, text, now) for at, text in notes],
            phase=phase_word(self.status),
            over=over,
            url=self.url if self.url.startswith("https://") else "",
        )
        maintenance = self.type == "maintenance"
        return Affecting(replace(incident, maintenance=maintenance), now, self.type)


class _SlackService(Raw):
    name: Words = ""


class _Current(Raw):
    status: Words = ""
    active_incidents: Rows = ()


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the body of `current`.

    Raises:
        SourceError: not that document.
    """
    document = read_object(content, "Slack's status", "status", "date_created")
    if not isinstance(document["status"], str):
        raise changed_format("Slack's status", document)
    current = _Current.read(document)
    oddities: list[str] = []
    found = []
    for row in current.active_incidents:
        issue = _Issue.read(row)
        if not issue.id or issue.date_created is None:
            oddities.append(f"an incident was dropped: no id or no time in {sorted(row)[:8]}")
        else:
            found.append(issue.affecting(issue.date_created, page))
    is_silent = current.status != "ok" and not found
    unclear = "something is active, not said what" if is_silent else ""
    return active_only(derived(page, found, oddities), unclear)
