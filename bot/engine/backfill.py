"""Past incidents: what the page's own list tells of those that ended before the first poll.

They serve to answer "how long?" from the first day on: only their titles, lengths and what they
touched are kept, and no event is emitted of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    """Return the incidents of the page's list that are over, with all that they ever touched."""
    names = {component.id: component.name for component in snapshot.components}
    return [
        _past(page, provider, names)
        for page in snapshot.recent or ()
        if page.resolved_at is not None and not page.maintenance
    ]


def _past(page: PageIncident, provider: Provider, names: Mapping[str, str]) -> Incident:
    touched: dict[str, list[Severity]] = {component: [] for component in page.components}
    for update in page.updates:
        for change in update.changes:
            touched.setdefault(change.component, []).extend((change.before, change.after))
    found: dict[str, list[Severity]] = {}
    for component, severities in touched.items():
        if surface := provider.surface_of(component, names.get(component, "")):
            found.setdefault(surface, []).extend(severities)
    words = "\n".join((page.title, *(update.text for update in page.updates)))
    for surface in provider.named_in(words, components_too=not touched):
        found.setdefault(surface, [])
    # The page's impact serves where no component was ever down.
    highest = worst(severity for severities in found.values() for severity in severities)
    highest = page.impact if highest.rank <= Severity.UP.rank else highest
    return Incident(
        provider=provider.id,
        id=page.id,
        title=page.title,
        phase=page.phase,
        origin=Origin.PROVIDER,
        started_at=page.started_at,
        severity=Severity.UP,
        worst=highest,
        ended_at=page.resolved_at,
        ending=Ending.RESOLVED,
        surfaces={
            surface: Impact(Severity.UP, worst(severities, default=highest))
            for surface, severities in found.items()
        },
        quiet=True,
    )
