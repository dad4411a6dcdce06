"""An outage to speak of, and small builders around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.catalog.catalog import Catalog, only
from bot.catalog.catalog_file import load_catalog
from bot.domain.evidence import Evidence, Source, Verdict
from bot.domain.incident import EventKind, Impact, Incident, IncidentEvent, Origin, SurfaceChange
from bot.domain.message import Line, Lines, Link, Message, Note, Quote, Row, Rows, Text, Time
from bot.domain.page import Severity
from bot.domain.state import ComponentState, State
from bot.messages.durations import duration
from bot.status.view import ProviderStatus, StatusView, status_view

CLAUDE = only(load_catalog(), ["claude"])
SEVERAL = load_catalog()
NOW = datetime(2026, 11, 20, 17, 51, tzinfo=UTC)
UP, MAJOR, PARTIAL, DEGRADED = Severity.UP, Severity.MAJOR, Severity.PARTIAL, Severity.DEGRADED


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def event(
    revision: int, kind: EventKind, at: datetime, severity: Severity, text: str = "", **more: object
) -> IncidentEvent:
    fields: dict[str, object] = {"phase": "investigating", "update_id": f"u{revision}", **more}
    made = IncidentEvent(revision, kind, f"u{revision}", at, at, severity, "", text)
    return replace(made, **fields)  # type: ignore[arg-type]  # the tests name real fields


OPENED = event(
    1,
    EventKind.OPENED,
    ago(10),
    MAJOR,
    "We are looking into it.",
    changes=(SurfaceChange("claude.ai", UP, MAJOR), SurfaceChange("code", UP, MAJOR)),
)
IDENTIFIED = event(
    2,
    EventKind.BETTER,
    ago(4),
    MAJOR,
    "We know why.",
    phase="identified",
    changes=(SurfaceChange("code", MAJOR, PARTIAL),),
)
RESOLVED = event(
    3,
    EventKind.RESOLVED,
    NOW,
    UP,
    "This is over.",
    phase="resolved",
    changes=(SurfaceChange("code", PARTIAL, UP),),
)
OUTAGE = Incident(
    provider="claude",
    id="9l93x2ht4s5w",
    title="Claude.ai unavailable",
    phase="identified",
    origin=Origin.PROVIDER,
    started_at=ago(10),
    severity=MAJOR,
    worst=MAJOR,
    url="https://stspg.io/9l93x2ht4s5w",
    surfaces={"claude.ai": Impact(MAJOR, MAJOR), "code": Impact(PARTIAL, MAJOR)},
    timeline=((ago(10), MAJOR),),
    events=(OPENED, IDENTIFIED),
)
OVER = replace(
    OUTAGE,
    phase="resolved",
    severity=UP,
    started_at=ago(113),
    ended_at=NOW,
    surfaces={"claude.ai": Impact(UP, MAJOR), "code": Impact(UP, MAJOR)},
    timeline=((ago(113), MAJOR), (ago(73), PARTIAL)),
    events=(OPENED, IDENTIFIED, RESOLVED),
)


def verdict(surface: str, severity: Severity = UP, *, minutes: float | None = None) -> Verdict:
    return Verdict(
        surface,
        severity,
        since=None if minutes is None else ago(minutes),
        checked_at=ago(0.2),
        evidence=(Evidence(Source.PAGE, surface, severity, ago(0.2)),),
        incidents=(OUTAGE.key,) if severity.rank > UP.rank else (),
    )


QUIET = tuple(verdict(s) for s in ("claude.ai", "api", "code", "cowork", "console", "government"))
DOWN = (
    verdict("claude.ai", MAJOR, minutes=10),
    verdict("api"),
    verdict("code", PARTIAL, minutes=10),
    verdict("console"),
    verdict("sonnet"),
)


def claude(
    *verdicts: Verdict, incidents: tuple[Incident, ...] = (), **more: object
) -> ProviderStatus:
    """The status with these verdicts, of a page that was read as `more` says."""
    state = State("claude", ago(9999), ago(0.2), incidents={one.id: one for one in incidents})
    state = replace(state, **more)  # type: ignore[arg-type]  # real fields
    (status,) = status_view(CLAUDE, {"claude": state}, NOW).providers
    return replace(status, verdicts=verdicts)


def seen(*providers: ProviderStatus, catalog: Catalog = CLAUDE) -> StatusView:
    return StatusView(NOW, catalog, providers)


def page_state(
    verdicts: Iterable[Verdict] = (), incidents: Iterable[Incident] = (), provider: str = "claude"
) -> State:
    """A state whose components are as these verdicts say; surfaces without a row are left out."""
    rows = {surface.id: surface for surface in SEVERAL.provider(provider).surfaces}
    components = {
        rows[v.surface].components[0]: ComponentState(
            rows[v.surface].label, v.severity, v.severity, v.since or ago(9999)
        )
        for v in verdicts
        if rows[v.surface].components
    }
    kept = {one.id: one for one in incidents if one.provider == provider}
    return State(provider, ago(99999), ago(0.2), components=components, incidents=kept)


def spoken(card: Message) -> str:
    """Everything a card says, in order, for tests to look at."""
    parts = [f"{card.emoji} {card.title}"]
    for block in card.blocks:
        match block:
            case Lines(lines=lines):
                parts += map(line_words, lines)
            case Note(line=line):
                parts.append(line_words(line))
            case Quote():
                parts += [f"> {line_words(block.lead)}", f"> {block.text}"]
            case Rows(rows=rows):
                parts += map(_row, rows)
    return "\n".join(parts)


def line_words(line: Line) -> str:
    words = []
    for span in line:
        match span:
            case Text(text=text):
                words.append(text)
            case Link(text=text, url=url):
                words.append(f"[{text}]({url})")
            case Time(at=at, style="ago"):
                past = at <= NOW
                words.append(f"{duration(NOW - at)} ago" if past else f"in {duration(at - NOW)}")
            case Time(at=at):
                words.append(f"{at:%H:%M}")
            case _:
                words.append(f"#{span.channel}/{span.root}")
    return "".join(words)


def _row(row: Row) -> str:
    since = f" since {row.since:%H:%M}" if row.since else ""
    note = f" ({row.note})" if row.note else ""
    return f"{row.severity}: {row.name} {row.words}{since}{note}"
