"""What stands in an incident's thread, and in the channel when it matters there."""

from __future__ import annotations

from datetime import datetime

from bot.cards import EMOJI, Block, Card, Line, Lines, Text
from bot.catalog import Catalog
from bot.model import NO_RECOVERY, Incident, News, NewsKind, Origin, Severity, worst
from bot.wording.durations import duration, lasted, timeline
from bot.wording.names import spoken, spoken_list
from bot.wording.parts import change_words, lead_words, text_of, words_of
from bot.wording.state import GONE, NOTICE, emoji_of, name_of, state_words, still_down, title_of
from bot.wording.text import phase_words, short

_SHORT_QUOTE = 600
_NAMED_IN_TITLE = 2

_NAMED_BY_PHASE = frozenset({NewsKind.UPDATE, NewsKind.BETTER, NewsKind.RESOLVED})
_HEADS = {
    NewsKind.OPENED: "Opened",
    NewsKind.UPDATE: "Update",
    NewsKind.WORSE: "Worse",
    NewsKind.BETTER: "Better",
    NewsKind.RESOLVED: "Resolved",
    NewsKind.REOPENED: "Reopened",
    NewsKind.CONFIRMED: "Confirmed by the provider",
    NewsKind.CORRECTED: "Corrected by the provider",
    NewsKind.WITHDRAWN: "Withdrawn by the provider",
    NewsKind.OVER: "Already over",
    NewsKind.POSTMORTEM: "Postmortem",
    NewsKind.SCHEDULED: "Maintenance planned",
    NewsKind.STARTED: "Maintenance started",
    NewsKind.ENDED: "Maintenance over",
}


def reply_card(incident: Incident, news: News, now: datetime, catalog: Catalog) -> Card:
    """One piece of news, as it is by now (an edited text shows as edited).

    Its title names the incident, since "worse" and "resolved" are shown in the channel too.
    """
    lines: list[Line] = _end_lines(incident, news, catalog)
    if news.kind is not NewsKind.WITHDRAWN:
        lines[:0] = [(Text(words),) for words in change_words(news.changes, catalog)]
    blocks: list[Block] = [Lines(tuple(lines))] if lines else []
    if said := words_of(incident, news, phase=news.kind not in _NAMED_BY_PHASE):
        blocks.append(said)
    title = _title(incident, news, now, catalog)
    return Card(
        title=title,
        plain=_plain(incident, news, catalog, title),
        severity=news.severity,
        emoji=_emoji(news),
        blocks=tuple(blocks),
        ended=news.kind in {NewsKind.RESOLVED, NewsKind.ENDED, NewsKind.WITHDRAWN},
    )


def _emoji(news: News) -> str:
    if news.phase in NO_RECOVERY:
        return NOTICE
    match news.kind:
        case NewsKind.WITHDRAWN:
            return GONE
        case NewsKind.CORRECTED:
            return "✏️"
        case NewsKind.POSTMORTEM:
            return "📄"
        case NewsKind.SCHEDULED | NewsKind.STARTED:
            return EMOJI[Severity.MAINTENANCE]
        case _:
            return EMOJI[news.severity]


def _title(incident: Incident, news: News, now: datetime, catalog: Catalog) -> str:
    if news.phase in NO_RECOVERY:
        return f"{phase_words(news.phase).capitalize()}: {name_of(incident)}"
    if news.kind in {NewsKind.UPDATE, NewsKind.BETTER}:
        return _title_in_thread(news)
    head = _HEADS[news.kind]
    if news.kind is NewsKind.RESOLVED and incident.origin is Origin.SUSPECTED:
        head = "Nothing confirmed"
    return f"{head}: {name_of(incident)}{_tail(incident, news, now, catalog)}"


def _title_in_thread(news: News) -> str:
    """Below the root, the phase alone says what is new."""
    if news.kind is NewsKind.BETTER and not news.text.strip():
        return "Up again" if news.severity is Severity.UP else "Better"
    return phase_words(news.phase).capitalize() or _HEADS[news.kind]


def _tail(incident: Incident, news: News, now: datetime, catalog: Catalog) -> str:
    match news.kind:
        case NewsKind.RESOLVED if incident.ended_at and incident.origin is not Origin.SUSPECTED:
            length = lasted(incident, now)
            return f" · after {duration(length)}" if length else ""
        case NewsKind.WORSE:
            return f" · {_what_is_worse(news, catalog)}"
        case NewsKind.OPENED | NewsKind.REOPENED if news.severity.rank > Severity.UP.rank:
            return f" · {news.severity.words}"
        case _:
            return ""


def _what_is_worse(news: News, catalog: Catalog) -> str:
    """The surfaces that got worst, where they are few; else how bad it is in all."""
    worse = [change for change in news.changes if change.after.rank > change.before.rank]
    now = worst((change.after for change in worse), default=news.severity)
    hit = catalog.order(change.surface for change in worse if change.after is now)
    if not hit or len(hit) > _NAMED_IN_TITLE:
        return now.words
    return f"{spoken_list([catalog.label(surface) for surface in hit])} {now.words}"


def _end_lines(incident: Incident, news: News, catalog: Catalog) -> list[Line]:
    lines: list[Line] = [(Text(news.note),)] if news.note else []
    if news.kind is NewsKind.CONFIRMED and (lead := lead_words(incident)):
        lines.append((Text(lead),))
    if news.kind is NewsKind.RESOLVED:
        if incident.ended_at and (spells := timeline(incident, incident.ended_at)):
            lines.append((Text(spells[:1].upper() + spells[1:]),))
        if news.severity.rank > Severity.UP.rank and (down := still_down(incident, catalog)):
            labels = spoken_list([spoken(catalog, s) for s in down])
            verb = "is" if len(down) == 1 else "are"
            lines.append((Text(f"Yet {labels} {verb} still not shown as up; I keep watching."),))
    if news.kind is NewsKind.WITHDRAWN and not news.note:
        lines.append((Text("The provider deleted this incident; it may have been a mistake."),))
    return lines


def _plain(incident: Incident, news: News, catalog: Catalog, title: str) -> str:
    text, _ = text_of(incident, news)
    name = name_of(incident)
    head = title if name in title else f"{name}: {title}"
    changes = "; ".join(change_words(news.changes, catalog))
    sentence = f"{head} ({changes})." if changes else f"{head}."
    return f"{sentence} {short(text, _SHORT_QUOTE)}".strip()


def catch_up_card(incident: Incident, since_revision: int, now: datetime) -> Card:
    """One message for everything after `since_revision`: the present truth, no replay."""
    missed = [
        news
        for news in incident.news
        if news.revision > since_revision and news.kind is not NewsKind.CORRECTED
    ]
    count = len(missed)
    plural = "update" if count == 1 else "updates"
    state = state_words(incident, now)
    lines: list[Line] = [(Text(f"{count} {plural} came since my last message here."),)]
    if path := _path(missed):
        lines.append((Text(f"In short: {path}."),))
    if not incident.is_open and (spells := timeline(incident, now)):
        lines.append((Text(spells[:1].upper() + spells[1:]),))
    blocks: list[Block] = [Lines(tuple(lines))]
    told = [news for news in missed if text_of(incident, news)[0].strip()]
    if told and (said := words_of(incident, told[-1])):
        blocks.append(said)
    return Card(
        title=f"Catching up: {title_of(incident, now)}",
        plain=f"Catching up on {name_of(incident)}: now {state}. {count} {plural} meanwhile.",
        severity=incident.severity,
        emoji=emoji_of(incident),
        blocks=tuple(blocks),
        ended=not incident.is_open,
    )


def _path(missed: list[News]) -> str:
    """Severities on the way, each once in a row: "major outage → partial outage → up"."""
    steps: list[str] = []
    for news in missed:
        if not steps or steps[-1] != news.severity.words:
            steps.append(news.severity.words)
    return " → ".join(steps) if len(steps) > 1 else ""
