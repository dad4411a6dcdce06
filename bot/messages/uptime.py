"""Uptime in words: how much, by whose word, reckoned how, and what a target leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from bot.catalog.catalog import Catalog
from bot.domain.message import Block, Line, Lines, Message, Note, Text
from bot.domain.page import Severity
from bot.history.figures import SurfaceUptime, UptimeReport
from bot.history.uptime import RULE, ErrorBudget, Uptime, error_budget
from bot.messages.charts import strip_chart, strip_text
from bot.messages.durations import duration

_NONE = timedelta(0)
_MOST_STRIPS = 4
_LONGEST_FORECAST = timedelta(days=365)  # guess: no rate holds for longer
_SPOKEN = (Severity.MAJOR, Severity.PARTIAL, Severity.DEGRADED, Severity.MAINTENANCE)
_WORDS = {Severity.MAJOR: "major", Severity.PARTIAL: "partial"}


def uptime_message(
    report: UptimeReport, catalog: Catalog, *, target: float | None = None, picture: str = ""
) -> Message:
    """Every surface of the report in a line of its own, then how it was reckoned.

    `picture`: the address where it can be fetched; empty: nowhere.
    """
    length = duration(report.end - report.start)
    title = f"Uptime of the last {length}"
    if not report.surfaces:
        return Message(title, f"{title}: nothing is watched that was asked for.")
    strips = len(report.surfaces) <= _MOST_STRIPS
    blocks: list[Block] = []
    for one in report.surfaces:
        lines: list[Line] = [_official(one, catalog), *_observed(one)]
        if strips:
            lines.append((Text(strip_text(one.days), code=True),))
        if target is not None and one.official.known:
            lines.append((Text(budget_words(error_budget(one.official, target))),))
        blocks.append(Lines(tuple(lines)))
    blocks.append(Note((Text(_how(report.surfaces)),)))
    labels = [catalog.label(one.surface) for one in report.surfaces]
    figures = [per_cent(one.official.weighted) for one in report.surfaces]
    plain = "; ".join(f"{label} {figure}" for label, figure in zip(labels, figures, strict=True))
    chart = strip_chart(report, labels, figures, picture)
    return Message(title, f"{title}: {plain}.", blocks=tuple(blocks), chart=chart)


def calendar_message(found: Mapping[str, Uptime], *, target: float | None = None) -> Message:
    """The figures of a page's own calendar, by component."""
    first = next(iter(found.values()), None)
    if first is None:
        return Message("An empty calendar", "The calendar has no day.")
    title = f"Uptime by the page's own calendar, {first.looks} days until {last_day(first)}"
    lines: list[Line] = []
    for component, said in found.items():
        words = f" · {minutes}" if (minutes := minutes_words(said)) else ""
        figures = f" {100 * (said.weighted or 0):.4f} %{words} · unweighted"
        lines.append(
            (Text(component, bold=True), Text(f"{figures} {100 * (said.unweighted or 0):.4f} %"))
        )
        if target is not None:
            lines.append((Text(budget_words(error_budget(said, target))),))
    plain = "; ".join(f"{name} {100 * (one.weighted or 0):.4f} %" for name, one in found.items())
    return Message(
        title, f"{title}: {plain}.", blocks=(Lines(tuple(lines)), Note((Text(f"{RULE}."),)))
    )


def last_day(uptime: Uptime) -> str:
    """Return the last whole day of a window that ends at midnight."""
    return (uptime.end - timedelta(days=1)).date().isoformat()


def per_cent(share: float | None) -> str:
    """Say 0.98791 as "98.79 %"; what is not whole never rounds up to 100. None is "unknown"."""
    if share is None:
        return "unknown"
    if share >= 1:
        return "100 %"
    for digits in (2, 3, 4):
        said = f"{100 * share:.{digits}f}"
        if float(said) < 100:
            return f"{said} %"
    return "over 99.9999 %"


def minutes_words(uptime: Uptime) -> str:
    """Say how long it was how bad: "major 40 min, partial 73 min"; empty if it never was bad."""
    found = [
        f"{_WORDS.get(severity, severity.words)} {duration(uptime.lengths[severity])}"
        for severity in _SPOKEN
        if uptime.lengths.get(severity, _NONE) > _NONE
    ]
    return ", ".join(found)


def budget_words(budget: ErrorBudget) -> str:
    """Say what a target allows, what of it is burnt and left, and how long that lasts."""
    head = f"SLO {100 * budget.target:g} %: {duration(budget.allowed)} of down time allowed"
    burnt = f"{duration(budget.burnt)} burnt ({100 * budget.share_burnt:.0f} %)"
    if budget.left < _NONE:
        return f"{head}, {burnt}: missed by {duration(-budget.left)}."
    if budget.burnt == _NONE:
        return f"{head}, none burnt."
    if budget.empty_after is None:
        lasts = "too early to say how long it lasts"
    elif budget.empty_after > _LONGEST_FORECAST:
        lasts = "at this rate it lasts more than a year"
    else:
        lasts = f"at this rate it lasts {duration(budget.empty_after)}"
    return f"{head}, {burnt}, {duration(budget.left)} left; {lasts}."


def _official(one: SurfaceUptime, catalog: Catalog) -> Line:
    said = one.official
    words = minutes_words(said)
    tail = f" · {words}" if words else ""
    if said.weighted != said.unweighted:
        tail += f" · unweighted {per_cent(said.unweighted)}"
    if said.known and said.unknown > _NONE:
        tail += f" · unknown {duration(said.unknown)}"
    return (
        Text(catalog.label(one.surface), bold=True),
        Text(f" {per_cent(said.weighted)}{tail}"),
    )


def _observed(one: SurfaceUptime) -> list[Line]:
    seen = one.observed
    if not seen.known:
        return []
    words = minutes_words(seen)
    tail = f", {words}" if words else ""
    of = f"of {duration(seen.known)} observed, {_looks(seen.looks)}"
    unknown = f", unknown {duration(seen.unknown)}" if seen.unknown > _NONE else ""
    return [(Text(f"Our own evidence: {per_cent(seen.weighted)} {of}{tail}{unknown}"),)]


def _how(surfaces: Sequence[SurfaceUptime]) -> str:
    """The rule, and what the page's word rests on."""
    said = [one.official for one in surfaces]
    rows = max((one.looked for one in said), default=_NONE)
    listed = max((one.from_incidents for one in said), default=_NONE)
    parts = [f"{RULE}; degraded counts nothing; unknown time is left out."]
    if rows:
        looks = max(one.looks for one in said)
        parts.append(f"From the page's rows as polled: {duration(rows)} (n = {_looks(looks)}).")
    if listed:
        count = sum(one.incidents for one in said[:1]) if len(said) == 1 else None
        n = f" (n = {count})" if count is not None else ""
        parts.append(f"From incidents, not the page's own figure: {duration(listed)}{n}.")
    if not any(one.observed.known for one in surfaces):
        parts.append("Our own evidence saw nothing of it.")
    return " ".join(parts)


def _looks(count: int) -> str:
    return f"{count:,} look{'s' * (count != 1)}"
