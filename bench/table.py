"""What a measurement prints: progress while it runs, then lines that can be compared."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence


def progress(text: str) -> None:
    print(f"… {text}", flush=True)


def row(what: str, value: str, beside: str = "") -> None:
    """One line: what was measured, how much, and beside what of the same run."""
    print(f"  {what:<46} {value:>16}  {beside}".rstrip(), flush=True)


def per_second(count: int, seconds: float) -> str:
    return f"{count / seconds:,.0f}/s"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.2f} ms"


def ratio(ours: float, bare: float, of: str) -> str:
    return f"{ours / bare:.1f} × {of}"


def spread(seconds: Sequence[float]) -> str:
    """Median, 95th of a hundred, and the worst."""
    ordered = sorted(seconds)
    late = ordered[math.ceil(0.95 * len(ordered)) - 1]
    middle = statistics.median(ordered)
    return " · ".join(milliseconds(one) for one in (middle, late, ordered[-1]))


def microseconds(seconds: float) -> str:
    return f"{seconds * 1e6:,.0f} µs"
