"""Flashcat's status pages (DeepSeek): components without a state, and the changes that are active.

An active change was never recorded, so its fields are a guess, read under several names: a
component is degraded by it at most, and its text is shown. Leaving the list is the end.
"""

from __future__ import annotations

from dataclasses import replace

from pydantic import AliasChoices, Field

from adapters.providers.documents import changed_format, read_json
from adapters.providers.fields import (
    MAX_ITEMS,
    MAX_TITLE,
    Id,
    Moment,
    Raw,
    Rows,
    Words,
    as_object,
    phase_word,
)
from adapters.providers.port import Page
from adapters.providers.values import (
    Affecting,
    active_only,
    derived,
    made_id,
    page_incident,
    page_update,
)
from bot.domain.page import Severity, Snapshot

PATH = "/summary/active"


class _ChangedComponent(Raw):
    id: Id = Field(default="", validation_alias=AliasChoices("component_id", "id"))
    name: Words = ""


class _ChangeUpdate(Raw):
    id: Id = Field(default="", validation_alias=AliasChoices("update_id", "id"))
    status: Words = ""
    text: Words = Field(default="", validation_alias=AliasChoices("description", "message", "body"))
    at: Moment = Field(
        default=None,
        validation_alias=AliasChoices("at_seconds", "created_at_seconds", "created_at"),
    )


class _Change(Raw):
    id: Id = Field(default="", validation_alias=AliasChoices("change_id", "id"))
    title: Words = Field(default="", validation_alias=AliasChoices("title", "name"))
    description: Words = ""
    status: Words = ""
    type: Words = ""
    started: Moment = Field(
        default=None,
        validation_alias=AliasChoices(
            "start_at_seconds", "started_at_seconds", "created_at_seconds", "created_at"
        ),
    )
    components: Rows = Field(
        default=(),
        validation_alias=AliasChoices("affected_components", "components", "component_changes"),
    )
    updates: Rows = Field(default=(), validation_alias=AliasChoices("updates", "timeline"))

    def affecting(self, page: Page) -> Affecting | None:
        """Read one active change; None without any time."""
        drafts = _ChangeUpdate.read_all(self.updates)
        began = self.started or min((draft.at for draft in drafts if draft.at), default=None)
        if began is None:
            return None
        maintenance = "maintenance" in phase_word(self.type)
        severity = Severity.MAINTENANCE if maintenance else Severity.DEGRADED
        named = _ChangedComponent.read_all(self.components)
        now = {row.id: severity for row in named if row.id}
        id_ = self.id or made_id(self.title, began)
        updates = [
            page_update(
                draft.id or made_id(id_, draft.at, draft.status),
                draft.at or began,
                draft.text,
                now,
                phase=phase_word(draft.status),
            )
            for draft in drafts
        ] or [page_update(made_id(id_), began, self.description, now)]
        phase = phase_word(self.status)
        incident = page_incident(
            id_, self.title, began, now, severity, updates, phase=phase, url=page.link
        )
        # A change that names no component may concern any: what they are is not known then.
        states = now or dict.fromkeys(page.components, Severity.UNKNOWN)
        incident = replace(incident, maintenance=maintenance, linkable=bool(now))
        return Affecting(incident, states, phase.replace("_", " "))


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the body of `summary/active`.

    Raises:
        SourceError: not that document.
    """
    document = read_json(content)
    data = as_object(as_object(document).get("data"))
    rows = as_object(data.get("page")).get("components")
    if not isinstance(rows, list):
        raise changed_format("Flashcat's status page", document)
    listed = _ChangedComponent.read_all(rows)
    named = {row.id: (row.name[:MAX_TITLE] or row.id,) for row in listed if row.id}
    known = replace(page, components={**named, **page.components})
    active = data.get("active_changes")
    rows = active[:MAX_ITEMS] if isinstance(active, list) else []
    read = [_Change.read(row).affecting(known) for row in rows]
    found = [one for one in read if one is not None]
    if len(found) == len(read):
        return active_only(derived(known, found))
    oddity = "an active change cannot be dated: every component may be concerned"
    return active_only(derived(known, found, [oddity]), "an active change, not understood")
