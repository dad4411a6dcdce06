"""A prober over a client of its own."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import httpx

from adapters.http import no_cookies
from adapters.probes.http import TIMEOUT, HttpProbe
from bot import __version__
from bot.catalog.catalog import Catalog
from bot.catalog.targets import Target, load_targets
from bot.domain.errors import SettingsError
from bot.evidence.stores import ProbeStore
from bot.loops.prober import Prober
from bot.ports import Clock
from bot.settings import Settings

CONNECTIONS = 16
# Says honestly who asks, and that it is no person.
AGENT = f"isclaudedown/{__version__} (status probe)"


@asynccontextmanager
async def open_prober(
    settings: Settings,
    catalog: Catalog,
    store: ProbeStore,
    clock: Clock,
    may_look: Callable[[], bool],
) -> AsyncIterator[Prober]:
    """A prober for the targets that the catalog has for what is watched; none if switched off.

    Raises:
        SettingsError: the rows of the catalog, or of the file in its place, cannot be read.
    """
    key = settings.anthropic_api_key
    # A new connection for each look: an old one may work while nobody new gets in.
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=0)
    async with httpx.AsyncClient(
        headers={"User-Agent": AGENT}, cookies=no_cookies(), limits=limits, timeout=TIMEOUT
    ) as client:
        yield Prober(
            _targets(settings, catalog),
            HttpProbe(client, key.get_secret_value() if key else None),
            store,
            clock,
            random.Random(),  # noqa: S311 (jitter, no secret)
            with_key=key is not None,
            daily_budget=settings.probe_daily_budget,
            may_look=may_look,
            interval=settings.probe_seconds,
        )


def _targets(settings: Settings, catalog: Catalog) -> list[Target]:
    if not settings.probes:
        return []
    if settings.probe_file is None:
        return load_targets(catalog)
    try:
        return load_targets(catalog, settings.probe_file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"ISCLAUDEDOWN_PROBE_FILE cannot be read: {error}") from error
