"""The providers that the settings name."""

from __future__ import annotations

from dataclasses import replace

from bot.catalog.catalog import Catalog, only
from bot.catalog.catalog_file import load_catalog
from bot.catalog.providers import POLL_SECONDS, Provider, generic
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
    # The catalogue's pauses are those for the usual setting, and grow with it.
    factor = settings.poll_seconds / POLL_SECONDS
    paced = {id_: replace(one, every=one.every * factor) for id_, one in providers.items()}
    return replace(catalog, providers=paced)


def usable_instead(settings: Settings, catalog: Catalog) -> tuple[str, ...]:
    """Return what the settings say can be used instead: providers and surfaces that are watched.

    Raises:
        SettingsError: one is not watched, so that nobody would know whether it works.
    """
    for name in settings.alternatives:
        known = name in catalog.providers or catalog.surface(name) is not None
        provider = catalog.providers.get(name.partition("/")[0])
        if not known and (provider is None or provider.known):
            place = settings.named("ISCLAUDEDOWN_ALTERNATIVES")
            raise SettingsError(
                f"{place}: {name} is not watched; name it in ISCLAUDEDOWN_PROVIDERS too, so that "
                "it is offered only while it works"
            )
    return settings.alternatives


def _at(provider: Provider, address: str) -> Provider:
    """The provider with its page there. Who reads of it is not shown a login in the address."""
    page = without_login(address)
    return replace(provider, page=page, source=address if address != page else "")
