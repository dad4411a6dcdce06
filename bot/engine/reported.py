"""People's reports, remembered with the incident that they turned out to be about. Pure.

The reports themselves are forgotten within half an hour; that somebody was first, and how many
they were at most, is a part of the incident's story.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from bot.domain.incident import Incident
from bot.evidence.suspicion import Reported


def with_reports(incident: Incident, reported: Mapping[str, Reported]) -> Incident:
    """Return the incident with what people report of its surfaces now; one that is over as it is.

    No event: it is told with whatever happens next, and at its end.
    """
    heard = [reported[surface] for surface in incident.surfaces if surface in reported]
    if not heard or not incident.is_open or incident.maintenance:
        return incident
    people = max(one.people for one in heard)
    first = min(one.first for one in heard)
    before = incident.first_report_at
    if people <= incident.reporters and before is not None and before <= first:
        return incident
    return replace(
        incident,
        reporters=max(people, incident.reporters),
        first_report_at=min(first, before) if before else first,
    )
