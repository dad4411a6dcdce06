"""Is it only me? One person's trouble beside everything else that is known."""

from __future__ import annotations

from collections.abc import Sequence

from bot.catalog.catalog import Catalog
from bot.catalog.names import provider_of
from bot.domain.evidence import Verdict
from bot.domain.incident import Incident
from bot.domain.message import (
    EMOJI,
    Block,
    Button,
    Line,
    Lines,
    Message,
    Row,
    Rows,
    Text,
)
from bot.domain.page import Severity
from bot.evidence.reports import ReportCount
from bot.messages.evidence import REPORT_WINDOW, evidence_lines, tally_words
from bot.messages.provider_answer import incident_line
from bot.messages.text import in_words

_MOST = 8
_CHECKLIST = (
    "Does {page} open? If not, it is your network, DNS, VPN or proxy.",
    "Try the same from another network (a phone's, say), and without VPN.",
    "Check the clock of your machine: a wrong one breaks TLS and logins.",
    "Usage limits look like outages: see the usage page of your account.",
    "Restart the app or the session once, and update it. Log in again at most once.",
)


def just_me_message(
    verdicts: Sequence[Verdict],
    here: Sequence[ReportCount],
    catalog: Catalog,
    more: Sequence[Line] = (),
    notices: Sequence[Incident] = (),
) -> Message:
    """Compare one person's trouble with everything else that is known.

    `notices`: open ones, which the page computes as no outage whatever they say.
    """
    others = [t for t in here if t.people > 0 and any(t.surface == v.surface for v in verdicts)]
    troubled = [v for v in verdicts if v.in_trouble]
    unseen = [v for v in verdicts if v.severity is Severity.UNKNOWN and not v.suspected]
    rows = Rows(
        tuple(
            Row(
                v.severity,
                catalog.label(v.surface),
                v.severity.words,
                v.since if v.severity.is_impaired else None,
                "suspected" if v.suspected else "",
            )
            for v in verdicts
        )
    )
    lines: list[Line] = [line for v in verdicts for line in evidence_lines(v, catalog, set())]
    if others:
        lines.append(
            (Text(f"{tally_words(others, [t.surface for t in others], catalog)} {REPORT_WINDOW}."),)
        )
    title, emoji = "It looks like it is just you", "🏠"
    blocks: list[Block] = [rows, Lines(tuple(lines[:_MOST]))] if lines else [rows]
    if troubled or others:
        title, emoji = "It is not just you", EMOJI[Severity.DEGRADED]
        blocks += [Lines(tuple(more))] if more else []
    elif notices:
        title, emoji = "It may not be just you: the page has an open notice", "ℹ️"
        blocks.append(Lines(tuple(incident_line(notice) for notice in notices[:_MOST])))
    elif unseen:
        title, emoji = "I can't tell: I can't see the status page", EMOJI[Severity.UNKNOWN]
    else:
        provider = catalog.provider(provider_of(catalog, verdicts[0].surface))
        page = provider.page or "the status page"
        steps: tuple[Line, ...] = tuple((Text(f"• {s.format(page=page)}"),) for s in _CHECKLIST)
        blocks.append(
            Lines(((Text("Nothing is wrong on the other side as far as I can see:"),), *steps))
        )
    return Message(
        title,
        f"{title}. {in_words(lines[0]) if lines else ''}".strip(),
        emoji=emoji,
        blocks=tuple(blocks),
        buttons=(Button("affected", "I'm affected", verdicts[0].surface if verdicts else ""),),
    )
