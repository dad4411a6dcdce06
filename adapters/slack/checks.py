"""Checks of Slack for `doctor`: token, scopes, socket, and what is missing by name."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp

from adapters.chat.http import open_session
from adapters.slack.channels import can_read
from adapters.slack.client import (
    CONNECTIONS,
    TIMEOUT_SECONDS,
    SlackClient,
    Workspace,
    identify,
    web_client,
)
from adapters.slack.errors import SlackUnreachable, slack_errors
from adapters.slack.installations import TokenCipher
from adapters.slack.manifest import OPTIONAL, SCOPES
from adapters.slack.settings import SlackSettings
from bot.domain.checks import CheckResult, Health
from bot.domain.errors import (
    DeliveryError,
    RateLimited,
    SettingsError,
    StoreError,
    TenantGone,
    TenantPaused,
    Uncertain,
)
from bot.ports import Subscriptions

# One call each, of which Slack takes about 50 a minute.
MOST_CHANNELS = 50
_REINSTALL = (
    "Add the scopes under OAuth & Permissions at api.slack.com/apps (or paste the manifest that "
    "`isclaudedown slack manifest` prints), then reinstall the app to the workspace."
)
_AWAY = "Is slack.com reachable from here? Behind a proxy set HTTPS_PROXY; see SLACK_API_URL too."


async def check_slack(
    options: SlackSettings, subscriptions: Subscriptions | None = None
) -> AsyncIterator[CheckResult]:
    """Yield what the settings name, looked at; nothing is posted. Never raises.

    `subscriptions`: the channels to look at; None: the store cannot be read.
    """
    if not options.is_configured:
        return
    try:
        options.check()
        if options.installable:
            TokenCipher(options.secret_key)
            yield CheckResult("slack install", f"installable by client id {options.client_id}")
    except SettingsError as error:
        yield CheckResult("slack", str(error), Health.BROKEN, "See docs/slack.md.")
        return
    async with open_session(connections=CONNECTIONS, seconds=TIMEOUT_SECONDS) as session:
        if options.bot_token:
            async for result in _bot_checks(options, session, subscriptions):
                yield result
        if options.app_token:
            yield await _socket_check(options, session)
    if options.signing_secret:
        yield CheckResult("slack requests", "a signing secret is set; requests are served by HTTP")


async def _bot_checks(
    options: SlackSettings, session: aiohttp.ClientSession, subscriptions: Subscriptions | None
) -> AsyncIterator[CheckResult]:
    try:
        workspace = await identify(web_client(options.bot_token, options.base_url, session))
    except (TenantGone, TenantPaused) as error:
        advice = "Copy the Bot User OAuth Token (xoxb-…) again from OAuth & Permissions."
        yield CheckResult("slack token", f"SLACK_BOT_TOKEN: {error.reason}", Health.BROKEN, advice)
        return
    except DeliveryError as error:
        yield CheckResult("slack token", f"no answer ({error.reason})", Health.BROKEN, _AWAY)
        return
    name = workspace.name or workspace.tenant
    yield CheckResult("slack token", f"speaks for {name} ({workspace.tenant})")
    yield scopes_result(workspace, admins_only=options.admins_only)
    if subscriptions is not None:
        client = SlackClient(workspace, options.base_url, session)
        async for result in _channel_checks(client, subscriptions):
            yield result


async def _channel_checks(
    client: SlackClient, subscriptions: Subscriptions
) -> AsyncIterator[CheckResult]:
    """Yield at most one result: the subscribed channels that cannot be read back."""
    tenant, checked, unreadable = client.workspace.tenant, 0, []
    try:
        async for subscription in subscriptions.of_tenant("slack", tenant):
            if checked == MOST_CHANNELS:
                break
            checked += 1
            if not await can_read(client, subscription.channel.id):
                unreadable.append(subscription.channel.id)
    except (DeliveryError, StoreError) as error:
        says = f"could not be looked at ({error})"
        yield CheckResult("slack channels", says, Health.WARNING, "Try again later.")
        return
    if unreadable:
        says = f"it is no member of {', '.join(unreadable)}: after a lost answer it cannot look"
        advice = "Type /invite @isclaudedown there; in a public one subscribe again."
        yield CheckResult("slack channels", says, Health.WARNING, advice)
    elif checked:
        yield CheckResult("slack channels", f"{checked} subscribed, all can be read back")


def scopes_result(workspace: Workspace, *, admins_only: bool) -> CheckResult:
    """Return what was not granted, by name, and what it is for."""
    if workspace.scopes is None:
        return CheckResult("slack scopes", "Slack does not say which", Health.WARNING, _REINSTALL)
    optional = OPTIONAL - {"users:read"} if admins_only else OPTIONAL
    missing = [scope for scope in SCOPES if scope not in workspace.scopes]
    needed = [scope for scope in missing if scope not in optional]
    if not missing:
        return CheckResult("slack scopes", "all that are used are granted")
    says = "missing " + "; ".join(f"{scope} ({SCOPES[scope]})" for scope in needed or missing)
    return CheckResult(
        "slack scopes", says, Health.BROKEN if needed else Health.WARNING, _REINSTALL
    )


async def _socket_check(options: SlackSettings, session: aiohttp.ClientSession) -> CheckResult:
    """Ask for a connection's address; it is not used."""
    client = web_client(None, options.base_url, session)
    try:
        with slack_errors():
            await client.apps_connections_open(app_token=options.app_token)
    except RateLimited:
        return CheckResult("slack socket", "asked too often just now", Health.WARNING, "Try later.")
    except (SlackUnreachable, Uncertain) as error:
        return CheckResult("slack socket", f"no answer ({error.reason})", Health.BROKEN, _AWAY)
    except DeliveryError as error:
        advice = (
            "Make an app-level token (xapp-…) with the scope connections:write under Basic "
            "Information, and switch Socket Mode on."
        )
        return CheckResult(
            "slack socket", f"SLACK_APP_TOKEN: {error.reason}", Health.BROKEN, advice
        )
    return CheckResult("slack socket", "Slack gives us connections")
