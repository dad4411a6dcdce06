"""Clients of the Web API, one a workspace: JSON by the shortest way, the rest by slack_sdk.

slack_sdk prepares each call anew (it joins the address, merges headers, reads the environment,
walks the blocks) and parses answers with json: 110 of the 250 µs that a post costs here. What it
knows of proxies, TLS and the token is taken from its client. Nothing is repeated in here: whether
to repeat is the core's question.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import aiohttp
from multidict import CIMultiDict
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from adapters.chat.http import Json, decode, encode
from adapters.slack.errors import of_answer, slack_errors
from bot.domain.errors import DeliveryError, TenantGone, TenantPaused

TIMEOUT_SECONDS = 10
MOST_CONVERSATIONS = 5_000  # remembered at a time (a guess); others are asked for again
CONNECTIONS = 512  # a guess: more than one process has been seen to need
# slack_sdk compares a logger's own level: one without (NOTSET) makes it format every request and
# answer for a debug line that nobody sees. That costs a third of a post.
_QUIET = logging.getLogger("adapters.slack.client")
_QUIET.setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Workspace:
    """An installation as far as sending needs it."""

    tenant: str  # a team's id, or the organisation's where the app is installed for all of it
    token: str
    bot_user: str = ""
    name: str = ""
    org: bool = False
    scopes: frozenset[str] | None = None  # None: not known

    def __repr__(self) -> str:
        return f"Workspace({self.tenant})"

    def may(self, scope: str) -> bool:
        """Return whether `scope` was granted; unknown counts as yes, Slack will say."""
        return self.scopes is None or scope in self.scopes


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer, in the shape that errors are read from."""

    status_code: int
    headers: Mapping[str, str]
    data: object


class SlackClient:
    """Calls the Web API for one workspace over a shared session."""

    def __init__(self, workspace: Workspace, base_url: str, session: aiohttp.ClientSession) -> None:
        self.workspace = workspace
        self._session = session
        self._conversations: dict[str, str] = {}
        self._web = web_client(workspace.token, base_url, session)
        # As aiohttp keeps them, so that they are not read anew for each message.
        self._headers = CIMultiDict(
            {
                **self._web.headers,
                "Authorization": f"Bearer {workspace.token}",
                "Content-Type": "application/json;charset=utf-8",
            }
        )
        self._addresses: dict[str, URL] = {}

    async def call(self, method: str, body: Json, bucket: str | None = None) -> Json:
        """Send `body` as JSON, once (chat.* and views.*).

        Raises:
            DeliveryError: as `slack_errors` says; `bucket` is named in `RateLimited`. TenantGone
                only where Slack says so of the token too; else TenantPaused.
        """
        web = self._web
        if (address := self._addresses.get(method)) is None:
            address = self._addresses[method] = URL(web.base_url + method)
        with slack_errors(bucket):
            # No `async with`, a tenth of what a call costs: an answer that is read to its end, or
            # fails, gives its connection back by itself.
            response = await self._session.post(
                address,
                data=encode(body),
                headers=self._headers,
                proxy=web.proxy,
                ssl=True if web.ssl is None else web.ssl,
            )
            raw = await response.read()
        data = decode(raw)
        if response.status == 200 and data.get("ok"):
            return data
        error = of_answer(Reply(response.status, response.headers, data), bucket)
        raise await self._confirmed(error) if isinstance(error, TenantGone) else error

    async def ask(self, method: str, **arguments: object) -> Json:
        """Send a form, as the methods that read want it: they take no JSON.

        A POST, which Slack takes for every method; not every proxy lets a GET through.

        Raises:
            DeliveryError: as `call` does.
        """
        try:
            with slack_errors():
                answer = await self._web.api_call(method, data=arguments)
        except TenantGone as gone:
            raise await self._confirmed(gone) from None
        return answer.data if isinstance(answer.data, dict) else {}

    async def direct(self, user: str) -> str:
        """Return the channel of the bot's conversation with `user`.

        Without the permission to ask it is the user's own id, which chat.postMessage alone takes.

        Raises:
            DeliveryError: Slack did not answer, or nobody can write to this user.
        """
        if (known := self._conversations.get(user)) is not None:
            return known
        if not self.workspace.may("im:write"):
            return user
        try:
            answer = await self.ask("conversations.open", users=user)
        except TenantPaused as refused:
            if refused.reason.startswith("missing_scope"):
                return user
            raise
        if len(self._conversations) >= MOST_CONVERSATIONS:
            self._conversations.clear()
        id_ = str((answer.get("channel") or {}).get("id") or user)
        self._conversations[user] = id_
        return id_

    async def _confirmed(self, gone: TenantGone) -> DeliveryError:
        """Return `gone` if Slack says the same of the token itself.

        A stray invalid_auth was seen while the token was good: that passes, and must not end the
        workspace for good.
        """
        try:
            with slack_errors():
                await self._web.auth_test()
        except TenantGone:
            return gone
        except DeliveryError:
            pass  # Slack does not say
        return TenantPaused(gone.reason)


class Workspaces(Protocol):
    """Finds the installation of a tenant."""

    async def find(self, tenant: str) -> Workspace:
        """Look it up; cached by the implementation.

        Raises:
            TenantGone: the app is not installed there.
        """
        ...


class SlackClients:
    """One client per workspace over one shared session."""

    def __init__(
        self, workspaces: Workspaces, *, base_url: str, session: aiohttp.ClientSession
    ) -> None:
        self._workspaces = workspaces
        self._base_url = base_url
        self._session = session
        self._clients: dict[str, SlackClient] = {}

    async def of(self, tenant: str) -> SlackClient:
        """Return the client of one workspace.

        Raises:
            TenantGone: the app is not installed there.
        """
        workspace = await self._workspaces.find(tenant)
        client = self._clients.get(workspace.tenant)
        if client is None or client.workspace != workspace:
            client = SlackClient(workspace, self._base_url, self._session)
            self._clients[workspace.tenant] = client
        return client

    def forget(self, tenant: str) -> None:
        """Drop the client of a workspace whose token changed or ended."""
        self._clients.pop(tenant, None)


def web_client(
    token: str | None, base_url: str, session: aiohttp.ClientSession | None
) -> AsyncWebClient:
    """Return slack_sdk's client, which here never repeats a request by itself."""
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
    return Workspace(
        tenant=str(answer.get("enterprise_id") if org else answer.get("team_id")),
        token=client.token or "",
        bot_user=str(answer.get("user_id") or ""),
        name=str(answer.get("team") or ""),
        org=org,
        scopes=granted_scopes(answer.headers),
    )


def granted_scopes(headers: object) -> frozenset[str] | None:
    """Return the scopes that Slack names in the header of every answer; None if it does not."""
    items = headers.items() if hasattr(headers, "items") else ()
    for name, value in items:
        if str(name).lower() == "x-oauth-scopes":
            joined = value if isinstance(value, str) else ",".join(value)
            return frozenset(part.strip() for part in joined.split(",") if part.strip())
    return None
