"""incident.io's `/feed.atom`: the one place where an incident's components stand.

An entry shows the newest word alone ("Status: Investigating", then the components by name with
their states); after the end every component says Operational. Names may stand for several
components. Also read by itself, for pages that give nothing else (Perplexity).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel

from adapters.providers.documents import changed_format, read_feed
from adapters.providers.fields import Id, Words, phase_word, status_severity
from adapters.providers.html import plain_text
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    ONGOING,
    Affecting,
    Moment,
    body,
    changes,
    derived,
    made_id,
    title,
    understood,
)
from bot.domain.page import ENDED, PageIncident, PageUpdate, Severity, Snapshot, worst
from bot.ports import NeededLists

_STATUS = re.compile(r"\AStatus: *(.+)$", re.MULTILINE)
_AFFECTED = re.compile(r"^- (.+) \(([^()]+)\)$", re.MULTILINE)
_HEADING = "Affected components"


class _Entry(BaseModel):
    id: Words = ""
    title: Words = ""
    updated: Moment = None
    description: Words = ""
    content: Words = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the feed says of one incident. `components` are names, each with its states."""

    id: str
    title: str
    phase: str
    text: str
    at: datetime
    components: tuple[tuple[str, Severity], ...]


@dataclass(frozen=True, slots=True)
class IncidentIoFeed:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:  # noqa: ARG002  # a feed has no lists
        return parse(await self.fetch(f"{self.page.url}/feed.atom"), self.page)


def read_entries(content: bytes) -> Iterator[Entry]:
    """Read the body of `feed.atom`, newest first as it is.

    Raises:
        SourceError: no feed of incident.io.
    """
    feed = read_feed(content)
    if feed.kind != "feed" or feed.fields.get("generator") != "incident.io":
        called = feed.fields.get("title", "")[:40]
        raise changed_format("incident.io's feed", f"a feed called {called!r}")
    for row in feed.items:
        raw = _Entry.model_validate(row)
        # Two slashes may stand in the address; the last part is the incident's id.
        id_ = _Id.model_validate({"id": raw.id.rpartition("/")[2]}).id
        text = plain_text(raw.description or raw.content)
        status = _STATUS.search(text)
        if not id_ or raw.updated is None or status is None:
            continue
        words, _, listed = text[status.end() :].partition(_HEADING)
        yield Entry(
            id=id_,
            title=raw.title,
            phase=phase_word(status[1].strip()),
            text=words.strip(),
            at=raw.updated,
            components=tuple(
                (found[1].strip(), status_severity(found[2]))
                for found in _AFFECTED.finditer(listed)
            ),
        )


class _Id(BaseModel):
    id: Id = ""


def named(
    components: tuple[tuple[str, Severity], ...],
    ids: Mapping[str, tuple[str, ...]],
    present: Mapping[str, Severity],
) -> dict[str, Severity]:
    """Return the components that these names mean, with the states said of them.

    `ids` are the components by name. Where a name stands for several, those that are in the said
    state at `present` are meant; failing that, all of them.
    """
    meant: dict[str, Severity] = {}
    for name, severity in components:
        candidates = ids.get(name, ())
        fitting = [id_ for id_ in candidates if present.get(id_) is severity]
        for id_ in fitting or candidates:
            meant[id_] = worst((severity, meant.get(id_, severity)))
    return meant


def by_names(page: Page) -> dict[str, tuple[str, ...]]:
    """The components of the catalogue by each name that they have borne."""
    ids: dict[str, tuple[str, ...]] = {}
    for id_, names in page.components.items():
        for name in names:
            ids[name] = (*ids.get(name, ()), id_)
    return ids


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the feed alone: components are as bad as what its open entries say.

    Raises:
        SourceError: no feed of incident.io.
    """
    ids = by_names(page)
    return derived(page, [_affecting(entry, ids, page) for entry in read_entries(content)])


def _affecting(entry: Entry, ids: Mapping[str, tuple[str, ...]], page: Page) -> Affecting:
    over = entry.phase in ENDED
    now = named(entry.components, ids, {})
    update = PageUpdate(
        id=made_id(entry.id, entry.at),
        phase=entry.phase or ONGOING,
        text=body(entry.text),
        at=entry.at,
        posted_at=entry.at,
        changes=changes(now),
    )
    incident = PageIncident(
        id=entry.id,
        title=title(entry.title),
        phase=entry.phase or ONGOING,
        impact=understood(worst(now.values())) if now else Severity.UNKNOWN,
        created_at=entry.at,
        started_at=entry.at,
        url=f"{page.url}/incidents/{entry.id}",
        resolved_at=entry.at if over else None,
        components=tuple(now),
        updates=(update,),
        linkable=bool(now),
    )
    return Affecting(incident, now, "", over)
