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
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from adapters.providers.documents import read_list
from adapters.providers.fields import Moment, Object, Raw, Rows, Words
from adapters.providers.port import Page
from adapters.providers.values import (
    ONGOING,
    RESOLVED,
    Affecting,
    body,
    changes,
    derived,
    made_id,
    page_incident,
    understood,
)
from bot.domain.page import PageUpdate, Severity, Snapshot, worst

PATH = "/public/currentevents"
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


# An update of an event: its id, time, text, and severity.
_Told = tuple[str, datetime, str, Severity]


class _LogEntry(Raw):
    summary: Words = ""
    message: Words = ""
    status: Any = None
    timestamp: Moment = None


class _Event(Raw):
    arn: Words = ""
    date: Moment = None
    status: Any = None
    service: Words = ""
    summary: Words = ""
    event_log: Rows = ()
    impacted_services: Annotated[dict[str, Any], Object] = Field(default_factory=dict)
    end_time: Moment = None
    description: Words = ""

    @property
    def is_over(self) -> bool:
        """The number decides: for a poll or so the word "[RESOLVED]" is early or late."""
        return _severity(self.status) is Severity.UP or self.end_time is not None

    def states(self, page: Page) -> dict[str, Severity]:
        """Return the state of each component that it concerns; empty: nothing of ours."""
        now = {}
        for id_ in page.components:
            impacted = self.impacted_services.get(id_)
            region = self.service.removeprefix(EVERYTHING)
            if isinstance(impacted, Mapping):
                now[id_] = _severity(impacted.get("current"))
            elif self.service == id_ or (
                # An event of many services that does not say (yet) which.
                region != self.service and not self.impacted_services and id_.endswith(f"-{region}")
            ):
                now[id_] = _severity(self.status)
        return dict.fromkeys(now, Severity.UP) if self.is_over else now

    def affecting(self, date: datetime, now: Mapping[str, Severity]) -> Affecting:
        # The last part names the event; the whole of it is longer than an id may be.
        id_ = self.arn.rpartition("/")[2] or f"{self.service}-{int(date.timestamp())}"
        told = [*self.logged(id_, date), *self.told(id_, date)]
        updates = []
        for index, (name, at, text, severity) in enumerate(told):
            newest = index == len(told) - 1
            states = now if newest else dict.fromkeys(now, severity)
            phase = RESOLVED if self.is_over and newest and severity is Severity.UP else ONGOING
            updates.append(PageUpdate(name, phase, text, at, at, changes(states)))
        incident = page_incident(
            id_[-128:],
            self.summary.removeprefix("[RESOLVED]"),
            date,
            now,
            understood(worst(now.values())),
            updates,
            over=self.is_over,
            ended=self.end_time,
            url=OPEN,
        )
        return Affecting(incident, now, WORDS.get(_number(self.status), ""))

    def logged(self, id_: str, date: datetime) -> Iterator[_Told]:
        """Yield the rows of the event's log, oldest first."""
        rows = _LogEntry.read_all(self.event_log)
        for row in sorted(rows, key=lambda row: row.timestamp or date):
            at = row.timestamp or date
            name = f"{id_}-{int(at.timestamp())}"[-128:]
            yield name, at, body(row.message or row.summary), _severity(row.status)

    def told(self, id_: str, date: datetime) -> Iterator[_Told]:
        """Yield the pieces of the former dashboard's HTML; the last has the event's severity."""
        text = body(self.description)
        found = list(_CLOCK.finditer(text))
        at = date
        for index, match in enumerate(found):
            end = found[index + 1].start() if found[index + 1 :] else len(text)
            if index:  # a clock without a date: each is later than the one before
                at += (_of_day(match) - _of_day(found[index - 1])) % timedelta(days=1)
            severity = _severity(self.status) if index == len(found) - 1 else Severity.UNKNOWN
            yield made_id(id_, index), at, text[match.end() : end].strip(), severity


def parse(content: bytes, page: Page) -> Snapshot:
    """Read the body of `currentevents` for the services and regions of `page`.

    Raises:
        SourceError: not that list.
    """
    rows = read_list(content, "AWS's list of events", "service", "status", "summary")
    oddities: list[str] = []
    found = []
    for row in rows:
        event = _Event.read(row)
        if event.date is None:
            oddities.append(f"an event was dropped: no time in {sorted(row)[:8]}")
        elif now := event.states(page):
            found.append(event.affecting(event.date, now))
    return derived(page, found, oddities, quiet="no open event")


def _number(status: object) -> str:
    """Return a status as text: AWS writes numbers and texts in one list."""
    return str(status).strip() if isinstance(status, (str, int)) else ""


def _severity(status: object) -> Severity:
    return SEVERITIES.get(_number(status), Severity.UNKNOWN)


def _of_day(clock: re.Match[str]) -> timedelta:
    hour, minute, half = clock.groups()
    return timedelta(hours=int(hour) % 12 + (12 if half == "PM" else 0), minutes=int(minute))
