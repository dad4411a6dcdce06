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
        said = tally_words(others, [t.surface for t in others], catalog)
        lines.append((Text(f"{said} {REPORT_WINDOW}."),))
    title, emoji, below = _conclusion(verdicts, others, catalog, more, notices)
    shown = [Lines(tuple(lines[:_MOST]))] if lines else []
    return Message(
        title,
        f"{title}. {in_words(lines[0]) if lines else ''}".strip(),
        emoji=emoji,
        blocks=(rows, *shown, *below),
        buttons=(Button("affected", "I'm affected", verdicts[0].surface if verdicts else ""),),
    )


def _conclusion(
    verdicts: Sequence[Verdict],
    others: Sequence[ReportCount],
    catalog: Catalog,
    more: Sequence[Line],
    notices: Sequence[Incident],
) -> tuple[str, str, list[Block]]:
    """Return whose trouble it seems to be, in words and as an emoji, and what helps then."""
    if others or any(v.in_trouble for v in verdicts):
        help_: list[Block] = [Lines(tuple(more))] if more else []
        return "It is not just you", EMOJI[Severity.DEGRADED], help_
    if notices:
        open_: list[Block] = [Lines(tuple(incident_line(one) for one in notices[:_MOST]))]
        return "It may not be just you: the page has an open notice", "ℹ️", open_
    if any(v.severity is Severity.UNKNOWN for v in verdicts):
        return "I can't tell: I can't see the status page", EMOJI[Severity.UNKNOWN], []
    provider = catalog.provider(provider_of(catalog, verdicts[0].surface))
    page = provider.page or "the status page"
    steps: tuple[Line, ...] = tuple((Text(f"• {s.format(page=page)}"),) for s in _CHECKLIST)
    nothing: Line = (Text("Nothing is wrong on the other side as far as I can see:"),)
    return "It looks like it is just you", "🏠", [Lines((nothing, *steps))]
