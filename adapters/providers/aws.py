"""AWS Health's public current events: a bare list, in UTF-16 with a byte order mark.

A component is a service in a region, by AWS's key (`bedrock-eu-west-1`). An event of another
region or service does not concern us: without that filter everything is red for good, since the
two events in the Middle East have been open since March 2026. Ended events stay for a while.

The list of the former dashboard (`data.json`, until 2022) is read too: its events have no
number of their own, and their words stand in one piece of HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, Field

from adapters.providers.documents import read_json, rows_of
from adapters.providers.fields import Object, Rows, Words
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
from bot.domain.page import PageIncident, PageUpdate, Severity, Snapshot, worst
from bot.ports import NeededLists

# In the live list 0 is over and 3 is worst; which of our words they are is our choice (the great
# outage of 7 December 2021 never passed 2).
SEVERITIES = {
    "0": Severity.UP,
    "1": Severity.DEGRADED,
    "2": Severity.PARTIAL,
    "3": Severity.MAJOR,
}
WORDS = {"1": "informational", "2": "degradation", "3": "disruption"}
EVERYTHING = "multipleservices-"
OPEN = "https://health.aws.amazon.com/health/status"
# " 4:22 PM PST" before each piece of the former dashboard's HTML: no date.
_CLOCK = re.compile(r"^\s*(\d{1,2}):(\d\d) (AM|PM) P[SD]T", re.MULTILINE)


class _Event(BaseModel):
    arn: Words = ""
    date: Moment = None
    status: Any = None
    service: Words = ""
    summary: Words = ""
    event_log: Rows = []
    impacted_services: Annotated[dict[str, Any], Object] = Field(default_factory=dict)
    end_time: Moment = None
    description: Words = ""


class _Log(BaseModel):
    summary: Words = ""
    message: Words = ""
    status: Any = None
    timestamp: Moment = None


@dataclass(frozen=True, slots=True)
class Aws:
    page: Page
    fetch: Fetch

    async def poll(self, needed: NeededLists) -> Snapshot:  # noqa: ARG002  # its list has everything
        return parse(await self.fetch(f"{self.page.url}/public/currentevents"), self.page)


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the body of `currentevents` for the services and regions of `page`.

    Raises:
        SourceError: not that list.
    """
    rows = rows_of(read_json(content), "AWS's list of events", "service", "status", "summary")
    oddities: list[str] = []
    found = []
    for row in rows:
        event = _Event.model_validate(row)
        if event.date is None:
            oddities.append(f"an event was dropped: no time in {sorted(row)[:8]}")
            continue
        if now := _now(event, page):
            found.append(_affecting(event, event.date, now))
    return derived(page, found, oddities, quiet="no open event")


def _number(status: object) -> str:
    """A status as text: AWS writes numbers and texts in one list."""
    return str(status).strip() if isinstance(status, (str, int)) else ""


def _severity(status: object) -> Severity:
    return SEVERITIES.get(_number(status), Severity.UNKNOWN)


def _now(event: _Event, page: Page) -> dict[str, Severity]:
    """What the event does to each component that it concerns; empty: nothing of ours."""
    now = {}
    for id_ in page.components:
        impacted = event.impacted_services.get(id_)
        region = event.service.removeprefix(EVERYTHING)
        if isinstance(impacted, Mapping):
            now[id_] = _severity(impacted.get("current"))
        elif event.service == id_ or (
            # An event of many services that does not say (yet) which.
            region != event.service and not event.impacted_services and id_.endswith(f"-{region}")
        ):
            now[id_] = _severity(event.status)
    return dict.fromkeys(now, Severity.UP) if _is_over(event) else now


def _is_over(event: _Event) -> bool:
    """The number decides: for a poll or so the word "[RESOLVED]" is early or late."""
    return _severity(event.status) is Severity.UP or event.end_time is not None


def _affecting(event: _Event, date: datetime, now: Mapping[str, Severity]) -> Affecting:
    over = _is_over(event)
    # The last part names the event; the whole of it is longer than an id may be.
    id_ = event.arn.rpartition("/")[2] or f"{event.service}-{int(date.timestamp())}"
    drafts = [*_logged(event, id_, date), *_told(event, id_, date)]
    updates = []
    for index, (draft, severity) in enumerate(drafts):
        newest = index == len(drafts) - 1
        states = now if newest else dict.fromkeys(now, severity)
        phase = RESOLVED if over and newest and severity is Severity.UP else ONGOING
        updates.append(
            PageUpdate(draft.id, phase, draft.text, draft.at, draft.posted_at, changes(states))
        )
    ended = event.end_time or max((update.at for update in updates), default=date)
    report = PageIncident(
        id=id_[-128:],
        title=title(event.summary.removeprefix("[RESOLVED]")),
        phase=RESOLVED if over else ONGOING,
        impact=understood(worst(now.values())),
        created_at=date,
        started_at=date,
        url=OPEN,
        resolved_at=ended if over else None,
        components=tuple(now),
        updates=in_order(updates),
    )
    return Affecting(report, now, WORDS.get(_number(event.status), ""), over)


def _logged(event: _Event, id_: str, date: datetime) -> Iterator[tuple[PageUpdate, Severity]]:
    """The event's log, oldest first, each row with its severity."""
    rows = [_Log.model_validate(row) for row in event.event_log]
    rows.sort(key=lambda row: row.timestamp or date)
    for row in rows:
        at = row.timestamp or date
        name = f"{id_}-{int(at.timestamp())}"[-128:]
        yield PageUpdate(name, "", body(row.message or row.summary), at, at), _severity(row.status)


def _told(event: _Event, id_: str, date: datetime) -> Iterator[tuple[PageUpdate, Severity]]:
    """The pieces of the former dashboard's HTML; the last one has the event's severity."""
    text = body(event.description)
    found = list(_CLOCK.finditer(text))
    at = date
    for index, match in enumerate(found):
        end = found[index + 1].start() if found[index + 1 :] else len(text)
        at = at + _later(found[index - 1], match) if index else date
        severity = _severity(event.status) if index == len(found) - 1 else Severity.UNKNOWN
        words = text[match.end() : end].strip()
        yield PageUpdate(made_id(id_, index), "", words, at, at), severity


def _later(before: re.Match[str], after: re.Match[str]) -> timedelta:
    """The time between two times of day, the second of which is the later one."""
    return (_of_day(after) - _of_day(before)) % timedelta(days=1)


def _of_day(clock: re.Match[str]) -> timedelta:
    hour, minute, half = clock.groups()
    return timedelta(hours=int(hour) % 12 + (12 if half == "PM" else 0), minutes=int(minute))
