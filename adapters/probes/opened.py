"""A prober over a client of its own."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import httpx

from adapters.probes.http import TIMEOUT, HttpProbe
from bot import __version__
from bot.ports import Clock
from bot.prober import Prober
from bot.settings import Settings
from bot.targets import load_targets
from bot.witness import ProbeStore

CONNECTIONS = 16
# Says honestly who asks, and that it is no person.
AGENT = f"isclaudedown/{__version__} (status probe)"


@asynccontextmanager
async def open_prober(
    settings: Settings,
    providers: Iterable[str],
    store: ProbeStore,
    clock: Clock,
    may_look: Callable[[], bool],
) -> AsyncIterator[Prober]:
    """A prober for the targets that the catalog has for these providers; none if switched off.

    Raises:
        SettingsError: the catalog's rows cannot be read.
    """
    key = settings.anthropic_api_key
    # A new connection for each look: an old one may work while nobody new gets in.
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=0)
    async with httpx.AsyncClient(
        headers={"User-Agent": AGENT}, limits=limits, timeout=TIMEOUT
    ) as client:
        yield Prober(
            load_targets(providers) if settings.probes else [],
            HttpProbe(client, key.get_secret_value() if key else None),
            store,
            clock,
            random.Random(),  # noqa: S311 (jitter, no secret)
            with_key=key is not None,
            daily_budget=settings.probe_daily_budget,
            may_look=may_look,
        )
