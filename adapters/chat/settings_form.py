"""Parts of a settings form: what can be chosen, what is chosen now, what was asked for. Pure.

A platform provides the labels of severities in its own words, and the widgets (menus, boxes).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.catalog.catalog import Catalog
from bot.commands import KEEP, Answer, Commands, Keep, Request
from bot.domain.incident import EventKind
from bot.domain.page import Severity
from bot.domain.quiet import QuietHours
from bot.domain.subscription import Subscription


@dataclass(frozen=True, slots=True)
class FormOption:
    """One thing to choose: `value` comes back, `label` is shown, `chosen` holds now."""

    value: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class SettingsChange:
    """The change that a form asks for. None (surfaces, severity) and KEEP leave a setting alone."""

    surfaces: tuple[str, ...] | None = None  # empty: everything
    severity: Severity | None = None
    mention: str | Keep | None = KEEP  # None: nobody
    mention_from: Severity | Keep = KEEP
    thread_only: frozenset[EventKind] | Keep = KEEP
    quiet: QuietHours | Keep | None = KEEP  # None: no quiet hours

    async def apply(self, commands: Commands, request: Request) -> Answer:
        """Subscribe the request's channel accordingly."""
        return await commands.subscribe(
            request,
            surfaces=self.surfaces,
            severity=self.severity,
            mention=self.mention,
            mention_from=self.mention_from,
            thread_only=self.thread_only,
            quiet=self.quiet,
        )


def surface_options(catalog: Catalog, now: Subscription | None, most: int) -> list[FormOption]:
    """Return at most `most` surfaces, those of the subscription chosen."""
    watched = now.surfaces if now else frozenset()
    return [FormOption(s.id, s.label, s.id in watched) for s in catalog.surfaces()[:most]]


def severity_options(labels: Mapping[Severity, str], now: Subscription | None) -> list[FormOption]:
    """Return a platform's severities in its order, that of the subscription chosen."""
    present = now.severity if now else None
    return [FormOption(s.value, label, s is present) for s, label in labels.items()]
