"""The providers that the settings name."""

from __future__ import annotations

from dataclasses import replace

from bot.catalog.catalog import Catalog, generic, load_catalog, only
from bot.domain.errors import SettingsError
from bot.settings import Settings


def watched_catalog(settings: Settings) -> Catalog:
    """The providers that the settings name, and the pages that they give by URL.

    Raises:
        SettingsError: a provider is unknown, or a page has the name of one.
    """
    try:
        catalog = only(load_catalog(), settings.providers)
    except SettingsError as error:
        raise SettingsError(f"ISCLAUDEDOWN_PROVIDERS: {error}") from None
    providers = dict(catalog.providers)
    if settings.page_url and settings.providers:
        first = next(iter(providers))
        providers[first] = replace(providers[first], page=settings.page_url, source="")
    for name, url in settings.pages.items():
        if name in providers:
            raise SettingsError(f"ISCLAUDEDOWN_PAGES: {name} is a provider's name; take another")
        providers[name] = generic(name, page=url, label=name)
    if not providers:
        raise SettingsError("ISCLAUDEDOWN_PROVIDERS names no provider, so nothing is watched")
    return Catalog(providers)
