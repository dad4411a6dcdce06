"""Recorded answers of a page, put together to the looks that they were.

One look asks for the summary and, where that made it necessary, for lists; the recorder writes a
line for each answer. Told apart, they would be several looks: what is held back for one look would
be told, and a list that came with the first look would be news. Lines belong together by their
`look` number; without one, by following each other closely with nothing asked for twice.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.providers.http import TIMEOUT
from adapters.providers.statuspage import (
    incidents_of,
    is_summary,
    read_json,
    snapshot_of,
    with_history,
)
from bot.domain.errors import SourceError
from bot.domain.page import PageIncident, Snapshot

Document = Mapping[str, Any]

NOT_MODIFIED = 304
OK = 200
LISTS = ("incidents", "scheduled_maintenances")
_SUMMARY, _FAILURE = "summary", "failure"
# The next request of a look follows the answer at once, and is given up after TIMEOUT.
_CLOSE = timedelta(seconds=TIMEOUT + 5)


def body_of(line: object) -> Document | None:
    """Return the JSON object that a line holds, if it holds one."""
    body = line.get("body") if isinstance(line, dict) else None
    if isinstance(body, str):
        try:
            return read_json(body)
        except SourceError:
            return None
    return body if isinstance(body, dict) else None


def is_list(document: Document) -> bool:
    return not is_summary(document) and any(key in document for key in LISTS)


@dataclass(slots=True)
class RecordedPoll:
    """The lines of one look, and when it was done. `number`: as recorded, if it was."""

    at: datetime
    number: object
    lines: dict[str, Document] = field(default_factory=dict)  # by what was asked for

    def takes(self, at: datetime, number: object, kind: str) -> bool:
        if kind in self.lines or _FAILURE in self.lines or number != self.number:
            return False
        if number is not None:
            return True
        # Whether a failure ended this look or was the next one cannot be told: take it as its own.
        return kind != _FAILURE and timedelta(0) <= at - self.at <= _CLOSE


def polls(lines: Iterable[tuple[datetime, Document]]) -> Iterator[RecordedPoll]:
    """Put lines together, in their order."""
    look: RecordedPoll | None = None
    for at, line in lines:
        kind, number = _kind(line), line.get("look")
        if look is None or not look.takes(at, number, kind):
            if look is not None:
                yield look
            look = RecordedPoll(at, number)
        look.at = at
        look.lines[kind] = line
    if look is not None:
        yield look


def _kind(line: Document) -> str:
    """Return what was asked for: the summary, one of the lists; or that the poll failed."""
    name = str(line.get("url") or "").partition("?")[0].rpartition("/")[2]
    if name == "summary.json":
        return _SUMMARY
    if name.endswith(".json"):
        return name
    if line.get("status") == 0:
        return _FAILURE
    document = body_of(line)
    return next((key for key in LISTS if document and is_list(document) and key in document), "")


@dataclass(slots=True)
class Reader:
    """Makes looks into what the page source would have given."""

    provider: str
    has_history: bool
    summary: Snapshot | None = None  # the last one
    last: dict[str, Document] = field(default_factory=dict)  # by address, for "not modified"

    def read(self, look: RecordedPoll) -> Snapshot | SourceError:
        if _FAILURE in look.lines:
            return self._failed(look.lines[_FAILURE])
        recent: list[PageIncident] | None = None
        seen: Snapshot | None = None
        for line in look.lines.values():
            try:
                document = self._document(line)
                if is_list(document):
                    recent = [*(recent or ()), *incidents_of(document)]
                else:
                    snapshot = snapshot_of(document, self.provider)
                    seen = self.summary = replace(snapshot, has_history=self.has_history)
            except SourceError as error:
                if _kind(line) in {_SUMMARY, _FAILURE, ""}:
                    return error
                # An outage is told from the summary alone; the list is asked for again.
        if recent is None:
            return seen or SourceError("the page gave no list")
        if known := seen or self.summary:
            return with_history(known, tuple(recent))
        running = tuple(incident for incident in recent if not incident.has_ended)
        bare = Snapshot(self.provider, components=(), incidents=running)
        return with_history(bare, tuple(recent))

    def _document(self, line: Document) -> Document:
        url = str(line.get("url") or "")
        status = line.get("status", OK)
        unchanged = self.last.get(url) if status == NOT_MODIFIED else None
        if status != OK and unchanged is None:
            raise self._failed(line)
        body = line.get("body", "")
        text = body if isinstance(body, str) else json.dumps(body)
        document = unchanged or body_of(line) or read_json(text)
        self.last[url] = document
        return document

    def _failed(self, line: Document) -> SourceError:
        url, status = line.get("url") or "the page", line.get("status", OK)
        return SourceError(str(line.get("error") or f"{url} answered {status}"))
