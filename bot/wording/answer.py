"""The answer to the question: is it Claude, or is it me?"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from bot.cards import (
    EMOJI,
    Block,
    Button,
    Card,
    Line,
    Lines,
    Link,
    Note,
    Row,
    Rows,
    Span,
    Text,
    ThreadLink,
    Time,
)
from bot.catalog import Catalog
from bot.model import Incident, Severity, Verdict, worst
from bot.wording.advice import advice
from bot.wording.durations import duration
from bot.wording.names import is_model, provider_of, spoken, spoken_list
from bot.wording.parts import in_words, phase_words, short
from bot.wording.present import Present, last_known

_DOWN = {Severity.PARTIAL, Severity.MAJOR}
_MOST_INCIDENTS = 3


def answer_card(
    presents: Sequence[Present],
    now: datetime,
    catalog: Catalog,
    *,
    asked: Collection[str] = (),
    threads: Mapping[str, ThreadLink] | None = None,
    reports: str = "",
) -> Card:
    """What is true now of the surfaces `asked` (none: everything that matters).

    `presents`: one per provider, the main one first. `threads`: where this channel has an
    incident's thread, by incident key. `reports`: what people here said, as one sentence.
    """
    shown = [
        _Shown(present, now, catalog, asked) for present in _concerned(presents, asked, catalog)
    ]
    head, opening = _headline(shown, catalog)
    blocks: list[Block] = [Lines(opening)]
    rows = [row for one in shown for row in one.rows()]
    if rows:
        blocks.append(Rows(tuple(rows)))
    lines: list[Line] = [line for one in shown for line in one.incident_lines(threads or {})]
    if tip := _tip(shown, catalog):
        lines.append((Text(tip),))
    if lines:
        blocks.append(Lines(tuple(lines)))
    blocks += [
        Note(one.source_line(reports if index == 0 else "")) for index, one in enumerate(shown)
    ]
    overall = worst((v for one in shown for v in one.known.values()), default=Severity.UNKNOWN)
    severity = overall if all(one.sees for one in shown) and shown else Severity.UNKNOWN
    plain = f"{head}. {' '.join(map(in_words, opening))}"
    return Card(
        title=head,
        plain=plain,
        severity=severity,
        emoji=EMOJI[severity],
        blocks=tuple(blocks),
        buttons=_buttons(severity, asked),
    )


def _concerned(
    presents: Sequence[Present], asked: Collection[str], catalog: Catalog
) -> list[Present]:
    """The providers of what was asked; else the main one, and others where something is wrong."""
    if asked:
        wanted = {provider_of(catalog, surface) for surface in asked}
        return [p for p in presents if p.provider in wanted]
    return [
        present
        for index, present in enumerate(presents)
        if index == 0 or any(v.severity.rank > Severity.UP.rank for v in present.verdicts)
    ]


class _Shown:
    """One provider's part of the answer."""

    def __init__(
        self, present: Present, now: datetime, catalog: Catalog, asked: Collection[str]
    ) -> None:
        self.present = present
        self.now = now
        self.catalog = catalog
        self.asked = asked
        self.sees = present.sees(now)
        self.verdicts = self._chosen()
        self.known = {v.surface: last_known(v) for v in self.verdicts}
        self.all_known = {v.surface: last_known(v) for v in present.verdicts}

    def _chosen(self) -> list[Verdict]:
        by_surface = {v.surface: v for v in self.present.verdicts}
        if self.asked:
            chosen = [by_surface[s] for s in self.catalog.order(self.asked) if s in by_surface]
        else:
            # A model is up as long as no text names it: a row for it says nothing of its own.
            chosen = [
                by_surface[s]
                for s in self.catalog.order(by_surface)
                if not is_model(self.catalog, s) or by_surface[s].severity is not Severity.UP
            ]
        return sorted(chosen, key=lambda v: -last_known(v).rank)

    def rows(self) -> list[Row]:
        return [self._row(verdict) for verdict in self.verdicts]

    def _row(self, verdict: Verdict) -> Row:
        known = self.known[verdict.surface]
        notes = []
        if verdict.suspected:
            notes.append("suspected")
        if verdict.evidence and all(e.from_text for e in verdict.evidence):
            notes.append("from the text")
        label, note = self.catalog.label(verdict.surface), ", ".join(notes)
        if not self.sees:
            # No green for what is not seen: it was so, and that is all we know.
            was = f"was {known.words}" if known is not Severity.UNKNOWN else known.words
            return Row(Severity.UNKNOWN, label, was, note=note)
        since = verdict.since if known.rank > Severity.UP.rank else None
        return Row(known, label, known.words, since, note)

    def incidents(self) -> list[Incident]:
        """Open ones that concern what was asked, the worst first."""
        if not self.asked:
            chosen = list(self.present.incidents)
        else:
            keys = {key for verdict in self.verdicts for key in verdict.incidents}
            chosen = [
                i
                for i in self.present.incidents
                if i.key in keys
                or not keys.isdisjoint(i.aliases)
                or set(i.surfaces) & set(self.asked)
            ]
        return sorted(chosen, key=lambda i: -i.severity.rank)

    def incident_lines(self, threads: Mapping[str, ThreadLink]) -> list[Line]:
        incidents = self.incidents()
        lines = [_incident_line(i, threads.get(i.key)) for i in incidents[:_MOST_INCIDENTS]]
        if (more := len(incidents) - _MOST_INCIDENTS) > 0:
            lines.append((Text(f"… and {more} more: "), Text("history", code=True)))
        return lines

    def source_line(self, reports: str) -> Line:
        checked = self.present.checked_at
        if checked is None:
            return (Text("The status page was never read yet."),)
        line: list[Span] = []
        provider = self.catalog.provider(self.present.provider)
        if self.sees:
            line.append(Text(f"Official page, checked {duration(self.now - checked)} ago"))
        else:
            line.append(Text(f"Official page, last seen {duration(self.now - checked)} ago"))
            if self.present.failure:
                line.append(Text(f" ({short(self.present.failure, 80)})"))
        if self.sees and self.present.failing_since:
            line.append(Text(" (the last look failed)"))
        if provider.page:
            line += [Text(" · "), Link(_host(provider.page), provider.page)]
        if reports:
            line.append(Text(f" · {reports}"))
        return tuple(line)


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0] or url


def _incident_line(incident: Incident, thread: ThreadLink | None) -> Line:
    count = sum(1 for news in incident.news if news.update_id) or len(incident.news)
    plural = "update" if count == 1 else "updates"
    phase = f"{phase_words(incident.phase)}, " if incident.phase else ""
    word = "Maintenance" if incident.maintenance else "Incident"
    line: list[Span] = [Text(f"{word}: {short(incident.title)} ({phase}{count} {plural})")]
    if incident.url:
        line += [Text(" · "), Link("open it", incident.url)]
    if thread:
        line += [Text(" · thread in "), thread]
    return tuple(line)


# --- the headline ----------------------------------------------------------------------------


def _headline(shown: Sequence[_Shown], catalog: Catalog) -> tuple[str, tuple[Line, ...]]:
    """A word of answer, and the sentence that says it in full."""
    known = {s: how for one in shown for s, how in one.known.items()}
    if not shown or all(one.present.checked_at is None for one in shown):
        sentence = "I have not been able to read the status page so far."
        return "I don't know yet", ((Text(sentence),),)
    if not known or all(how is Severity.UNKNOWN for how in known.values()):
        return "I don't know", ((Text("The status page says nothing about that."),),)
    if blind := [one for one in shown if not one.sees]:
        state = _state_sentence(known, catalog, past=True)
        return "I can't see the status page", (_blind_line(blind[0]), (Text(state),))
    return _answer_word(known), ((Text(_sentence(shown, known, catalog)),),)


def _blind_line(one: _Shown) -> Line:
    """Since when the page is out of sight, and how old all the rest is."""
    checked = one.present.checked_at
    ago = duration(one.now - checked) if checked else "some time"
    since = one.present.failing_since or checked
    out: Line = (Text("Out of sight since "), Time(since, "clock"), Text("; ")) if since else ()
    return (*out, Text(f"what I last knew, {ago} ago:"))


def _answer_word(known: Mapping[str, Severity]) -> str:
    bad = [how for how in known.values() if how.rank > Severity.UP.rank]
    if not bad:
        return "No"
    if all(how is Severity.MAINTENANCE for how in bad):
        return "Maintenance"
    if not any(how in _DOWN for how in bad):
        return "Partly"
    whole = len(bad) == len(known) and all(how in _DOWN for how in bad)
    return "Yes" if whole else "Yes, partly"


def _sentence(shown: Sequence[_Shown], known: Mapping[str, Severity], catalog: Catalog) -> str:
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
        ("down", _DOWN),
        ("degraded", {Severity.DEGRADED}),
        ("in maintenance", {Severity.MAINTENANCE}),
    ):
        labels = [spoken(catalog, s) for s in known if known[s] in severities]
        if labels:
            parts.append(f"{spoken_list(labels)} {_be(labels, past=past)} {word}")
    works = [spoken(catalog, s) for s in known if known[s] is Severity.UP]
    if not parts and len(known) > 3:
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
        return "was" if len(labels) == 1 else "were"
    return "is" if len(labels) == 1 else "are"


def _working(labels: Sequence[str], *, past: bool) -> str:
    if len(labels) > 3:
        return "the rest worked" if past else "the rest works"
    one = len(labels) == 1
    return f"{spoken_list(labels)} {'worked' if past else 'works' if one else 'work'}"


def _tip(shown: Sequence[_Shown], catalog: Catalog) -> str:
    """Only where we see: advice about the past helps nobody."""
    for one in shown:
        bad = any(how.rank > Severity.UP.rank for how in one.known.values())
        if one.sees and bad:
            ups = {s: how for s, how in one.all_known.items() if how is Severity.UP}
            return advice({**ups, **one.known}, catalog)
    return ""


def _buttons(severity: Severity, asked: Collection[str]) -> tuple[Button, ...]:
    value = next(iter(asked)) if len(asked) == 1 else ""
    subscribe = Button("subscribe", "Subscribe this channel", value)
    affected = Button("affected", "I'm affected", value)
    if severity.rank <= Severity.UP.rank:
        return (affected, subscribe)
    back = Button("back", "Tell me when it's back", value)
    return (affected, back, subscribe, Button("details", "Details", value))
