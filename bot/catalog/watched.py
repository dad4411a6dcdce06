"""The providers that the settings name."""

from __future__ import annotations

from dataclasses import replace

from bot.catalog.catalog import Catalog, generic, load_catalog, only
from bot.catalog.providers import Provider
from bot.domain.errors import SettingsError
from bot.setting_values import without_login
from bot.settings import Settings


def watched_catalog(settings: Settings) -> Catalog:
    """The providers that the settings name, and the pages that they give by URL.

    Raises:
        SettingsError: a provider is unknown, or a page has the name of one.
    """
    try:
        catalog = only(load_catalog(), settings.providers)
    except SettingsError as error:
        raise SettingsError(f"{settings.named('ISCLAUDEDOWN_PROVIDERS')}: {error}") from None
    providers = dict(catalog.providers)
    if settings.page_url and settings.providers:
        first = next(iter(providers))
        providers[first] = _at(providers[first], settings.page_url)
    for name, url in settings.pages.items():
        if name in providers:
            place = settings.named("ISCLAUDEDOWN_PAGES")
            raise SettingsError(f"{place}: {name} is a provider's name; take another")
        providers[name] = _at(generic(name, label=name), url)
    if not providers:
        place = settings.named("ISCLAUDEDOWN_PROVIDERS")
        raise SettingsError(f"{place} names no provider, so nothing is watched")
    return Catalog(providers)


def _at(provider: Provider, address: str) -> Provider:
    """The provider with its page there. Who reads of it is not shown a login in the address."""
    page = without_login(address)
    return replace(provider, page=page, source=address if address != page else "")
