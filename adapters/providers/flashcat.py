"""Flashcat's status pages (DeepSeek): components without a state, and the changes that are active.

An active change was never recorded, so its fields are a guess, read under several names: a
component is degraded by it at most, and its text is shown. Leaving the list is the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import AliasChoices, BaseModel, Field

from adapters.providers.documents import changed_format, read_json
from adapters.providers.fields import MAX_ITEMS, MAX_TITLE, Id, Rows, Words, phase_word
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    ONGOING,
    Affecting,
    Moment,
    body,
    changes,
    derived,
    in_order,
    made_id,
    title,
)
from bot.domain.page import PageIncident, PageUpdate, Severity, Snapshot
from bot.ports import NeededLists


class _Component(BaseModel):
    id: Id = Field(default="", validation_alias=AliasChoices("component_id", "id"))
    name: Words = ""


class _Update(BaseModel):
    id: Id = Field(default="", validation_alias=AliasChoices("update_id", "id"))
    status: Words = ""
    text: Words = Field(default="", validation_alias=AliasChoices("description", "message", "body"))
    at: Moment = Field(
        default=None,
        validation_alias=AliasChoices("at_seconds", "created_at_seconds", "created_at"),
    )


class _Change(BaseModel):
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
        default=[],
        validation_alias=AliasChoices("affected_components", "components", "component_changes"),
    )
    updates: Rows = Field(default=[], validation_alias=AliasChoices("updates", "timeline"))


@dataclass(frozen=True, slots=True)
class Flashcat:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:  # noqa: ARG002  # it lists what is active
        return parse(await self.fetch(f"{self.page.url}/summary/active"), self.page)


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the body of `summary/active`.

    Raises:
        SourceError: not that document.
    """
    document = read_json(content)
    data = document.get("data") if isinstance(document, dict) else None
    listed = data.get("page") if isinstance(data, dict) else None
    rows = listed.get("components") if isinstance(listed, dict) else None
    if not isinstance(data, dict) or not isinstance(rows, list):
        raise changed_format("Flashcat's status page", document)
    read = [_Component.model_validate(row) for row in rows[:MAX_ITEMS] if isinstance(row, dict)]
    named = {row.id: (row.name[:MAX_TITLE] or row.id,) for row in read if row.id}
    known = replace(page, components={**named, **page.components})
    active = data.get("active_changes")
    oddities: list[str] = []
    found = []
    for row in active[:MAX_ITEMS] if isinstance(active, list) else ():
        change = _change(row if isinstance(row, dict) else {}, known)
        if change is None:
            oddities.append("an active change cannot be dated: every component may be concerned")
        else:
            found.append(change)
    snapshot = replace(derived(known, found, oddities), recent=None, has_history=False)
    if not oddities:
        return snapshot
    unclear = [
        replace(component, severity=Severity.UNKNOWN, status="an active change, not understood")
        for component in snapshot.components
    ]
    return replace(snapshot, components=tuple(unclear))


def _change(row: Mapping[str, Any], page: Page) -> Affecting | None:
    """Read one active change; None without any time."""
    raw = _Change.model_validate(dict(row))
    drafts = [_Update.model_validate(update) for update in raw.updates]
    began = raw.started or min((draft.at for draft in drafts if draft.at), default=None)
    if began is None:
        return None
    named = [_Component.model_validate(entry).id for entry in raw.components]
    maintenance = "maintenance" in phase_word(raw.type)
    severity = Severity.MAINTENANCE if maintenance else Severity.DEGRADED
    now = {id_: severity for id_ in named if id_}
    id_ = raw.id or made_id(raw.title, began)
    updates = [
        PageUpdate(
            id=draft.id or made_id(id_, draft.at, draft.status),
            phase=phase_word(draft.status) or ONGOING,
            text=body(draft.text),
            at=draft.at or began,
            posted_at=draft.at or began,
            changes=changes(now),
        )
        for draft in drafts
    ] or [PageUpdate(made_id(id_), ONGOING, body(raw.description), began, began, changes(now))]
    report = PageIncident(
        id=id_,
        title=title(raw.title),
        phase=phase_word(raw.status) or ONGOING,
        impact=severity,
        created_at=began,
        started_at=began,
        url=page.link,
        components=tuple(now),
        updates=in_order(updates),
        maintenance=maintenance,
        linkable=bool(now),
    )
    # A change that names no component may concern any: what they are is not known then.
    states = now or dict.fromkeys(page.components, Severity.UNKNOWN)
    return Affecting(report, states, phase_word(raw.status).replace("_", " "), over=False)
