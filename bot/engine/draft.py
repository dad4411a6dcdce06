"""An incident while one look is taken in: what was known of it, and what this look adds.

Mutable, and lives only inside one `step`. It gathers first (`reading`, `blame`) and is told at
the end (`telling`), so that one event becomes one piece of news however many signs it has.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.incident import Impact, Incident, IncidentEvent, Origin
from bot.domain.page import PageIncident, PageUpdate, Severity, worst
from bot.domain.state import Link, Track
from bot.engine.components import is_down


@dataclass(slots=True)
class Draft:
    """`incident` is as it was before this look (without news: it is new)."""

    incident: Incident
    track: Track = field(default_factory=Track)  # as before this look
    links: dict[str, Link] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)  # surfaces that its texts name
    report: PageIncident | None = None  # as this look shows it
    updates: list[PageUpdate] = field(default_factory=list)  # new ones, oldest first
    corrected: list[PageUpdate] = field(default_factory=list)
    points: list[tuple[datetime, Severity]] = field(default_factory=list)
    fresh: list[IncidentEvent] = field(default_factory=list)
    ended: bool = False  # as of this look
    reopened: bool = False
    adopted: bool = False  # ours until now: the provider posted its own for it
    cleared: set[str] = field(default_factory=set)  # components its end sets to operational
    note: str = ""
    let_go: set[str] = field(default_factory=set)  # components no longer its own, yet not better
    let_go_as: str = ""  # the phase that says why
    end_at: datetime | None = None  # when it ended, where this look tells
    moved_at: datetime | None = None  # when component states last moved without a word
    gone: bool = False  # the provider deleted it
    waiting: bool = False  # it left the summary, and only the history list can say why
    # As in `Track`, as of this look.
    followed: bool = False
    impact: Severity = Severity.UP
    linkable: bool = True
    title: str = ""
    page_end: datetime | None = None
    missing_since: datetime | None = None

    @classmethod
    def of(cls, incident: Incident, track: Track) -> Draft:
        return cls(
            incident=incident,
            track=track,
            links=dict(track.links),
            texts=dict(track.texts),
            words=list(track.models),
            ended=not incident.is_open,
            followed=track.followed,
            impact=track.impact,
            linkable=track.linkable,
            title=track.title,
            page_end=track.page_end,
        )

    @property
    def is_new(self) -> bool:
        return not self.incident.events

    @property
    def at_rest(self) -> bool:
        """Over, and this look adds nothing: most drafts are, and cost nothing then."""
        return (
            self.ended
            and not (self.incident.is_open or self.is_new)
            and not (self.track.followed or self.followed or self.gone or self.adopted)
            and not (self.updates or self.corrected or self.fresh)
            and (self.report is None or self.report.title == self.title)
        )

    @property
    def ours(self) -> bool:
        """Made by us, and not (yet) continued by an incident of the provider."""
        return self.incident.origin is Origin.OURS

    @property
    def blames(self) -> bool:
        """Can a component be down because of it? Of an ended one, or maintenance, it cannot."""
        return not self.ended and not self.incident.maintenance

    @property
    def last_word_at(self) -> datetime:
        """When the provider last spoke in it, else when it began."""
        moments = [event.at for event in self.incident.events] + [u.at for u in self.updates]
        return max([*moments, self.incident.started_at])

    @property
    def named(self) -> set[str]:
        return {*self.links, *(self.report.components if self.report else ())}

    def ids(self) -> tuple[str, ...]:
        return (self.incident.id, *self.incident.aliases)

    def link(self, component: str, severity: Severity, at: datetime) -> None:
        """Say that this incident has `component` at `severity` from `at` on."""
        old = self.links.get(component)
        if severity is Severity.UNKNOWN:
            severity = old.severity if old else Severity.UP
        self.links[component] = Link(
            severity=severity,
            worst=worst((severity, old.worst)) if old else severity,
            named_at=max(at, old.named_at) if old else at,
        )

    def ease(self, component: str, severity: Severity) -> None:
        """The component is better than this incident last had it."""
        self.links[component] = replace(self.links[component], severity=severity)

    def release(self, component: str, why: str = "") -> None:
        """The component is no longer this incident's: it did not get better.

        `why` is the phase that says so, where the provider says no other.
        """
        self.ease(component, Severity.UP)
        self.let_go.add(component)
        self.let_go_as = why or self.let_go_as

    @property
    def ever_down(self) -> bool:
        return any(is_down(link.worst) for link in self.links.values())

    def overall(self) -> Severity:
        """How bad it is now."""
        return Severity.UP if self.ended and not self.followed else self.weight()

    def weight(self) -> Severity:
        """From component states; from the page's `impact` only where none was ever down."""
        if self.incident.maintenance:
            return Severity.MAINTENANCE
        if self.ever_down or self.ours:
            return worst(link.severity for link in self.links.values())
        # An unknown word is an incident all the same.
        return Severity.DEGRADED if self.impact is Severity.UNKNOWN else self.impact

    def mark(self, at: datetime) -> None:
        """Note the severity as of `at` for the timeline."""
        self.points.append((at, self.weight()))

    def moved(self, at: datetime) -> None:
        self.moved_at = max(at, self.moved_at) if self.moved_at else at

    def peak(self) -> Severity:
        """How bad it was at worst in this look, counting what was over before we saw it."""
        seen = [severity for _, severity in self.points]
        if self.is_new and not seen:
            seen = [self.weight()]
        if self.ever_down or self.ours:
            seen += [link.worst for link in self.links.values()]
        return worst((self.overall(), *seen))

    def tracked(self) -> Track:
        """What to remember of it for the next look."""
        if self.at_rest:
            return self.track
        return Track(
            texts=self.texts,
            links=self.links,
            impact=self.impact,
            models=tuple(self.words),
            followed=self.followed,
            linkable=self.linkable,
            page_end=self.page_end,
            title=self.title,
            missing_since=self.missing_since,
        )

    def impacts(self, surface_of: Callable[[str], str | None]) -> dict[str, Impact]:
        """Every surface ever touched, with what it suffers now (`surface_of` a component)."""
        overall, peak = self.overall(), self.peak()
        touched: dict[str, list[tuple[Severity, Severity]]] = {}
        for component, link in self.links.items():
            surface = surface_of(component)
            if surface is None:
                continue
            if self.ever_down or self.ours:
                # Named as operational beside others that are down: not touched.
                if link.worst is not Severity.UP:
                    touched.setdefault(surface, []).append((link.severity, link.worst))
            else:
                touched.setdefault(surface, []).append((overall, peak))
        impacts = {
            surface: Impact(worst(now for now, _ in pairs), worst(high for _, high in pairs))
            for surface, pairs in touched.items()
        }
        # The words of an incident that has ended say that it has ended.
        said = Severity.UP if self.ended else overall
        for surface in self.words:
            impacts.setdefault(surface, Impact(said, peak, from_text=True))
        return _remembered(self.incident, impacts, said)


def _remembered(
    incident: Incident, impacts: dict[str, Impact], said: Severity
) -> dict[str, Impact]:
    """Keep what was touched before, and how bad it ever was."""
    merged = {}
    for surface, old in incident.surfaces.items():
        gone = Impact(said if old.from_text else Severity.UP, old.worst, old.from_text)
        new = impacts.pop(surface, gone)
        merged[surface] = replace(new, worst=worst((new.worst, old.worst)))
    return {**merged, **impacts}
