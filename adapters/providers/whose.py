"""The provider of a recorded body, by what the body says of itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from adapters.providers.fields import as_object, read_text
from bot.catalog.catalog import Catalog
from bot.catalog.providers import slug


def whose(documents: Iterator[Mapping[str, Any]], catalog: Catalog, fallback: str) -> str:
    """Return the provider's id: by page id, address or name; else made of the page's name.

    `fallback` is used if no document names its page.
    """
    for document in documents:
        page = as_object(document.get("page"))
        ids = {page.get("id"), document.get("page_id"), document.get("company_id")}
        addresses = page.get("url"), document.get("source_url"), document.get("url")
        hosts = {_host(address) for address in addresses} - {""}
        names = {document.get("service"), page.get("name")}
        for provider in catalog.providers.values():
            if provider.page_id and provider.page_id in ids:
                return provider.id
            if _host(provider.page) in hosts or provider.label in names:
                return provider.id
        if made := slug(read_text(page.get("name"))):
            return made
    return slug(fallback) or "page"


def _host(url: object) -> str:
    if not isinstance(url, str):
        return ""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
