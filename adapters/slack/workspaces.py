"""Which token speaks for which workspace.

A tenant is a team id, or the id of an Enterprise organisation where the app is installed for all
of it: channel ids are unique within either.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Protocol

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.errors import slack_errors

TIMEOUT_SECONDS = 10
# slack_sdk compares a logger's own level: one without (NOTSET) makes it format every request and
# answer for a debug line that nobody sees. That costs a third of a post.
_QUIET = logging.getLogger("adapters.slack.client")
_QUIET.setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Workspace:
    """An installation as far as sending needs it. `scopes` None: not known."""

    tenant: str
    token: str
    bot_user: str = ""
    name: str = ""
    org: bool = False
    scopes: frozenset[str] | None = None

    def __repr__(self) -> str:
        return f"Workspace({self.tenant})"

    def may(self, scope: str) -> bool:
        """Whether `scope` was granted; unknown counts as yes, Slack will say."""
        return self.scopes is None or scope in self.scopes


class Workspaces(Protocol):
    """Finds the installation of a tenant."""

    async def find(self, tenant: str) -> Workspace:
        """Look it up; cached by the implementation.

        Raises:
            TenantGone: the app is not installed there.
        """
        ...


def open_session(connections: int = 512) -> aiohttp.ClientSession:
    """The one HTTP session that all workspaces share.

    It doubles the rate of slack_sdk, which would open a session for every call, and its time
    limit is the only one that holds: slack_sdk applies its own to sessions of its own.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=connections, ttl_dns_cache=300),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS, connect=TIMEOUT_SECONDS / 2),
    )


def web_client(
    token: str | None, base_url: str, session: aiohttp.ClientSession | None
) -> AsyncWebClient:
    """A client that never repeats a request by itself: whether to repeat is the core's question."""
    return AsyncWebClient(
        token=token,
        base_url=base_url,
        session=session,
        timeout=TIMEOUT_SECONDS,
        retry_handlers=[],
        logger=_QUIET,
    )


async def identify(client: AsyncWebClient) -> Workspace:
    """Ask Slack whose token `client` has.

    Raises:
        DeliveryError: TenantGone for a token that is not good; others as sending would.
    """
    with slack_errors():
        answer = await client.auth_test()
    org = bool(answer.get("is_enterprise_install"))
    tenant = str(answer.get("enterprise_id") if org else answer.get("team_id"))
    return Workspace(
        tenant=tenant,
        token=client.token or "",
        bot_user=str(answer.get("user_id") or ""),
        name=str(answer.get("team") or ""),
        org=org,
        scopes=granted(answer.headers),
    )


def granted(headers: object) -> frozenset[str] | None:
    """The scopes that Slack names in the header of every answer; None if it does not."""
    items = headers.items() if hasattr(headers, "items") else ()
    for name, value in items:
        if str(name).lower() == "x-oauth-scopes":
            joined = value if isinstance(value, str) else ",".join(value)
            return frozenset(part.strip() for part in joined.split(",") if part.strip())
    return None
