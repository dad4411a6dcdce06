"""Charts as blocks: an image where a public page has it, and Slack's own bars by week. Pure.

https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block (since June 2026): at
most six series, a title of 50 characters and categories of 20.
"""

from __future__ import annotations

from datetime import timedelta

from adapters.chat.http import Json
from adapters.chat.text import clean, cut
from bot.domain.chart import Chart, StripChart

ALT_TEXT, TITLE, CATEGORY, SERIES = 2_000, 50, 20, 6
LONGEST_ADDRESS = 3_000
_MINUTE = timedelta(minutes=1)


def chart_blocks(chart: Chart) -> list[Json]:
    """Return what draws a chart; nothing where nothing can."""
    blocks: list[Json] = []
    if chart.url.startswith("https://") and len(chart.url) <= LONGEST_ADDRESS:
        alt = cut(clean(chart.alt), ALT_TEXT)
        blocks.append({"type": "image", "image_url": chart.url, "alt_text": alt})
    if isinstance(chart, StripChart) and (bars := _weekly(chart)):
        blocks.append(bars)
    return blocks


def _weekly(chart: StripChart) -> Json | None:
    """Weighted down time by week, of the surfaces that had any; None: none had, or one week."""
    rows = [row for row in chart.rows if any(row.weeks)][:SERIES]
    if not rows or len(chart.weeks) < 2:
        return None
    weeks = [f"{week:%d %b}" for week in chart.weeks]
    return {
        "type": "data_visualization",
        "title": "Weighted down time by week",
        "chart": {
            "type": "bar",
            "series": [
                {
                    "name": cut(clean(row.label), CATEGORY),
                    "data": [
                        {"label": week, "value": round(down / _MINUTE, 1)}
                        for week, down in zip(weeks, row.weeks, strict=True)
                    ],
                }
                for row in rows
            ],
            "axis_config": {"categories": weeks, "x_label": "week from", "y_label": "minutes"},
        },
    }
