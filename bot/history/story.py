"""An incident's story in figures, for its end and for a post-mortem. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from bot.domain.incident import EventKind, Incident
from bot.domain.page import Severity

_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Story:
    """What is known of how an incident went. Times are None where nobody saw that."""

    # How long it was how bad: the whole incident, and each surface whose row moved.
    lengths: Mapping[Severity, timedelta]
    by_surface: Mapping[str, Mapping[Severity, timedelta]]
    # Somebody here said that they have trouble; our own evidence sufficed to suspect it.
    first_report_at: datetime | None
    suspected_at: datetime | None
    # The provider's first text, by its own time, and its end.
    first_update_at: datetime | None
    ended_at: datetime | None
    # The most people who reported trouble with one surface at one time.
    reporters: int
    # How much earlier our evidence was than the moment when we could read the provider's word;
    # negative: later. None: there was no such evidence, or no such word.
    ahead: timedelta | None
    postmortem_at: datetime | None

    @property
    def reaction(self) -> timedelta | None:
        """From the first report here to the provider's first update."""
        if self.first_report_at is None or self.first_update_at is None:
            return None
        return self.first_update_at - self.first_report_at


def story_of(incident: Incident, now: datetime) -> Story:
    """Return the story so far; of an incident that is open, until now."""
    end = incident.ended_at or now
    said = [event.at for event in incident.events if event.update_id is not None]
    after = [event.at for event in incident.events if event.kind is EventKind.POSTMORTEM]
    suspected, official = incident.suspected_at, incident.official_at
    return Story(
        lengths=_lengths(incident.timeline, end),
        by_surface={
            surface: lengths
            for surface, points in incident.surface_timelines.items()
            if (lengths := _lengths(points, end))
        },
        first_report_at=incident.first_report_at,
        suspected_at=suspected,
        first_update_at=min(said, default=None),
        ended_at=incident.ended_at,
        reporters=incident.reporters,
        ahead=official - suspected if suspected and official else None,
        postmortem_at=min(after, default=None),
    )


def _lengths(
    points: tuple[tuple[datetime, Severity], ...], end: datetime
) -> dict[Severity, timedelta]:
    """Add up how long it was how bad, the worst first; what was up counts nothing."""
    found: dict[Severity, timedelta] = {}
    for (start, severity), (until, _) in pairwise([*points, (end, Severity.UP)]):
        length = min(until, end) - start
        if severity.rank > Severity.UP.rank and length > _NONE:
            found[severity] = found.get(severity, _NONE) + length
    return dict(sorted(found.items(), key=lambda pair: -pair[0].rank))
