"""Tells why a site cannot be seen from here: its name, the site, or this machine's own network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from adapters.http import UNANSWERED, certificate_refused

PATIENCE = 5.0  # seconds for a name or an answer (guess)
NO_ANSWER = "it gives no answer"


async def why_unseen(url: str, others: Iterable[str]) -> str:
    """Return the end of a sentence that begins with "I can't see …: ", or nothing: it answers.

    `others`: neutral addresses to compare with; without any, nothing but `url` is asked for.
    """
    async with httpx.AsyncClient(timeout=PATIENCE) as client:
        silence, *others_silent = await asyncio.gather(
            *(_silence(client, address) for address in (url, *others))
        )
    if silence != NO_ANSWER:
        return f"{silence}; see that this machine's clock is right" if silence else ""
    parts = urlsplit(url)
    if parts.scheme in getproxies() and not proxy_bypass(parts.netloc):
        says = "no answer comes through the proxy"
    elif await _resolves(parts.hostname or ""):
        says = f"its name resolves, but {NO_ANSWER}"
    else:
        says = "its name does not resolve"
    if not others_silent:
        return says
    if not all(others_silent):
        return f"{says}; other sites answer, so it is that site or what stands before it"
    return f"{says}, other sites do not answer either, so this machine is probably offline"


async def _silence(client: httpx.AsyncClient, url: str) -> str:
    """Return why nothing comes back; empty: something does."""
    try:
        async with client.stream("GET", url):
            return ""
    except (*UNANSWERED, OSError) as error:
        return certificate_refused(error) or NO_ANSWER


async def _resolves(host: str) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            return bool(await asyncio.get_running_loop().getaddrinfo(host, None))
    except (OSError, UnicodeError):  # a TimeoutError is an OSError
        return False
