"""What the pages' words for the phase of an incident mean."""

from __future__ import annotations

from datetime import datetime

from bot.domain.page import PageIncident

ENDED = frozenset({"resolved", "postmortem", "completed", "closed", "cancelled", "canceled"})
OPEN = frozenset(
    {"investigating", "identified", "monitoring", "scheduled", "in_progress", "verifying", "update"}
)


def has_ended(report: PageIncident) -> bool:
    """Is it over? A phase we do not know is over if the page dates its end."""
    if report.phase in ENDED:
        return True
    return report.phase not in OPEN and report.resolved_at is not None


def end_of(report: PageIncident) -> datetime:
    """When it ended: as the page says, else with its last word."""
    last = report.updates[-1].at if report.updates else report.created_at
    return report.resolved_at or last


def posted_at(report: PageIncident) -> datetime:
    """When it was really put on the page: backdated ones are dated earlier."""
    return min((update.posted_at for update in report.updates), default=report.created_at)
