"""What sources elsewhere said of surfaces, whichever they are, as evidence."""

from __future__ import annotations

from collections.abc import Iterable

from bot.domain.evidence import Evidence
from bot.domain.page import Severity
from bot.evidence.crowd import CrowdCount
from bot.evidence.routes import ModelUptime

# What one place elsewhere said. It knows its window, what it weighs (0: as usual) and its words.
Reading = CrowdCount | ModelUptime


def evidence(readings: Iterable[Reading], source: str) -> list[Evidence]:
    """Return what one source says against surfaces; nothing where it is as usual."""
    return [
        Evidence(
            source=one.source,
            surface=one.surface,
            severity=Severity.DEGRADED,
            at=one.at,
            since=one.at - one.window,
            says=one.words,
            weight=one.weight,
        )
        for one in readings
        if one.source == source and one.weight > 0
    ]
