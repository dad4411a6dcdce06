"""One provider's part of an answer: its rows, its incidents, and how old it all is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from bot.catalog.names import is_model, spoken
from bot.domain.evidence import Source, Verdict
from bot.domain.incident import Incident
from bot.domain.message import Line, Link, Row, Span, Text, ThreadLink, Time
from bot.domain.page import Severity
from bot.evidence.sources import label_of, source_named
from bot.messages.durations import duration
from bot.messages.parts import updates_words
from bot.messages.state import name_of
from bot.messages.text import phase_words, short
from bot.status.view import ProviderStatus, StatusView

_MOST_INCIDENTS = 3
_MOST_EVIDENCE = 3
_SAYS_NOTHING = {Severity.UP, Severity.UNKNOWN}  # of a model: all is as with what carries it


class ProviderAnswer:
    """One provider's part of the answer."""

    def __init__(self, present: ProviderStatus, view: StatusView, asked: Collection[str]) -> None:
        self.present = present
        self.now = view.at
        self.catalog = view.catalog
        self.asked = asked
        self.sees = present.is_fresh
        self.known = {v.surface: v.last_known for v in self.verdicts}
        # Of these something speaks itself; the others only repeat what carries them.
        self.stated = {v.surface: v.last_known for v in self.verdicts if not v.carried_by}

    @cached_property
    def verdicts(self) -> list[Verdict]:
        """Of what was asked, else of what says something; the worst first."""
        if self.present.checked_at is None:
            return []  # never read: one sentence says so
        by_surface = {v.surface: v for v in self.present.verdicts}
        if self.asked:
            chosen = [by_surface[s] for s in self.catalog.order(self.asked) if s in by_surface]
        else:
            # A row for each model that no text names would only repeat what carries it.
            chosen = [
                verdict
                for verdict in map(by_surface.__getitem__, self.catalog.order(by_surface))
                if not is_model(self.catalog, verdict.surface)
                or (not verdict.carried_by and verdict.last_known not in _SAYS_NOTHING)
            ]
        return sorted(chosen, key=lambda v: -v.last_known.rank)

    def rows(self) -> list[Row]:
        """One for each verdict; grey for what is not seen: it was so, and that is all we know."""
        rows = []
        for verdict in self.verdicts:
            known = self.known[verdict.surface]
            bad = known.rank > Severity.UP.rank
            notes = ["suspected"] if verdict.suspected else []
            if verdict.carried_by:
                carrier = spoken(self.catalog, verdict.carried_by)
                notes.append(f"not on the page; as {carrier}")
            elif bad and all(e.from_text for e in verdict.evidence):
                notes.append("from the text")
            label, note = self.catalog.label(verdict.surface), ", ".join(notes)
            if self.sees:
                since = verdict.since if bad else None
                rows.append(Row(known, label, known.words, since, note))
            else:
                was = f"was {known.words}" if known is not Severity.UNKNOWN else known.words
                rows.append(Row(Severity.UNKNOWN, label, was, note=note))
        return rows

    def evidence_line(self) -> Line:
        """Name what speaks against it besides the page: "Also seen: …". Empty: nothing does.

        Figures from elsewhere have their source before them; our own evidence names itself.
        """
        said = [
            ("" if source_named(piece.source).opens else f"{label_of(piece.source)}, ")
            + f"{self.catalog.label(piece.surface)}: {piece.says}"
            for verdict in self.verdicts
            for piece in verdict.evidence
            if piece.source != Source.PAGE and piece.severity.rank > Severity.UP.rank
        ]
        words = "; ".join(dict.fromkeys(said[:_MOST_EVIDENCE]))
        return (Text(f"Also seen: {words}."),) if words else ()

    def incidents(self) -> list[Incident]:
        """Open ones that concern what was asked, the worst first."""
        if not self.asked:
            chosen = list(self.present.incidents)
        else:
            keys = {key for verdict in self.verdicts for key in verdict.incidents}
            chosen = [
                i
                for i in self.present.incidents
                if i.key in keys or not keys.isdisjoint(i.aliases) or i.concerns(self.asked)
            ]
        return sorted(chosen, key=lambda i: -i.severity.rank)

    def incident_lines(self, threads: Mapping[str, ThreadLink]) -> list[Line]:
        incidents = self.incidents()
        lines = [incident_line(i, threads.get(i.key)) for i in incidents[:_MOST_INCIDENTS]]
        if (more := len(incidents) - _MOST_INCIDENTS) > 0:
            lines.append((Text(f"… and {more} more: "), Text("history", code=True)))
        return lines

    def out_of_sight_line(self) -> Line:
        """Beside others that are seen: since when this page is not."""
        label, checked = self.catalog.provider(self.present.provider).label, self.present.checked_at
        if checked is None:
            return (Text(f"{label}'s page has not been read yet."),)
        return (Text(f"{label}'s page was last seen {duration(self.now - checked)} ago."),)

    def blind_line(self) -> Line:
        """Since when the page is out of sight, and how old all the rest is."""
        checked = self.present.checked_at
        ago = duration(self.now - checked) if checked else "some time"
        since = self.present.failing_since or checked
        out: Line = (Text("Out of sight since "), Time(since, "clock"), Text("; ")) if since else ()
        return (*out, Text(f"what I last knew, {ago} ago:"))

    def unseen_line(self) -> Line:
        """The same where it is read much later: no length of time, which would grow wrong."""
        label, checked = self.catalog.provider(self.present.provider).label, self.present.checked_at
        if checked is None:
            return (Text(f"I have not been able to read {label}'s page so far."),)
        return (
            Text(f"I can't see {label}'s page since "),
            Time(self.present.failing_since or checked, "clock"),
            Text("; what is shown of it is from "),
            Time(checked, "ago"),
            Text(". By now it may be over, or worse."),
        )

    def page_link(self) -> Line:
        """Behind other words: a link to the page. Empty: it has no address for people."""
        page = self.catalog.provider(self.present.provider).page
        host = page.partition("://")[2].partition("/")[0]
        return (Text(" · "), Link(host or page, page)) if page else ()

    def source_line(self) -> Line:
        checked = self.present.checked_at
        if checked is None:
            return (Text("The status page has not been read yet."),)
        checked = min(checked, self.now)  # the clock may have been set back since
        line: list[Span] = []
        if self.sees:
            line += [Text("Official page, checked "), Time(checked, "ago")]
        else:
            line += [Text("Official page, last seen "), Time(checked, "ago")]
            if self.present.failure:
                line.append(Text(f" ({short(self.present.failure, 80)})"))
        if self.sees and self.present.failing_since:
            line.append(Text(" (the last look failed)"))
        return (*line, *self.page_link())


def incident_line(incident: Incident, thread: ThreadLink | None = None) -> Line:
    facts = [phase_words(incident.phase), updates_words(incident)]
    brackets = f" ({', '.join(filter(None, facts))})" if any(facts) else ""
    word = "Notice" if incident.notice else "Maintenance" if incident.maintenance else "Incident"
    line: list[Span] = [Text(f"{word}: {name_of(incident)}{brackets}")]
    if incident.url:
        line += [Text(" · "), Link("open it", incident.url)]
    if thread:
        line += [Text(" · thread in "), thread]
    return tuple(line)
