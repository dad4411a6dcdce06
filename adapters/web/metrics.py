"""Prometheus metrics: counted from log events, and measured when somebody asks.

Counters follow the events of the log (`incident.news`, `delivery.failed`, …), so that the core
knows nothing of Prometheus. Labels come from closed sets only: no channel, person or text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from structlog.typing import EventDict, WrappedLogger

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Fields of events that may become labels, because few values are possible.
_LABELLED = {
    "incident.news": "kind",
    "delivery.failed": "error",  # the class of the failure
    "page.failed": "provider",
    "wish.later": "platform",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """What is true when somebody asks. `counts`: platform → what its courier did since start."""

    page_age: Mapping[str, float] = field(default_factory=dict)  # provider → seconds
    page_failing: Mapping[str, bool] = field(default_factory=dict)
    page_looks: Mapping[str, int] = field(default_factory=dict)
    open_incidents: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    queued: Mapping[str, int] = field(default_factory=dict)  # platform → channels behind
    lag: Mapping[str, float] = field(default_factory=dict)  # platform → seconds


class Metrics:
    """One registry, its counters fed by `count_event`, its gauges by `render`."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._events = Counter(
            "isclaudedown_events",
            "Events of the log, by name and kind",
            ["event", "kind"],
            registry=self._registry,
        )

    def count_event(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        """A structlog processor: counts and passes on."""
        name = str(event.get("event", ""))
        if "." in name and " " not in name:
            label = str(event.get(_LABELLED.get(name, ""), ""))
            self._events.labels(name[:60], label[:60]).inc()
        return event

    def listen(self) -> None:
        """Count what is logged from now on."""
        processors = structlog.get_config()["processors"]
        structlog.configure(processors=[self.count_event, *processors])

    def render(self, measured: Measured) -> bytes:
        registry = CollectorRegistry()
        for name, text, label, values in _GAUGES:
            gauge = Gauge(f"isclaudedown_{name}", text, [label], registry=registry)
            for key, value in getattr(measured, values).items():
                gauge.labels(key).set(float(value))
        done = Gauge(
            "isclaudedown_deliveries",
            "What was done for channels since start",
            ["platform", "what"],
            registry=registry,
        )
        for platform, counts in measured.counts.items():
            for what, number in counts.items():
                done.labels(platform, what).set(number)
        return bytes(generate_latest(self._registry) + generate_latest(registry))


_GAUGES: tuple[tuple[str, str, str, str], ...] = (
    ("page_age_seconds", "Seconds since the last good look", "provider", "page_age"),
    ("page_failing", "1 while the page cannot be read", "provider", "page_failing"),
    ("page_looks", "Looks at the page by this process, good or not", "provider", "page_looks"),
    ("incidents_open", "Incidents that are open", "provider", "open_incidents"),
    ("queue_channels", "Channels that are behind", "platform", "queued"),
    ("queue_lag_seconds", "For how long the first of them is due", "platform", "lag"),
)


def plain(counts: Any) -> dict[str, int]:  # noqa: ANN401 (any object with numbers)
    """The numbers of a counting object, by name."""
    names = getattr(type(counts), "__slots__", None) or vars(counts)
    return {name: value for name in names if isinstance(value := getattr(counts, name), int)}
