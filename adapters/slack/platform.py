"""Slack for the composition root: opened with the commands, run, closed.

`routes` are the signed requests and install pages for the HTTP server; `run` keeps the Socket Mode
connections open.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import structlog
from slack_bolt.async_app import AsyncApp
from starlette.routing import Route

from adapters.chat.http import open_session
from adapters.redis.homes import RedisHomes
from adapters.redis.keyvalue import RedisDeduplicator
from adapters.redis.store import Store
from adapters.slack.client import CONNECTIONS, TIMEOUT_SECONDS, SlackClients, web_client
from adapters.slack.errors import explain, slack_errors
from adapters.slack.home import Homes
from adapters.slack.http import slack_routes
from adapters.slack.installations import RedisInstallations, TokenCipher
from adapters.slack.interaction import Body, tenant_of
from adapters.slack.listeners import QUIET, listen
from adapters.slack.messenger import SlackMessenger
from adapters.slack.mrkdwn import mention
from adapters.slack.oauth import oauth_flow, welcome_message
from adapters.slack.responder import SlackResponder
from adapters.slack.settings import SlackSettings
from adapters.slack.socket import SocketPool, until_answered
from adapters.slack.workspaces import Authorize, OperatorWorkspace, WorkspaceDirectory
from bot.catalog.catalog import Catalog
from bot.commands import Commands
from bot.delivery.channel_lifecycle import ChannelLifecycle
from bot.domain.errors import DeliveryError, SettingsError, StoreError, TenantGone
from bot.domain.subscription import Channel
from bot.ports import Clock

__all__ = ["Slack", "explain", "mention", "open_slack"]

log = structlog.get_logger()
START_SECONDS = 5.0
# Between two questions about workspaces that nothing is sent to (guesses).
FIRST_RECHECK, LONGEST_RECHECK = 60.0, 3600.0
# Slack's word for an app-level token in the place of the bot's.
_OTHER_KIND = "not_allowed_token_type"


class Slack:
    """One app in Slack, for all its workspaces."""

    def __init__(
        self,
        options: SlackSettings,
        session: aiohttp.ClientSession,
        store: Store,
        commands: Commands,
        catalog: Catalog,
        clock: Clock,
    ) -> None:
        self._options = options
        self._session = session
        self._lifecycle = ChannelLifecycle(store.subscriptions, store.queue, clock)
        self._operator: OperatorWorkspace | None = None
        self._operator_tenant, self._operator_since = "", 0.0
        self._installations: RedisInstallations | None = None
        flow = None
        if options.bot_token:
            client = web_client(options.bot_token, options.base_url, session)
            self._operator = OperatorWorkspace(client)
        if options.installable:
            cipher = TokenCipher(options.secret_key)
            self._installations = RedisInstallations(store.database, cipher, time.monotonic)
            self._installations.when_saved(self._installed)
            flow = oauth_flow(
                options,
                store.database,
                session,
                self._installations,
                welcome=self.welcome,
                wall=time.time,
            )
        workspaces = WorkspaceDirectory(self._operator, self._installations)
        self._clients = SlackClients(workspaces, base_url=options.base_url, session=session)
        self.messenger = SlackMessenger(
            self._clients,
            monotonic=time.monotonic,
            posts_per_second=options.posts_per_second,
            # What anybody may install is distributed; off the Marketplace reading is rationed.
            rationed=options.installable,
            recovered=self._installed,
        )
        self._app = AsyncApp(
            name="isclaudedown",
            logger=QUIET,
            signing_secret=options.signing_secret,  # empty: Socket Mode only
            client=web_client(None, options.base_url, session),
            authorize=Authorize(workspaces),  # type: ignore[arg-type]  # bolt's own may return None too
            oauth_flow=flow,
            raise_error_for_unhandled_request=True,  # answered in `listeners`
        )
        responder = SlackResponder(
            platform="slack",
            commands=commands,
            subscriptions=store.subscriptions,
            lifecycle=self._lifecycle,
            deduplicator=RedisDeduplicator(store.database),
            catalog=catalog,
            clock=clock,
            messenger=self.messenger,
            clients=self._clients,
            session=session,
            admins_only=options.admins_only,
        )
        self._homes = Homes(responder, RedisHomes(store.database, store.holder, clock))
        listen(self._app, responder, self._homes, self.uninstalled)
        self._sockets: SocketPool | None = None

    @property
    def routes(self) -> list[Route]:
        """For the HTTP server; empty in pure Socket Mode."""
        secret = self._options.signing_secret
        return slack_routes(self._app, secret=secret, wall=time.time, monotonic=time.monotonic)

    async def start(self) -> None:
        """Find out whose token it is, if Slack answers in time; `run` goes on asking.

        Raises:
            SettingsError: Slack does not accept the bot token.
        """
        if self._operator is None:
            return
        try:
            async with asyncio.timeout(START_SECONDS):
                await self._operator.identify()
        except (DeliveryError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            if isinstance(error, TenantGone) or reason == _OTHER_KIND:
                raise SettingsError(
                    f"SLACK_BOT_TOKEN is not accepted by Slack ({reason}): copy the Bot User "
                    "OAuth Token (xoxb-…) again from OAuth & Permissions at api.slack.com/apps"
                ) from None
            log.warning("slack.unreachable", reason=reason)

    async def run(self) -> None:
        """Keep the connections open and the homes true, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._connect())
            tasks.create_task(self._homes.run())
            tasks.create_task(self._watch_silenced())

    async def _connect(self) -> None:
        if self._operator is not None:
            workspace = await until_answered(self._operator.identify, "slack.unreachable")
            self._operator_tenant, self._operator_since = workspace.tenant, time.time()
            log.info("slack.connected", tenant=workspace.tenant)
            await self._installed(workspace.tenant)
        if self._options.app_token:
            client = web_client(None, self._options.base_url, self._session)

            async def ask_for_connection() -> None:
                with slack_errors():
                    await client.apps_connections_open(app_token=self._options.app_token)

            # The library would ask without end or word; so it begins once Slack lets us in.
            await until_answered(ask_for_connection, "slack.connection_refused")
            self._sockets = SocketPool(self._app, self._options.app_token, wall=time.time)
            await self._sockets.run()

    async def _watch_silenced(self) -> None:
        """Ask at growing intervals whether a token works that was refused."""
        pause, before = FIRST_RECHECK, frozenset[str]()
        while True:
            silenced = await self.wake_silenced()
            pause = min(pause * 2, LONGEST_RECHECK) if silenced <= before else FIRST_RECHECK
            before = silenced
            await asyncio.sleep(pause)

    async def wake_silenced(self) -> frozenset[str]:
        """Wake the workspaces whose token works again; return those that stay silent."""
        silent: set[str] = set()
        try:
            silent |= (await self._lifecycle.lost_tenants("slack")).keys()
        except StoreError as error:
            log.warning("slack.silenced_unknown", reason=str(error))
        for tenant in sorted(silent):
            try:
                await (await self._clients.of(tenant)).ask("auth.test")
            except DeliveryError:
                continue
            silent.discard(tenant)
            await self._installed(tenant)
        return frozenset(silent)

    async def is_well(self) -> bool:
        """Return whether Slack is heard, as far as that can be told."""
        return self._sockets is None or await self._sockets.are_well()

    async def _installed(self, tenant: str) -> None:
        """The workspace's token works (again): whatever was put off there may go on."""
        log.info("slack.workspace_woken", tenant=tenant)
        self._clients.forget(tenant)
        try:
            await self._lifecycle.tenant_back("slack", tenant)
        except StoreError as error:
            log.warning("slack.wake_failed", tenant=tenant, reason=str(error))

    async def welcome(self, tenant: str, user: str) -> None:
        """Write the first steps to who installed the app."""
        alone = await self.messenger.direct(Channel("slack", tenant, user), user)
        key = f"welcome/{tenant}/{user}/{int(time.time())}"
        await self.messenger.say(alone, welcome_message(alone.id), key)

    async def uninstalled(self, context: Body, at: float) -> bool:
        """Forget the workspace's token, unless it came after `at` (told late, installed anew)."""
        tenant = tenant_of(context)
        if self._installations is not None and not await self._installations.ended(tenant, at):
            return False
        return tenant != self._operator_tenant or int(self._operator_since) <= at


@asynccontextmanager
async def open_slack(
    options: SlackSettings, store: Store, commands: Commands, catalog: Catalog, clock: Clock
) -> AsyncIterator[Slack]:
    """Open the app; it is heard once `run` runs and `routes` are served.

    Raises:
        SettingsError: the options cannot work together, or Slack does not accept the token.
    """
    options.check()
    async with open_session(connections=CONNECTIONS, seconds=TIMEOUT_SECONDS) as session:
        slack = Slack(options, session, store, commands, catalog, clock)
        await slack.start()
        yield slack
