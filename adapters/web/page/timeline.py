"""The picture of an incident over its time, as values that the template draws as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from bot.domain.incident import Incident
from bot.domain.page import Severity
from bot.messages.durations import duration, timeline

WIDTH = 1000.0  # of the picture, in its own units
_NARROWEST = 3.0  # what lasted a moment is still to be seen


@dataclass(frozen=True, slots=True)
class Segment:
    """It was that bad from `x` on, for `width`."""

    x: float
    width: float
    severity: Severity
    words: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A bar from the beginning to the end, or until now. `words` say the same."""

    segments: tuple[Segment, ...]
    marks: tuple[float, ...]  # where something was said
    begins: datetime
    ends: datetime
    is_open: bool
    words: str


def picture_of(incident: Incident, now: datetime) -> Picture | None:
    """None: there is no length of time to draw."""
    # To the minute: a picture that grew with every second would always be another one.
    ends = incident.ended_at or now.replace(second=0, microsecond=0)
    begins = min([incident.started_at, *(at for at, _ in incident.timeline)])
    whole = ends - begins
    if whole <= timedelta(0) or not incident.timeline or incident.maintenance:
        return None
    segments = []
    for (at, severity), (until, _) in pairwise([*incident.timeline, (ends, Severity.UP)]):
        length = min(until, ends) - at
        if length > timedelta(0):
            width = max(_NARROWEST, WIDTH * (length / whole))
            words = f"{severity.words}, {duration(length)}"
            segments.append(Segment(WIDTH * ((at - begins) / whole), width, severity, words))
    said = {event.at for event in incident.events if event.update_id and begins <= event.at <= ends}
    return Picture(
        tuple(segments),
        tuple(WIDTH * ((at - begins) / whole) for at in sorted(said)),
        begins,
        ends,
        incident.is_open,
        timeline(incident, now) or "never anything but up",
    )
