"""incident.io's `/feed.atom`: the one place where an incident's components stand.

An entry shows the newest word alone ("Status: Investigating", then the components by name with
their states); after the end every component says Operational. Names may stand for several
components. Also read by itself, for pages whose summary tells no states (Perplexity); should it
not answer, the document that the page is drawn from may.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from adapters.html import plain_text
from adapters.providers.documents import read_feed
from adapters.providers.fields import phase_word, read_id, status_severity
from adapters.providers.incidentio_proxy import IncidentIoProxy
from adapters.providers.port import Fetch, Page
from adapters.providers.values import (
    Affecting,
    derived,
    made_id,
    page_incident,
    page_update,
    understood,
)
from bot.domain.errors import SourceError
from bot.domain.page import ENDED, Severity, Snapshot, worst
from bot.ports import NeededLists

PATH = "/feed.atom"
_STATUS = re.compile(r"\AStatus: *(.+)$", re.MULTILINE)
_AFFECTED = re.compile(r"^- (.+) \(([^()]+)\)$", re.MULTILINE)
_HEADING = "Affected components"


@dataclass(frozen=True, slots=True)
class IncidentIoFeed:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:
        try:
            return parse(await self.fetch(self.page.url + PATH), self.page)
        except SourceError:
            with suppress(SourceError):  # what is wrong with the feed says more
                return await IncidentIoProxy(self.page, self.fetch).poll(needed)
            raise


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One incident as the feed has it. `components` are names, each with its states."""

    id: str
    title: str
    phase: str
    text: str
    at: datetime
    components: tuple[tuple[str, Severity], ...]


def read_entries(content: bytes) -> Iterator[FeedEntry]:
    """Read the body of `feed.atom`, newest first as it is.

    Raises:
        SourceError: no feed of incident.io.
    """
    feed = read_feed(content)
    feed.expect("incident.io's", "feed", lambda _, generator: generator == "incident.io")
    for raw in feed.items:
        # Two slashes may stand in the address; the last part is the incident's id.
        id_ = read_id(raw.id.rpartition("/")[2])
        text = plain_text(raw.description or raw.content)
        status = _STATUS.search(text)
        if not id_ or raw.updated is None or status is None:
            continue
        words, _, listed = text[status.end() :].partition(_HEADING)
        yield FeedEntry(
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
    """Return the components of the catalogue by each name that they have borne."""
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
    found = []
    for entry in read_entries(content):
        now = named(entry.components, ids, {})
        id_ = made_id(entry.id, entry.at)
        incident = page_incident(
            entry.id,
            entry.title,
            entry.at,
            now,
            understood(worst(now.values())) if now else Severity.UNKNOWN,
            [page_update(id_, entry.at, entry.text, now, phase=entry.phase)],
            phase=entry.phase,
            over=entry.phase in ENDED,
            url=f"{page.url}/incidents/{entry.id}",
        )
        # One that names no component that we know may mean any of them.
        meant = now or dict.fromkeys(page.components, Severity.UNKNOWN)
        found.append(Affecting(replace(incident, linkable=bool(now)), meant, ""))
    return derived(page, found)
