"""One incident or maintenance as pages write them → `PageIncident`. Broken ones become None."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import AliasChoices, Field

from adapters.providers.fields import (
    Id,
    Raw,
    Rows,
    Time,
    Words,
    impact_severity,
    phase_word,
    status_severity,
)
from adapters.providers.values import body, in_order, made_id, title
from bot.catalog.providers import slug
from bot.domain.page import ComponentChange, PageIncident, PageUpdate

# Statuspage's own spelling, or that of a recording which changed it.
_CREATED = AliasChoices("created_at", "createdAt")
_UPDATED = AliasChoices("updated_at", "updatedAt")


class _UpdateRow(Raw):
    id: Id = ""
    status: Words = ""
    body: Words = Field(default="", validation_alias=AliasChoices("body", "message"))
    created_at: Time = Field(default=None, validation_alias=_CREATED)
    updated_at: Time = Field(default=None, validation_alias=_UPDATED)
    display_at: Time = Field(default=None, validation_alias=AliasChoices("display_at", "at"))
    affected_components: Rows = ()

    @property
    def at(self) -> datetime | None:
        return self.display_at or self.created_at or self.updated_at


class _IncidentRow(Raw):
    id: Id = ""
    name: Words = Field(default="", validation_alias=AliasChoices("name", "title"))
    status: Words = ""
    impact: Words = ""
    created_at: Time = Field(default=None, validation_alias=_CREATED)
    started_at: Time = Field(default=None, validation_alias=AliasChoices("started_at", "opened_at"))
    updated_at: Time = Field(default=None, validation_alias=_UPDATED)
    resolved_at: Time = Field(
        default=None, validation_alias=AliasChoices("resolved_at", "resolvedAt")
    )
    shortlink: Words = Field(default="", validation_alias=AliasChoices("shortlink", "url"))
    scheduled_for: Time = None
    scheduled_until: Time = None
    components: Rows = ()
    incident_updates: Rows = Field(
        default=(), validation_alias=AliasChoices("incident_updates", "updates")
    )


class _ComponentRow(Raw):
    code: Id = Field(default="", validation_alias=AliasChoices("code", "id"))
    name: Words = ""
    old_status: Words = ""
    new_status: Words = ""


def read_incident(
    row: Mapping[str, Any],
    *,
    page_url: str = "",
    page_time: datetime | None = None,
    names: Mapping[str, str] | None = None,
    maintenance: bool = False,
) -> PageIncident | None:
    """Read one incident; None when it has no time at all, or nothing to know it by.

    `names` maps component names to ids, for pages that give no ids. `page_time` dates an
    incident that carries no date.
    """
    raw = _IncidentRow.read(row)
    drafts = _UpdateRow.read_all(raw.incident_updates)
    moments = [moment for update in drafts if (moment := update.at)]
    # Statuspage writes created_at and started_at; others write one of them, or neither.
    created = raw.created_at or raw.started_at or min(moments, default=raw.updated_at) or page_time
    identity = raw.id or (raw.shortlink.rsplit("/", 1)[-1])
    if not identity and raw.name and (begun := raw.created_at or raw.started_at):
        # Reduced recordings: the moment it was opened is what never changes.
        identity = f"made-{int(begun.timestamp() * 1000)}"
    if created is None or not identity:
        return None
    rows = _ComponentRow.read_all(raw.components)
    named = (row.code or (names or {}).get(row.name) or by_name(row.name) for row in rows)
    return PageIncident(
        id=identity,
        title=title(raw.name),
        phase=phase_word(raw.status),
        impact=impact_severity(raw.impact),
        created_at=created,
        started_at=raw.started_at or created,
        url=_url(raw.shortlink, page_url, raw.id),
        resolved_at=raw.resolved_at,
        components=tuple(id_ for id_ in named if id_),
        updates=_updates(drafts, identity, created, names or {}),
        maintenance=maintenance or raw.scheduled_for is not None,
        scheduled_for=raw.scheduled_for,
        scheduled_until=raw.scheduled_until,
        linkable="components" in row
        or any("affected_components" in u for u in raw.incident_updates),
    )


def by_name(name: str) -> str:
    """The id of a component of which only the name is known (recordings without ids)."""
    return f"name:{slug(name)}" if slug(name) else ""


def _url(link: str, page_url: str, identity: str) -> str:
    if link.startswith(("https://", "http://")):
        return link[:500]
    base = page_url.rstrip("/")
    if not base.startswith(("https://", "http://")):
        return ""
    return f"{base}/incidents/{identity}" if identity else base


def _updates(
    drafts: Iterable[_UpdateRow], incident: str, created: datetime, names: Mapping[str, str]
) -> tuple[PageUpdate, ...]:
    """Oldest first: by time, and among equal times the other way round than the page shows."""
    updates: dict[str, PageUpdate] = {}
    for index, draft in enumerate(reversed(list(drafts))):
        at = draft.at or created
        # A page without update ids: time and phase name it, for its text may be edited.
        id_ = draft.id or made_id(f"{incident} {draft.at or index} {draft.status}")
        # A row without a known component is a sentence ("No components were affected …").
        rows = [
            (row.code or names.get(row.name, ""), row.old_status, row.new_status)
            for row in _ComponentRow.read_all(draft.affected_components)
        ]
        update = PageUpdate(
            id=id_,
            phase=phase_word(draft.status),
            text=body(draft.body),
            at=at,
            posted_at=draft.created_at or at,
            changes=tuple(
                ComponentChange(component, status_severity(before), status_severity(after))
                for component, before, after in rows
                if component
            ),
        )
        updates.setdefault(id_, update)
    return in_order(updates.values())
