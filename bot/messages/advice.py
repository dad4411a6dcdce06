"""Advice in words: what a person can do, when to retry, and how long it may take."""

from __future__ import annotations

from collections.abc import Sequence

from bot.catalog.catalog import Catalog
from bot.catalog.names import spoken, spoken_list
from bot.domain.incident import Incident
from bot.domain.message import Line, Text, Time
from bot.evidence.sources import source_words
from bot.messages.durations import duration
from bot.status.advice import Do, advice_on
from bot.status.duration import ExpectedDuration
from bot.status.switch import SwitchTarget
from bot.status.view import StatusView

_MAX = 3  # parts of one advice
_MAX_TARGETS = 3  # the best of what works
_WHEN = {
    Do.NOW: "retry now",
    Do.BACK_OFF: "retry in {wait} or a little later, not all at the same moment",
    Do.STOP: "stop retrying, and look again in {wait}",
    Do.SWITCH: "look again in {wait}",
}


def advice_line(view: StatusView, surface: str) -> str:
    """One sentence on what a person can do about a surface; empty where nothing is wrong.

    What helps first: what else works, another model, when to retry, and what the incident's own
    words suggest.
    """
    verdict = view.verdict(surface)
    if verdict is None or not verdict.in_trouble:
        return ""
    advised = advice_on(verdict, view, draw=0.0)
    about = view.about(verdict.carried_by or surface)
    parts = []
    if targets := advised.targets[:_MAX_TARGETS]:
        names = [
            f"{spoken(view.catalog, target.surface)}"
            f" ({source_words(target.source)}, {duration(view.at - target.at)} ago)"
            for target in targets
        ]
        works = "works" if len(targets) == 1 else "work"
        parts.append(f"use {spoken_list(names, 'or')}, which {works}")
    elif any(_other_models_may_work(incident, view.catalog) for incident in about):
        parts.append(OTHER_MODEL)
    parts.append(_WHEN[advised.do].format(wait=duration(advised.wait)))
    parts += [tip for incident in about for tip in tips_for(incident, view.catalog)]
    return _sentence(parts)


def opening_advice(incident: Incident, catalog: Catalog) -> str:
    """The same of an incident alone: what goes to thousands of channels knows no other evidence."""
    parts = [OTHER_MODEL] if _other_models_may_work(incident, catalog) else []
    parts += tips_for(incident, catalog)
    provider = catalog.provider(incident.provider)
    texts = [incident.title, *(event.text for event in incident.events)]
    works = [s for text in texts for s in provider.unaffected_in(text)]
    works = [s for s in catalog.order(works) if s not in incident.surfaces]
    said = _sentence(parts)
    if works:
        names = spoken_list([spoken(catalog, s) for s in works])
        said = f"Not affected, says the provider: {names}. {said}".strip()
    return said


OTHER_MODEL = "another model may work"


def switch_line(targets: Sequence[SwitchTarget], catalog: Catalog) -> Line:
    """Name what can be used instead, with who saw it work and when; it stays true."""
    line: list[Text | Time] = []
    for target in targets[:_MAX_TARGETS]:
        line += [
            Text(", " if line else "You can use instead: "),
            Text(catalog.label(target.surface), bold=True),
            Text(f" ({source_words(target.source)}, up at "),
            Time(target.at, "clock"),
            Text(")"),
        ]
    return (*line, Text(".")) if line else ()


def _other_models_may_work(incident: Incident, catalog: Catalog) -> bool:
    """Tell whether it is about models, and not about all of them."""
    models = {s.id for s in catalog.provider(incident.provider).surfaces if s.model}
    bad = {surface for surface, impact in incident.surfaces.items() if impact.now.is_impaired}
    return not models.isdisjoint(incident.surfaces) and not models <= bad


def tips_for(incident: Incident, catalog: Catalog) -> list[str]:
    """Return the catalogue's advice for what an incident's words speak of (logins, say)."""
    texts = "\n".join((incident.title, *(event.text for event in incident.events)))
    return [
        tip.say
        for tip in catalog.provider(incident.provider).tips
        if tip.surfaces & incident.surfaces.keys() and tip.fits(texts)
    ]


def _sentence(parts: Sequence[str]) -> str:
    several = list(dict.fromkeys(parts))[:_MAX]
    return f"What you can do: {'; '.join(several)}." if several else ""


def how_long_words(said: ExpectedDuration) -> str:
    """Say how many were over in which time, reckoned from their beginning."""
    kind = "as bad as this" if said.same_severity else "there, of any severity"
    # Of ten or fewer, nine in ten would be all or nearly all of them.
    if said.n > 10:
        most = f"nine in ten in {duration(said.nine_in_ten)}"
    else:
        most = f"all of them in {duration(said.longest)}"
    return (
        f"Of {said.n} incidents {kind}, half were over within {duration(said.half)} of their "
        f"beginning, {most}."
    )
