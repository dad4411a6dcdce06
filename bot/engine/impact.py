"""Severities of an incident: in all, for each surface, over time; and what of these changed.

From component states where any was ever down; from the page's computed `impact` only where none
was. A surface that only words name follows the whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from bot.catalog.providers import Provider
from bot.domain.incident import EventKind, Impact, Incident, Origin, SurfaceChange
from bot.domain.page import Severity, worst
from bot.domain.state import ComponentLink
from bot.engine.poll import Point, Poll
from bot.engine.stages import Conclusion


def weight(incident: Incident, links: Mapping[str, ComponentLink], impact: Severity) -> Severity:
    """Return its severity by its components or its impact, whether it has ended or not."""
    if incident.maintenance:
        return Severity.MAINTENANCE
    if _by_components(incident, links):
        return worst(link.severity for link in links.values())
    # An unknown word is an incident all the same.
    return Severity.DEGRADED if impact is Severity.UNKNOWN else impact


def overall(one: Conclusion) -> Severity:
    """Return its severity now; what has ended is up, unless components of it are still down."""
    if one.ending.is_over and not one.owned.follows:
        return Severity.UP
    return _weight_now(one)


def peak(one: Conclusion) -> Severity:
    """Return its worst severity in this poll, counting what was over before we saw it."""
    links = one.owned.links
    seen = [severity for _, severity in one.seen.points]
    if one.seen.is_new and not seen:
        seen = [_weight_now(one)]
    if _by_components(one.seen.incident, links):
        seen += [link.worst for link in links.values()]
    return worst((overall(one), *seen))


def surfaces(poll: Poll, one: Conclusion) -> dict[str, Impact]:
    """Every surface that it ever touched, in the catalog's order, with what each suffers now.

    A surface that it names in words, or by a component without a state, suffers what the incident
    does, unless it has a row on the page: the row decides, and makes it the incident's once it is
    down (see `attribution`). How bad the incident was at worst counts for the surface all the same.
    """
    before, links = one.seen.incident, one.owned.links
    now, high = overall(one), peak(one)
    by_components = _by_components(before, links)
    follows = before.maintenance or not one.seen.track.linkable
    rows = frozenset[str]() if follows else poll.with_row
    # The words of an incident that has ended say that it has ended.
    said = Severity.UP if one.ending.is_over else now
    touched: dict[str, list[tuple[Severity, Severity]]] = {}
    for component, link in links.items():
        surface = poll.surface_of(component)
        # Named as operational beside others that are down: not touched.
        if surface is None or (by_components and link.worst is Severity.UP):
            continue
        named = (Severity.UP if surface in rows else now, high)
        pair = (link.severity, link.worst) if by_components else named
        touched.setdefault(surface, []).append(pair)
    found = {
        surface: Impact(worst(now for now, _ in pairs), worst(high for _, high in pairs))
        for surface, pairs in touched.items()
    }
    well = one.seen.well_again(poll.provider)
    for surface in one.seen.track.words:
        shown = Severity.UP if surface in rows or surface in well else said
        found.setdefault(surface, Impact(shown, high, from_text=True))
    # What was touched before stays, with how bad it ever was.
    for surface, old in before.surfaces.items():
        shown = said if old.from_text and surface not in rows else Severity.UP
        left = Impact(shown, old.worst, old.from_text)
        new = found.get(surface, left)
        found[surface] = replace(new, worst=worst((new.worst, old.worst)))
    return {surface: found[surface] for surface in sorted(found, key=poll.provider.order)}


def carried(provider: Provider, touched: Mapping[str, Impact]) -> dict[str, Impact]:
    """Surfaces without a row that nothing names, each as bad as the worst that it rests on.

    An incident that names models is of these alone: of the API's other models it says nothing.
    """
    models = any(surface.model for surface in provider.surfaces if surface.id in touched)
    found: dict[str, Impact] = {}
    for surface in provider.surfaces:
        if surface.id in touched or not surface.by_words or (surface.model and models):
            continue
        if carriers := [touched[other] for other in surface.rests_on if other in touched]:
            now, high = (worst(c.now for c in carriers), worst(c.worst for c in carriers))
            found[surface.id] = Impact(now, high, from_text=True)
    return found


def changes_of(
    poll: Poll, one: Conclusion, impacts: Mapping[str, Impact]
) -> tuple[SurfaceChange, ...]:
    """Return the changes of each surface.

    "Released": it is no longer this incident's and did not get better, because another has it or
    because its row still shows it down.
    """
    released = {poll.surface_of(component) for component in one.owned.released}
    if one.ending.is_over and not one.owned.follows:
        released |= poll.impaired
    before, nothing = one.seen.incident.surfaces, Impact(Severity.UP, Severity.UP)
    return tuple(
        SurfaceChange(surface, old, impact.now, surface in released and impact.now is Severity.UP)
        for surface, impact in impacts.items()
        if (old := before.get(surface, nothing).now) is not impact.now
    )


def move_of(
    one: Conclusion, changes: tuple[SurfaceChange, ...], impacts: Mapping[str, Impact]
) -> EventKind | None:
    """Did it get worse or better? A surface known from words alone follows, it does not lead.

    Nor does one whose row shows by now what the words had said of it.
    """
    before = one.seen.incident
    if one.seen.is_new and one.ending.is_over:
        return None
    steps = [(before.severity, overall(one))]
    for change in changes:
        old = before.surfaces.get(change.surface)
        said = old is not None and old.from_text and change.after.rank <= old.worst.rank
        if not (impacts[change.surface].from_text or said):
            steps.append((change.before, change.after))
    if any(after.rank > before.rank for before, after in steps):
        return EventKind.WORSE
    if any(after.rank < before.rank for before, after in steps):
        return EventKind.BETTER
    return None


def timeline(one: Conclusion, ended_at: datetime | None, now: datetime) -> tuple[Point, ...]:
    """The incident's severity over time, continued by what this poll shows.

    Times never go back (updates may be backdated), and equal neighbours are one. Nothing is
    written at the end itself: the last severity holds until then.
    """
    before, said = one.seen.incident, one.seen.points
    points = list(before.timeline)
    if not points:
        points.append((before.started_at, said[0][1] if said else _weight_now(one)))
    new = list(said)
    if one.reopened and before.ended_at is not None:
        new.insert(0, (before.ended_at, Severity.UP))
    runs = not one.ending.is_over or (one.owned.follows and overall(one).is_impaired)
    if runs:
        last = said[-1][0] if said else None
        new.append((one.owned.moved_at or last or now, overall(one)))
    for at, severity in new:
        if severity is not points[-1][1]:
            points.append((max(at, points[-1][0]), severity))
    if ended_at is not None and not runs:
        while len(points) > 1 and points[-1][0] >= ended_at and points[-1][1] is Severity.UP:
            points.pop()
    return tuple(points)


def surface_timelines(poll: Poll, one: Conclusion) -> dict[str, tuple[Point, ...]]:
    """Each surface's severity over time by its components, continued by what this poll shows.

    As `timeline`; a surface is up before its first point.
    """
    found = {surface: [*points] for surface, points in one.seen.incident.surface_timelines.items()}
    last = one.seen.steps[-1][0] if one.seen.steps else None
    runs = not one.ending.is_over or one.owned.follows
    now = (one.owned.moved_at or last or poll.now, one.owned.links)
    for at, links in (*one.seen.steps, *([now] if runs else [])):
        severities: dict[str, list[Severity]] = {}
        for component, link in links.items():
            if surface := poll.surface_of(component):
                severities.setdefault(surface, []).append(link.severity)
        for surface, several in severities.items():
            points = found.setdefault(surface, [])
            severity = worst(several)
            if severity is not (points[-1][1] if points else Severity.UP):
                points.append((max(at, points[-1][0]) if points else at, severity))
    return {surface: tuple(points) for surface, points in found.items() if points}


def _by_components(incident: Incident, links: Mapping[str, ComponentLink]) -> bool:
    """Do component states say how bad it is? Of a derived one always, else if any was down."""
    return incident.origin is Origin.OURS or any(link.worst.is_impaired for link in links.values())


def _weight_now(one: Conclusion) -> Severity:
    return weight(one.seen.incident, one.owned.links, one.seen.track.impact)
