"""The answer in a word, and in a sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum

from bot.catalog.catalog import Catalog
from bot.catalog.names import begin, spoken, spoken_list
from bot.domain.evidence import Verdict
from bot.domain.message import Line, Text
from bot.domain.page import Severity
from bot.messages.provider_answer import ProviderAnswer
from bot.messages.text import in_words
from bot.status.verdict import state_clause


class Question(StrEnum):
    """The sense of a question: is it down, does it work, or neither (why, when, how long)."""

    DOWN = "down"
    UP = "up"
    OPEN = "open"


# The first word of an answer, by how things are and by what was asked.
_WORDS = {
    "up": ("No", "Yes", "It is up"),
    "perhaps": ("Perhaps", "Perhaps not", "There may be trouble"),
    "maintenance": ("Maintenance", "Maintenance", "Maintenance"),
    "degraded": ("Partly", "Partly", "It is degraded"),
    "partly": ("Yes, partly", "Only partly", "It is partly down"),
    "down": ("Yes", "No", "It is down"),
}
_MANY = 3  # more than these are not listed by name
_BAD_WORDS = {
    Severity.MAJOR: "down",
    Severity.PARTIAL: "partly down",
    Severity.DEGRADED: "degraded",
    Severity.MAINTENANCE: "in maintenance",
}


def headline(
    shown: Sequence[ProviderAnswer], catalog: Catalog, question: Question = Question.DOWN
) -> tuple[str, tuple[Line, ...]]:
    """A word of answer, and the sentences that say it in full.

    A page that cannot be seen is part of the first line: what is not known is not up.
    """
    if not shown or all(one.present.checked_at is None for one in shown):
        sentence = "I have not been able to read the status page so far."
        return "I don't know yet", ((Text(sentence),),)
    seen = [one for one in shown if one.sees]
    blind = [one for one in shown if not one.sees]
    verdicts = [verdict for one in seen or shown for verdict in one.verdicts]
    known = {v.surface: v.last_known for v in verdicts}
    suspected = {v.surface for v in verdicts if v.suspected}
    if not suspected and all(how is Severity.UNKNOWN for how in known.values()):
        return "I don't know", ((Text("The status page says nothing about that."),),)
    if not seen:
        stated = {surface: how for one in blind for surface, how in one.stated.items()}
        state = _state_sentence(stated or known, catalog, past=True)
        return "I can't see the status page", (blind[0].blind_line(), (Text(state),))
    sure = {s: how for s, how in known.items() if s not in suspected}
    state = _state(sure, guessing=bool(suspected))
    word = _WORDS[state][list(Question).index(question)]
    lines: list[Line] = [(Text(_sentence(seen, verdicts, catalog, all_seen=not blind)),)]
    if blind:
        names = [f"{catalog.provider(one.present.provider).label}'s" for one in blind]
        word += f", but I can't see {spoken_list(names)} page{'' if len(blind) == 1 else 's'}"
        lines += [one.out_of_sight_line() for one in blind]
    return word, tuple(lines)


def verdict_sentence(shown: Sequence[ProviderAnswer], catalog: Catalog) -> str:
    """Return the verdict as a title of its own, of what is seen: "claude.ai is down"; no age."""
    if seen := [one for one in shown if one.sees]:
        _, (sentence, *_) = headline(seen, catalog)
        return in_words(sentence).rstrip(".")
    if all(one.present.checked_at is None for one in shown):
        return "I have not been able to read the status page so far"
    return "I can't see the status page"


def _state(known: Mapping[str, Severity], *, guessing: bool) -> str:
    """Return the row of `_WORDS` that fits how things are.

    `known` is without what is only suspected (`guessing`: something is).
    """
    bad = [how for how in known.values() if how.rank > Severity.UP.rank]
    if not bad:
        return "perhaps" if guessing else "up"
    if all(how is Severity.MAINTENANCE for how in bad):
        return "maintenance"
    if not any(how.is_down for how in bad):
        return "degraded"
    whole = len(bad) == len(known) and all(how is Severity.MAJOR for how in bad)
    return "down" if whole else "partly"


def _sentence(
    seen: Sequence[ProviderAnswer],
    verdicts: Sequence[Verdict],
    catalog: Catalog,
    *,
    all_seen: bool,
) -> str:
    """Say what is suspected, what is known, and what is only as good as what carries it."""
    suspected = {v.surface for v in verdicts if v.suspected and not v.carried_by}
    known = {s: how for one in seen for s, how in one.stated.items() if s not in suspected}
    sentences = []
    if suspected:
        labels = spoken_list([spoken(catalog, s) for s in catalog.order(suspected)])
        doubt = f"{labels} may have trouble that the status page does not show (yet)."
        sentences.append(begin(doubt))
    if known:
        state = _state_sentence(known, catalog, past=False, all_seen=all_seen, rest=bool(suspected))
        still = [i for one in seen for i in one.incidents() if not i.maintenance]
        if not suspected and still and all(how is Severity.UP for how in known.values()):
            word = "a notice is" if still[0].notice else "an incident is"
            plural = word if len(still) == 1 else f"{len(still)} incidents are"
            state = f"{state.rstrip('.')}, though {plural} still open."
        sentences.append(state)
    if (not known and not suspected) or any(one.asked for one in seen):
        sentences += _carried_sentences(verdicts, catalog)
    return " ".join(sentences)


def _carried_sentences(verdicts: Sequence[Verdict], catalog: Catalog) -> Iterator[str]:
    """Name what nothing speaks of, each with what carries it."""
    carried: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.carried_by:
            carried.setdefault(verdict.carried_by, []).append(verdict)
    for carrier, several in carried.items():
        labels = [spoken(catalog, v.surface) for v in several]
        runs = "it runs" if _is_one(labels) else "they run"
        clause = state_clause(several[0])
        yield (
            f"The page does not list {spoken_list(labels)}; {spoken(catalog, carrier)}, "
            f"which {runs} on, {clause}."
        )


def _state_sentence(
    known: Mapping[str, Severity],
    catalog: Catalog,
    *,
    past: bool,
    all_seen: bool = True,
    rest: bool = False,
) -> str:
    """Say it in full: "claude.ai is down; Claude Code is partly down; the API works".

    `rest`: of others something was said before.
    """
    parts = []
    for severity, word in _BAD_WORDS.items():
        labels = [spoken(catalog, s) for s in known if known[s] is severity]
        if labels:
            parts.append(f"{spoken_list(labels)} {_be(labels, past=past)} {word}")
    works = [spoken(catalog, s) for s in known if known[s] is Severity.UP]
    unknown = [spoken(catalog, s) for s in known if known[s] is Severity.UNKNOWN]
    if not parts and len(works) > _MANY:
        what = "Everything else" if rest else "Everything"
        what = what if all_seen and not unknown else f"{what} that I can see"
        parts.append(f"{what} {'was' if past else 'is'} up")
    elif not parts:
        parts.append(f"{spoken_list(works)} {_be(works, past=past)} up")
    elif len(works) > _MANY:
        parts.append("the rest worked" if past else "the rest works")
    elif works:
        verb = "worked" if past else "works" if _is_one(works) else "work"
        parts.append(f"{spoken_list(works)} {verb}")
    if unknown and len(unknown) <= _MANY:
        parts.append(f"nothing is known of {spoken_list(unknown)}")
    return begin("; ".join(parts)) + "."


def _be(labels: Sequence[str], *, past: bool) -> str:
    if past:
        return "was" if _is_one(labels) else "were"
    return "is" if _is_one(labels) else "are"


def _is_one(labels: Collection[str]) -> bool:
    """Some labels are plural themselves."""
    return len(labels) == 1 and not next(iter(labels)).endswith("apps")
