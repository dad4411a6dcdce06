"""An incident's report for programs: the class that `/v1/incidents/{id}/report` answers with."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from bot.domain.incident import Incident, SeenBy
from bot.domain.page import Severity
from bot.history.story import story_of
from bot.history.uptime import RULE
from bot.status.document import incident_history
from bot.status.schema import IncidentHistoryDocument, Part, Seconds, Stamp


class ReportDocument(Part):
    """One incident in figures, with everything that happened to it."""

    schema_: Literal[1] = Field(default=1, alias="schema")
    at: Stamp
    seen_by: SeenBy = Field(description="us: as it happened; page: told by its list afterwards.")
    rule: str
    lengths: dict[Severity, Seconds] = Field(description="How long it was how bad, as a whole.")
    by_surface: dict[str, dict[Severity, Seconds]] = Field(
        description="Of surfaces whose row moved; what only words name has none."
    )
    first_report_at: Stamp | None = Field(description="Somebody here said that it fails.")
    reporters: int = Field(description="The most people at one time.")
    suspected_at: Stamp | None = Field(description="Our own evidence sufficed.")
    first_update_at: Stamp | None = Field(description="The provider's, by its own time.")
    ended_at: Stamp | None
    reaction: Seconds | None = Field(description="From the first report to the first update.")
    ahead: Seconds | None = Field(description="Our evidence before their word; negative: after.")
    postmortem_at: Stamp | None = Field(description="The provider's, at the incident's address.")
    incident: IncidentHistoryDocument
    markdown: str = Field(description="The same for people.")


def report_document(incident: Incident, now: datetime, markdown: str) -> ReportDocument:
    story = story_of(incident, now)
    return ReportDocument(
        at=now,
        seen_by=incident.seen_by,
        rule=RULE,
        lengths=dict(story.lengths),
        by_surface={surface: dict(lengths) for surface, lengths in story.by_surface.items()},
        first_report_at=story.first_report_at,
        reporters=story.reporters,
        suspected_at=story.suspected_at,
        first_update_at=story.first_update_at,
        ended_at=story.ended_at,
        reaction=story.reaction,
        ahead=story.ahead,
        postmortem_at=story.postmortem_at,
        incident=incident_history(incident),
        markdown=markdown,
    )
