"""Whose page is this? From what a recorded body says of itself, for files that do not say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from bot.catalog.catalog import Catalog, slug


def whose(documents: Iterator[Mapping[str, Any]], catalog: Catalog, fallback: str) -> str:
    """The provider's id: by page id, address or name; else made of the page's name.

    `fallback` is used if no document names its page.
    """
    for document in documents:
        if found := _known(document, catalog):
            return found
        page = document.get("page")
        if isinstance(page, dict) and isinstance(page.get("name"), str) and slug(page["name"]):
            return slug(page["name"])
    return slug(fallback) or "page"


def _known(document: Mapping[str, Any], catalog: Catalog) -> str | None:
    page = document.get("page")
    page = page if isinstance(page, dict) else {}
    ids = {page.get("id"), document.get("page_id"), document.get("company_id")}
    hosts = {_host(page.get("url")), _host(document.get("source_url")), _host(document.get("url"))}
    names = {document.get("service"), page.get("name")}
    for provider in catalog.providers.values():
        if provider.page_id and provider.page_id in ids:
            return provider.id
        if _host(provider.page) in hosts - {""} or provider.label in names:
            return provider.id
    return None


def _host(url: object) -> str:
    if not isinstance(url, str):
        return ""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""
