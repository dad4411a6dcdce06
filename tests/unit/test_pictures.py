"""Pictures: small, readable on a phone, told apart without colour, and told in words."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from adapters.pictures import COLOURS, WIDTH, drawn
from adapters.slack.charts import chart_blocks
from adapters.slack.render import render
from bot.domain.chart import Stretch, StripChart, StripRow, TimelineChart, TimelineRow
from bot.domain.page import Severity
from bot.history.figures import Record, UptimeReport, uptime_report
from bot.history.looks import EVER
from bot.history.spans import READ, Observer, Span
from bot.messages.charts import HEIGHTS, LETTERS, MOST_ROWS, SIGNS, timeline_chart
from bot.messages.uptime import uptime_message
from tests.servers.slack.blocks import block_findings
from tests.unit.history.test_uptime import CLAUDE as SURFACES
from tests.unit.history.test_uptime import OUTAGE
from tests.unit.messages.examples import CLAUDE, MAJOR, NOW, PARTIAL, UP, ago
from tests.unit.messages.test_story import STORY

WHOLE = Span(Observer.LIST, READ, UP, EVER, NOW)


def strip(*surfaces: str, days: int = 90, url: str = "") -> StripChart:
    start = NOW - timedelta(days=days)
    found = uptime_report(surfaces, SURFACES, Record((OUTAGE,), (WHOLE,), NOW), start, NOW)
    report = UptimeReport(start, NOW, ()) + found
    chart = uptime_message(report, CLAUDE, picture=url).chart
    assert isinstance(chart, StripChart)
    return chart


def timeline() -> TimelineChart:
    seen = (
        Span(Observer.OURS, "claude.ai", UP, ago(300), ago(110)),
        Span(Observer.OURS, "claude.ai", PARTIAL, ago(110), NOW),
    )
    chart = timeline_chart(STORY, seen, NOW, CLAUDE)
    assert chart is not None
    return chart


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")


@pytest.mark.parametrize("dark", [False, True])
def test_a_picture_is_small_and_twice_as_wide_as_a_phone(dark: bool) -> None:
    for chart in (strip(*(s.id for s in SURFACES)), timeline()):
        data = drawn(chart, dark=dark)
        picture = opened(data)
        assert len(data) <= 60_000
        assert picture.width == WIDTH == 2 * 360
        paper = picture.getpixel((1, 1))
        assert paper == ((30, 31, 34) if dark else (255, 255, 255))


def test_what_is_worse_is_higher_so_that_nobody_needs_a_colour() -> None:
    ranked = sorted(Severity, key=lambda severity: severity.rank)
    assert [HEIGHTS[s] for s in ranked] == sorted(HEIGHTS.values())
    assert len(set(HEIGHTS.values())) == len(set(SIGNS.values())) == len(set(COLOURS)) == 6
    assert len(set(LETTERS.values())) == len(LETTERS)
    # In grey the bar of a major outage still stands above all others.
    grey = opened(drawn(strip("api"))).convert("L")
    columns = [
        sum(grey.getpixel((x, y)) != 255 for y in range(86, 131)) for x in range(21, WIDTH - 21)
    ]
    assert max(columns) >= 3 * min(column for column in columns if column)


def test_a_picture_is_told_in_words_with_the_same_numbers() -> None:
    assert strip("api").alt == (
        "Uptime, last 90 days, one bar a day: API 99.95 %, 1 day major outage."
    )
    alt = timeline().alt
    assert "major 40 min, partial 73 min, 1 h 53 min in all, 3 updates of the provider" in alt
    assert alt.endswith("below it our evidence, claude.ai.")


def test_a_timeline_has_each_surface_the_updates_and_our_evidence_below() -> None:
    chart = timeline()
    assert [(row.label, row.ours) for row in chart.rows] == [
        ("as a whole", False),
        ("claude.ai", False),
        ("Claude Code", False),
        ("our evidence, claude.ai", True),
    ]
    assert [s.severity for s in chart.rows[0].stretches] == [MAJOR, PARTIAL]
    assert chart.rows[-1].stretches[0].start == chart.start  # not before the incident
    assert chart.marks == (ago(113), ago(73), NOW)
    assert timeline_chart(replace(STORY, maintenance=True), (), NOW, CLAUDE) is None
    assert timeline_chart(replace(STORY, ended_at=STORY.started_at), (), NOW, CLAUDE) is None


def test_a_window_too_short_for_days_has_no_strip() -> None:
    start = NOW - timedelta(days=1)
    found = uptime_report(["api"], SURFACES, Record((), (WHOLE,), NOW), start, NOW)
    assert uptime_message(UptimeReport(start, NOW, ()) + found, CLAUDE).chart is None


texts = st.text(max_size=120)
stretches = st.lists(
    st.builds(
        lambda a, b, s: Stretch(ago(a + b), ago(a), s),
        st.floats(0, 100),
        st.floats(0, 100),
        st.sampled_from(Severity),
    ),
    max_size=6,
).map(tuple)


@settings(max_examples=25)
@given(texts, st.lists(st.tuples(texts, stretches), max_size=MOST_ROWS), st.booleans())
def test_whatever_is_drawn_stays_small_and_nothing_fails(
    title: str, rows: list[tuple[str, tuple[Stretch, ...]]], dark: bool
) -> None:
    drawn_rows = tuple(TimelineRow(label, several) for label, several in rows)
    chart = TimelineChart(title, drawn_rows, (ago(50),), ago(200), NOW, "words")
    assert len(drawn(chart, dark=dark)) <= 60_000


def test_slack_gets_bars_by_week_and_the_image_only_from_a_public_page() -> None:
    blocks = chart_blocks(strip("api", "code", url="https://status.example.com/picture/uptime.png"))
    assert [block["type"] for block in blocks] == ["image", "data_visualization"]
    assert list(block_findings(blocks)) == []
    (series,) = blocks[1]["chart"]["series"]  # Claude Code never was down
    assert series["name"] == "API"
    assert series["data"][-1]["value"] == 61.9
    assert chart_blocks(strip("code", url="http://127.0.0.1:8080/picture/uptime.png")) == []


def test_slacks_limits_hold_for_many_surfaces_with_long_names() -> None:
    week = timedelta(minutes=5)
    rows = tuple(
        StripRow(f"{number} {'long' * 20}", "99 %", (UP,) * 90, (week,) * 13)
        for number in range(MOST_ROWS)
    )
    chart = replace(strip("api"), rows=rows)
    assert list(block_findings(chart_blocks(chart))) == []


def test_a_message_in_a_channel_has_no_chart_in_its_blocks() -> None:
    start = NOW - timedelta(days=90)
    found = uptime_report(["api"], SURFACES, Record((OUTAGE,), (WHOLE,), NOW), start, NOW)
    rendered = render(uptime_message(UptimeReport(start, NOW, ()) + found, CLAUDE))
    assert rendered.charts
    assert "data_visualization" not in {block["type"] for block in rendered.blocks}
