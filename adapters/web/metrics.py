"""Prometheus metrics, read from what the parts of the program count and know when somebody asks.

Nothing depends on the log or its level: counters stand where things happen and begin at zero.
Labels come from closed sets only: no channel, person or text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from bot import __version__
from bot.domain.page import Severity
from bot.status.view import StatusView

Values = Mapping[tuple[str, ...], float]


@dataclass(frozen=True, slots=True)
class Measured:
    """What is true when somebody asks, besides the view itself."""

    view: StatusView | None = None
    polls: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # provider → outcome → n
    events: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # provider → kind → n
    deliveries: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # platform → outcome
    pending: Mapping[str, int] = field(default_factory=dict)  # platform → stale channels
    lag: Mapping[str, float] = field(default_factory=dict)  # platform → seconds
    silenced: Mapping[str, int] = field(default_factory=dict)  # platform → tenants
    probes: Mapping[str, bool] = field(default_factory=dict)  # target → the last look was good


class Metrics:
    """Draws what was measured, and the process itself."""

    def render(self, measured: Measured, accept: str = "") -> tuple[bytes, str]:
        """Return the body and its content type: OpenMetrics where `accept` asks for it."""
        registry = CollectorRegistry()
        registry.register(_Families(measured))
        ProcessCollector(registry=registry)
        encode, kind = choose_encoder(accept)
        return encode(registry), kind


class _Families(Collector):
    def __init__(self, measured: Measured) -> None:
        self._measured = measured

    def collect(self) -> Iterable[Metric]:
        measured = self._measured
        build = InfoMetricFamily("isclaudedown_build", "The version that runs")
        build.add_metric([], {"version": __version__})
        yield build
        if measured.view is not None:
            yield from _of_view(measured.view)
        yield _counter("polls", "Polls of a page by this process", "outcome", measured.polls)
        yield _counter("incident_events", "Events of incidents", "kind", measured.events)
        yield _counter(
            "deliveries", "What was done for channels", "outcome", measured.deliveries, "platform"
        )
        yield _gauge("queue_pending", "Stale channels", ("platform",), _keyed(measured.pending))
        yield _gauge(
            "queue_lag_seconds", "How long the first is due", ("platform",), _keyed(measured.lag)
        )
        yield _gauge(
            "tenants_silenced",
            "Workspaces or servers that nothing is sent to, since they refuse the bot itself",
            ("platform",),
            _keyed(measured.silenced),
        )
        yield _gauge(
            "probe_success", "1: the last look was good", ("target",), _keyed(measured.probes)
        )


def _of_view(view: StatusView) -> Iterator[Metric]:
    ranks: dict[tuple[str, ...], float] = {}
    suspected: dict[tuple[str, ...], float] = {}
    ages: dict[tuple[str, ...], float] = {}
    for one in view.providers:
        for verdict in one.verdicts:
            labels = (one.provider, verdict.surface)
            ranks[labels] = float(verdict.severity.rank)
            suspected[labels] = float(verdict.suspected)
            if verdict.checked_at is not None:
                ages[labels] = (view.at - verdict.checked_at).total_seconds()
    said = ", ".join(f"{severity.rank} {severity.words}" for severity in Severity)
    surface = ("provider", "surface")
    yield _gauge("surface_severity", f"How bad: {said}", surface, ranks)
    yield _gauge("surface_suspected", "1: by our own evidence alone", surface, suspected)
    yield _gauge("surface_verdict_age_seconds", "Since the page was read", surface, ages)
    read = {one.provider: one.checked_at for one in view.providers if one.checked_at}
    yield _gauge(
        "last_poll_success_timestamp_seconds",
        "When the page was read last",
        ("provider",),
        {(provider,): at.timestamp() for provider, at in read.items()},
    )
    yield _gauge(
        "page_failing",
        "1 while the page cannot be read",
        ("provider",),
        {(one.provider,): float(bool(one.failing_since)) for one in view.providers},
    )
    yield _gauge(
        "incidents_open",
        "Incidents that are open",
        ("provider",),
        {(one.provider,): float(len(one.incidents)) for one in view.providers},
    )


def _keyed(values: Mapping[str, float]) -> Values:
    return {(name,): float(value) for name, value in values.items()}


def _gauge(name: str, text: str, labels: tuple[str, ...], values: Values) -> Metric:
    family = GaugeMetricFamily(f"isclaudedown_{name}", text, labels=labels)
    for key, value in values.items():
        family.add_metric(key, value)
    return family


def _counter(
    name: str,
    text: str,
    label: str,
    counts: Mapping[str, Mapping[str, int]],
    of: str = "provider",
) -> Metric:
    family = CounterMetricFamily(f"isclaudedown_{name}", text, labels=(of, label))
    for key, numbers in counts.items():
        for value, number in numbers.items():
            family.add_metric((key, value), number)
    return family
