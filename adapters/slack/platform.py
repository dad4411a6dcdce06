"""Slack as one thing for the composition root: opened, given the commands, run, closed.

`listen` comes once the commands exist, `start` says at once if the token is not good, `routes`
are the signed requests and install pages for the HTTP server, `run` keeps the sockets open.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog
from starlette.routing import Route

from adapters.redis.database import Database
from adapters.redis.deduplicator import RedisDeduplicator
from adapters.slack.app import build_app
from adapters.slack.directory import OperatorWorkspace, WorkspaceDirectory
from adapters.slack.errors import slack_errors
from adapters.slack.http import slack_routes
from adapters.slack.installations import RedisInstallations, RedisStates
from adapters.slack.messenger import SlackMessenger
from adapters.slack.oauth import oauth_flow
from adapters.slack.responder import Responder, tenant_of
from adapters.slack.settings import SlackSettings
from adapters.slack.socket import SocketPool
from adapters.slack.tokens import TokenCipher
from adapters.slack.workspaces import open_session, web_client
from bot.catalog.catalog import Catalog
from bot.commands import Commands
from bot.delivery.channel_lifecycle import ChannelLifecycle
from bot.domain.errors import DeliveryError, SettingsError, StoreError, TenantGone
from bot.ports import Clock, Subscriptions

if TYPE_CHECKING:
    import aiohttp
    from slack_bolt.async_app import AsyncApp

log = structlog.get_logger()
FIRST_RETRY, LONGEST_RETRY = 2.0, 60.0
START_SECONDS = 5.0
# Slack's word for an app-level token in the place of the bot's.
_OTHER_KIND = "not_allowed_token_type"


class Slack:
    """One connection to Slack, for all workspaces. `wall` is the wall clock in seconds."""

    def __init__(
        self,
        options: SlackSettings,
        database: Database,
        session: aiohttp.ClientSession,
        *,
        monotonic: Callable[[], float],
        wall: Callable[[], float],
    ) -> None:
        self._options = options
        self._database = database
        self._session = session
        self._wall = wall
        self._installations = (
            RedisInstallations(database, TokenCipher(options.secret_key), monotonic)
            if options.installable
            else None
        )
        self.own = (
            OperatorWorkspace(web_client(options.bot_token, options.base_url, session))
            if options.bot_token
            else None
        )
        self._workspaces = WorkspaceDirectory(self.own, self._installations)
        self.messenger = SlackMessenger(
            self._workspaces,
            base_url=options.base_url,
            session=session,
            monotonic=monotonic,
            posts_per_second=options.posts_per_second,
            # What anybody may install is distributed; off the Marketplace reading is rationed.
            rationed=options.installable,
        )
        self._own_tenant, self._own_since = "", 0.0
        self._reach: ChannelLifecycle | None = None
        self._app: AsyncApp | None = None
        self._sockets: SocketPool | None = None

    def listen(
        self,
        commands: Commands,
        *,
        subscriptions: Subscriptions,
        reach: ChannelLifecycle,
        catalog: Catalog,
        clock: Clock,
    ) -> None:
        """Connect the listeners; `routes` and `run` work from then on."""
        options = self._options
        responder = Responder(
            commands,
            self.messenger,
            subscriptions,
            reach,
            RedisDeduplicator(self._database),
            catalog,
            clock,
            self._session,
            options.admins_only,
        )
        flow = None
        if self._installations is not None:
            self._installations.when_saved(self._installed)
            flow = oauth_flow(
                client_id=options.client_id,
                client_secret=options.client_secret,
                base_url=options.base_url,
                session=self._session,
                installations=self._installations,
                states=RedisStates(self._database),
                admins_only=options.admins_only,
            )
        self._reach = reach
        self._app = build_app(
            responder,
            self._workspaces,
            base_url=options.base_url,
            signing_secret=options.signing_secret,
            uninstalled=self._uninstalled,
            oauth_flow=flow,
        )

    @property
    def routes(self) -> list[Route]:
        """For the HTTP server; empty in pure Socket Mode."""
        if self._app is None:
            return []
        return slack_routes(self._app, signed=bool(self._options.signing_secret))

    async def start(self) -> None:
        """Find out whose token it is, if Slack answers in time; `run` goes on asking.

        Raises:
            SettingsError: Slack does not accept the bot token.
        """
        if self.own is None:
            return
        try:
            async with asyncio.timeout(START_SECONDS):
                await self.own.identify()
        except (DeliveryError, TimeoutError) as error:
            reason = str(error) or type(error).__name__
            if isinstance(error, TenantGone) or reason == _OTHER_KIND:
                raise SettingsError(
                    f"SLACK_BOT_TOKEN is not accepted by Slack ({reason}): copy the Bot User "
                    "OAuth Token (xoxb-…) again from OAuth & Permissions at api.slack.com/apps"
                ) from None
            log.warning("slack.unreachable", reason=reason)

    async def run(self) -> None:
        """Keep the sockets open, until cancelled."""
        if self.own is not None:
            await self._identify(self.own)
        if self._app is not None and self._options.app_token:
            await self._be_let_in()
            self._sockets = SocketPool(self._app, self._options.app_token, wall=self._wall)
            await self._sockets.run()

    async def is_well(self) -> bool:
        """Whether we hear Slack, as far as that can be told."""
        return self._sockets is None or await self._sockets.are_well()

    async def _identify(self, own: OperatorWorkspace) -> None:
        """Ask until Slack answers: it may be away when we start."""
        pause = FIRST_RETRY
        while True:
            try:
                workspace = await own.identify()
                break
            except DeliveryError as error:
                log.warning("slack.unreachable", reason=error.reason, again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_RETRY)
        self._own_tenant, self._own_since = workspace.tenant, self._wall()
        log.info("slack.connected", tenant=workspace.tenant)
        await self._installed(workspace.tenant)

    async def _be_let_in(self) -> None:
        """Ask for a connection until Slack gives one: the library would ask without end or word."""
        client = web_client(None, self._options.base_url, self._session)
        pause = FIRST_RETRY
        while True:
            try:
                with slack_errors():
                    await client.apps_connections_open(app_token=self._options.app_token)
            except DeliveryError as error:
                log.warning("slack.socket_refused", reason=error.reason, again_in=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_RETRY)
            else:
                return

    async def _installed(self, tenant: str) -> None:
        """The workspace's token works (again): whatever was put off there may go on."""
        self.messenger.forget(tenant)
        if self._reach is None:
            return
        try:
            await self._reach.tenant_back("slack", tenant)
        except StoreError as error:
            log.warning("slack.wake_failed", tenant=tenant, reason=str(error))

    async def _uninstalled(self, context: Any, at: float) -> bool:  # noqa: ANN401 - bolt's context
        """Forget the workspace's token, unless it came after `at` (told late, installed anew)."""
        tenant = tenant_of(context)
        if self._installations is not None and not await self._installations.ended(tenant, at):
            return False
        return tenant != self._own_tenant or int(self._own_since) <= at


@asynccontextmanager
async def open_slack(
    options: SlackSettings,
    database: Database,
    *,
    monotonic: Callable[[], float],
    wall: Callable[[], float],
) -> AsyncIterator[Slack]:
    """Open what Slack needs. Nothing is asked of Slack before `run`.

    Raises:
        SettingsError: the options cannot work together.
    """
    options.check()
    async with open_session() as session:
        yield Slack(options, database, session, monotonic=monotonic, wall=wall)
