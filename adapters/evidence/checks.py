"""Do the sources besides the pages answer, and do they know what they are asked about?"""

from __future__ import annotations

from collections.abc import AsyncIterator

from adapters.evidence.opened import open_sources
from adapters.evidence.openrouter import OpenRouter
from bot.catalog.catalog import Catalog
from bot.domain.checks import CheckResult, Health
from bot.domain.errors import SourceError
from bot.evidence.crowd import BLUESKY
from bot.evidence.sources import label_of
from bot.ports import Clock
from bot.settings import Settings


async def check_sources(
    settings: Settings, catalog: Catalog, clock: Clock
) -> AsyncIterator[CheckResult]:
    """Ask each source that is switched on once; OpenRouter about each model.

    Bluesky is a stream, which says nothing when asked: it is left out.

    Raises:
        SettingsError: a source is not known, or a login is only half given.
    """
    public = tuple(name for name in settings.crowd if name != BLUESKY)
    async with open_sources(settings.model_copy(update={"crowd": public}), catalog) as sources:
        for source in sources:
            label = label_of(source.name)
            models = source.models if isinstance(source, OpenRouter) else {source.name: ""}
            try:
                for _ in models:
                    await source.read(clock())
            except SourceError as error:
                advice = "What it says is unknown until it answers; nothing else depends on it."
                yield CheckResult(label, str(error), Health.WARNING, advice)
                continue
            missing = source.missing if isinstance(source, OpenRouter) else set()
            for slug in sorted(missing):
                says = f"has no model {slug}, so nothing is known of it there"
                advice = "Tell us: the catalog needs the newest version's name."
                yield CheckResult(label, says, Health.WARNING, advice)
            if len(missing) < len(models):
                yield CheckResult(label, "answers")
