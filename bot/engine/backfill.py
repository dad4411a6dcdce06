"""What the page's own list tells of incidents that ended before we watched.

Nobody is told of them. They answer "how long?" from the first day on, and `history` lists them,
marked as what they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from bot.catalog.catalog import Provider
from bot.domain.incident import Ending, Impact, Incident, Origin
from bot.domain.page import PageIncident, Severity, Snapshot, worst


class BackfillStore(Protocol):
    async def put(self, provider: str, incidents: Sequence[Incident]) -> None:
        """Keep them by id; what is known already is written anew.

        Raises:
            StoreError: Redis did not answer.
        """
        ...

    async def get(self, provider: str) -> list[Incident]: ...


def ended_in(snapshot: Snapshot, provider: Provider) -> list[Incident]:
    """Incidents of the page's list that are over, with all that they ever touched."""
    names = {component.id: component.name for component in snapshot.components}
    return [
        _incident(report, provider, names)
        for report in snapshot.recent or ()
        if report.resolved_at is not None and not report.maintenance
    ]


def _incident(report: PageIncident, provider: Provider, names: dict[str, str]) -> Incident:
    touched: dict[str, list[Severity]] = {component: [] for component in report.components}
    for update in report.updates:
        for change in update.changes:
            touched.setdefault(change.component, []).extend((change.before, change.after))
    found: dict[str, list[Severity]] = {}
    for component, severities in touched.items():
        if surface := provider.surface_of(component, names.get(component, "")):
            found.setdefault(surface, []).extend(severities)
    told = "\n".join((report.title, *(update.text for update in report.updates)))
    for surface in provider.named_in(told, components_too=not touched):
        found.setdefault(surface, [])
    highest = worst(_all(found.values()), default=report.impact)
    if highest.rank <= Severity.UP.rank:
        highest = report.impact
    return Incident(
        provider=provider.id,
        id=report.id,
        title=report.title,
        url=report.url,
        phase=report.phase,
        origin=Origin.PROVIDER,
        started_at=report.started_at,
        severity=Severity.UP,
        worst=highest,
        ended_at=report.resolved_at,
        ending=Ending.RESOLVED,
        surfaces={
            surface: Impact(Severity.UP, worst(severities, default=highest))
            for surface, severities in found.items()
        },
        quiet=True,
    )


def _all(groups: Iterable[list[Severity]]) -> list[Severity]:
    return [severity for group in groups for severity in group]
