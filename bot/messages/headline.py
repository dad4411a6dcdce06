"""The answer in a word, and in a sentence."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from bot.catalog.catalog import Catalog
from bot.catalog.names import spoken, spoken_list
from bot.domain.message import Line, Text, Time
from bot.domain.page import Severity
from bot.messages.durations import duration
from bot.messages.provider_answer import ProviderAnswer

_MANY = 3  # more than these are not listed by name


def headline(shown: Sequence[ProviderAnswer], catalog: Catalog) -> tuple[str, tuple[Line, ...]]:
    """A word of answer, and the sentence that says it in full."""
    known = {s: how for one in shown for s, how in one.known.items()}
    suspected = {v.surface for one in shown for v in one.verdicts if v.suspected}
    if not shown or all(one.present.checked_at is None for one in shown):
        sentence = "I have not been able to read the status page so far."
        return "I don't know yet", ((Text(sentence),),)
    if not suspected and all(how is Severity.UNKNOWN for how in known.values()):
        return "I don't know", ((Text("The status page says nothing about that."),),)
    if blind := [one for one in shown if not one.sees]:
        state = _state_sentence(known, catalog, past=True)
        return "I can't see the status page", (_blind_line(blind[0]), (Text(state),))
    sure = {s: how for s, how in known.items() if s not in suspected}
    word = _answer_word(sure, guessing=bool(suspected))
    return word, ((Text(_sentence(shown, sure, suspected, catalog)),),)


def _blind_line(one: ProviderAnswer) -> Line:
    """Since when the page is out of sight, and how old all the rest is."""
    checked = one.present.checked_at
    ago = duration(one.now - checked) if checked else "some time"
    since = one.present.failing_since or checked
    out: Line = (Text("Out of sight since "), Time(since, "clock"), Text("; ")) if since else ()
    return (*out, Text(f"what I last knew, {ago} ago:"))


def _answer_word(known: Mapping[str, Severity], *, guessing: bool) -> str:
    """`known` without what is only suspected (`guessing`: something is)."""
    bad = [how for how in known.values() if how.rank > Severity.UP.rank]
    if not bad:
        return "Perhaps" if guessing else "No"
    if all(how is Severity.MAINTENANCE for how in bad):
        return "Maintenance"
    if not any(how.is_down for how in bad):
        return "Partly"
    whole = len(bad) == len(known) and all(how.is_down for how in bad)
    return "Yes" if whole else "Yes, partly"


def _sentence(
    shown: Sequence[ProviderAnswer],
    known: Mapping[str, Severity],
    suspected: Collection[str],
    catalog: Catalog,
) -> str:
    if suspected:
        labels = spoken_list([spoken(catalog, s) for s in catalog.order(suspected)])
        doubt = _begin(f"{labels} may have trouble that the status page does not show (yet).")
        return f"{doubt} {_state_sentence(known, catalog, past=False)}" if known else doubt
    sentence = _state_sentence(known, catalog, past=False)
    still = [i for one in shown for i in one.incidents() if not i.maintenance]
    if still and all(how is Severity.UP for how in known.values()):
        plural = "an incident is" if len(still) == 1 else f"{len(still)} incidents are"
        sentence = f"{sentence.rstrip('.')}, though {plural} still open."
    return sentence


def _state_sentence(known: Mapping[str, Severity], catalog: Catalog, *, past: bool) -> str:
    """Say it in full: "Claude Code and claude.ai are down; the API and the Console work"."""
    parts = []
    for word, severities in (
        ("down", {Severity.PARTIAL, Severity.MAJOR}),
        ("degraded", {Severity.DEGRADED}),
        ("in maintenance", {Severity.MAINTENANCE}),
    ):
        labels = [spoken(catalog, s) for s in known if known[s] in severities]
        if labels:
            parts.append(f"{spoken_list(labels)} {_be(labels, past=past)} {word}")
    works = [spoken(catalog, s) for s in known if known[s] is Severity.UP]
    if not parts and len(known) > _MANY:
        return "Everything was up." if past else "Everything is up."
    if not parts:
        parts.append(f"{spoken_list(works)} {_be(works, past=past)} up")
    elif works:
        parts.append(_working(works, past=past))
    return _begin("; ".join(parts)) + "."


def _begin(sentence: str) -> str:
    """A capital in front, but not on a name that has none (claude.ai)."""
    return sentence[0].upper() + sentence[1:] if sentence.startswith("the ") else sentence


def _be(labels: Sequence[str], *, past: bool) -> str:
    if past:
        return "was" if _is_one(labels) else "were"
    return "is" if _is_one(labels) else "are"


def _is_one(labels: Sequence[str]) -> bool:
    """Some labels are plural themselves."""
    return len(labels) == 1 and not labels[0].endswith("apps")


def _working(labels: Sequence[str], *, past: bool) -> str:
    if len(labels) > _MANY:
        return "the rest worked" if past else "the rest works"
    one = _is_one(labels)
    return f"{spoken_list(labels)} {'worked' if past else 'works' if one else 'work'}"
