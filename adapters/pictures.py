"""Draws charts as PNG with Pillow (`isclaudedown[pictures]`), which is loaded when one is drawn.

720 pixels wide, so that they are sharp at 360, a phone's width; letters are 11 pixels high there.
What is worse is higher and has a letter of its own: colours only help. The colours are those of
Okabe and Ito, which people tell apart who see no red and green (https://jfly.uni-koeln.de/color/).
"""

from __future__ import annotations

import importlib.util
import io
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from adapters.chat.text import clean
from bot.domain.chart import Chart, StripChart, TimelineChart
from bot.domain.page import Severity
from bot.messages.charts import HEIGHTS, LETTERS

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

# Whether Pillow is installed.
HAS_PICTURES = importlib.util.find_spec("PIL") is not None
WIDTH = 720
EDGE, TITLE, ROW, BAR, FOOT = 20, 56, 84, 44, 74  # pixels
LARGE, SMALL = 26, 22  # of letters
COLOURS = {
    Severity.UNKNOWN: "#9a9a9a",
    Severity.UP: "#009e73",
    Severity.MAINTENANCE: "#0072b2",
    Severity.DEGRADED: "#f0e442",
    Severity.PARTIAL: "#e69f00",
    Severity.MAJOR: "#d55e00",
}
_LEGEND = (Severity.MAJOR, Severity.PARTIAL, Severity.DEGRADED, Severity.UP, Severity.UNKNOWN)


@dataclass(frozen=True, slots=True)
class _Theme:
    paper: str
    ink: str
    pale: str


_LIGHT = _Theme("#ffffff", "#1b1b1b", "#555555")
_DARK = _Theme("#1e1f22", "#f2f2f2", "#b5b5b5")


@lru_cache(maxsize=16)  # many ask for the same one within a minute
def drawn(chart: Chart, *, dark: bool = False) -> bytes:
    """Return a PNG of at most some 20 KB."""
    from PIL import Image, ImageDraw  # noqa: PLC0415 - 7 MB, where it is installed

    theme = _DARK if dark else _LIGHT
    size = (WIDTH, TITLE + ROW * len(chart.rows) + FOOT)
    picture = Image.new("RGB", size, theme.paper)
    pen = ImageDraw.Draw(picture)
    _text(pen, (EDGE, 14), chart.title, theme.ink, LARGE, most=WIDTH - 2 * EDGE)
    if isinstance(chart, StripChart):
        _strip(pen, chart, theme)
    else:
        _timeline(pen, chart, theme)
    _foot(pen, chart, theme, size[1] - FOOT)
    packed = io.BytesIO()
    picture.quantize(32).save(packed, "PNG", optimize=True)
    return packed.getvalue()


def _strip(pen: ImageDraw, chart: StripChart, theme: _Theme) -> None:
    for number, row in enumerate(chart.rows):
        top = TITLE + ROW * number
        _text(pen, (EDGE, top), row.label, theme.ink, SMALL, most=460)
        _text(pen, (WIDTH - EDGE, top), row.figure, theme.ink, SMALL, anchor="ra")
        step = (WIDTH - 2 * EDGE) / max(1, len(row.days))
        for place, severity in enumerate(row.days):
            left = EDGE + step * place
            _bar(pen, left, left + max(1.0, step - 2), top + 30, severity, theme)


def _timeline(pen: ImageDraw, chart: TimelineChart, theme: _Theme) -> None:
    whole = (chart.end - chart.start).total_seconds()

    def across(at: datetime) -> float:
        return EDGE + (WIDTH - 2 * EDGE) * (at - chart.start).total_seconds() / whole

    for number, row in enumerate(chart.rows):
        top = TITLE + ROW * number
        _text(pen, (EDGE, top), row.label, theme.pale if row.ours else theme.ink, SMALL, most=660)
        pen.line((EDGE, top + 30 + BAR, WIDTH - EDGE, top + 30 + BAR), fill=theme.pale)
        for stretch in row.stretches:
            right = max(across(stretch.end), across(stretch.start) + 3)
            _bar(pen, across(stretch.start), right, top + 30, stretch.severity, theme)
    below = TITLE + ROW * sum(not row.ours for row in chart.rows) - ROW + 30 + BAR
    for mark in chart.marks:
        _triangle(pen, across(mark), below + 1, theme)


def _bar(
    pen: ImageDraw, left: float, right: float, top: float, severity: Severity, theme: _Theme
) -> None:
    high = top + BAR * (1 - HEIGHTS[severity])
    pen.rectangle((left, high, right, top + BAR), fill=COLOURS[severity])
    letter = LETTERS.get(severity, "")
    if letter and right - left > SMALL:
        ink = _DARK.paper if severity is not Severity.MAINTENANCE else _LIGHT.paper
        _text(pen, ((left + right) / 2, top + BAR), letter, ink, SMALL, anchor="ms", lift=4)
    elif severity is Severity.UNKNOWN:
        pen.line((left, top + BAR, right, top + BAR), fill=theme.pale)


def _foot(pen: ImageDraw, chart: Chart, theme: _Theme, top: int) -> None:
    """From when to when, and what the bars mean."""
    form = "%d %b %Y" if isinstance(chart, StripChart) else "%d %b %H:%M UTC"
    begins, ends = (at.astimezone(UTC).strftime(form) for at in (chart.start, chart.end))
    _text(pen, (EDGE, top + 4), begins, theme.pale, SMALL)
    _text(pen, (WIDTH - EDGE, top + 4), ends, theme.pale, SMALL, anchor="ra")
    left = float(EDGE)
    for severity in _LEGEND:
        high = top + 62 - 24 * HEIGHTS[severity]
        pen.rectangle((left, high, left + 14, top + 62), fill=COLOURS[severity])
        words = f"{LETTERS.get(severity, '')} {severity.words.removesuffix(' outage')}".strip()
        left += 20
        left += 16 + _text(pen, (left, top + 36), words, theme.pale, SMALL)
    if isinstance(chart, TimelineChart) and chart.marks:
        _triangle(pen, left + 6, top + 44, theme)
        _text(pen, (left + 18, top + 36), "update", theme.pale, SMALL)


def _triangle(pen: ImageDraw, x: float, top: float, theme: _Theme) -> None:
    pen.polygon(((x, top), (x - 6, top + 9), (x + 6, top + 9)), fill=theme.ink)


def _text(
    pen: ImageDraw,
    at: tuple[float, float],
    text: str,
    ink: str,
    size: int,
    *,
    anchor: str = "la",
    most: float = WIDTH,
    lift: int = 0,
) -> float:
    """Write one line, cut where it gets too long; returns its width."""
    from PIL import ImageFont  # noqa: PLC0415 - as above

    font = ImageFont.load_default(size)
    said = " ".join(clean(text).split())
    while said and font.getlength(said) > most:
        said = said[:-2].rstrip() + "…"
    pen.text((at[0], at[1] - lift), said, fill=ink, font=font, anchor=anchor)
    return float(font.getlength(said))
