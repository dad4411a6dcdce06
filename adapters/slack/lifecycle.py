"""What Slack tells of channels and workspaces that come and go, and everything nobody asked for."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.error import BoltUnhandledRequestError
from slack_bolt.response import BoltResponse

from adapters.slack.listeners import ANYTHING
from adapters.slack.responder import Responder, log, tenant_of
from bot.domain.errors import StoreError
from bot.domain.subscription import Channel

Body = Mapping[str, Any]
Uninstalled = Callable[[Body, float], Awaitable[bool]]

LOST = {
    "channel_archive": "the channel was archived",
    "group_archive": "the channel was archived",
    "channel_deleted": "the channel was deleted",
    "group_deleted": "the channel was deleted",
    "channel_left": "I was removed from the channel; /invite @isclaudedown brings me back",
    "group_left": "I was removed from the channel; /invite @isclaudedown brings me back",
}
BACK = frozenset({"channel_unarchive", "group_unarchive", "channel_joined", "group_joined"})


def listen_to_slack(app: AsyncApp, responder: Responder, uninstalled: Uninstalled) -> None:
    """Register the listeners for events, and those that leave nothing unacknowledged.

    `uninstalled` gets the context of a workspace whose tokens ended, and when (seconds since the
    epoch); it says False if the app was installed there anew since.
    """

    @app.event(ANYTHING)
    async def on_event(body: Body, event: Body, context: Body) -> None:
        if not await responder.is_new(str(body.get("event_id") or "")):
            return
        try:
            await _happened(responder, event, body, context, uninstalled)
        except StoreError as error:
            log.warning("slack.event_lost", type=event.get("type"), reason=str(error))

    async def ignore(ack: AsyncAck) -> None:
        await ack()

    app.action(ANYTHING)(ignore)
    app.view_submission(ANYTHING)(ignore)
    app.view_closed(ANYTHING)(ignore)
    app.shortcut(ANYTHING)(ignore)
    app.options(ANYTHING)(ignore)

    @app.error
    async def on_error(error: Exception, body: Body) -> BoltResponse | None:
        if isinstance(error, BoltUnhandledRequestError):
            # Nothing we know (app_rate_limited has no event in it): taken all the same, for Slack
            # sends again what is not, and counts it against the app.
            log.warning("slack.not_understood", type=body.get("type"))
            return BoltResponse(status=200, body="")
        # The type alone: an error's text may quote what somebody wrote.
        log.error("slack.listener_failed", error=type(error).__name__, type=body.get("type"))
        return None


async def _happened(
    responder: Responder, event: Body, body: Body, context: Body, uninstalled: Uninstalled
) -> None:
    tenant = tenant_of(context)
    kind = str(event.get("type"))
    match kind:
        case "app_uninstalled":
            if await uninstalled(context, _time_of(body)):
                await _ended(responder, tenant, "the app was uninstalled")
        case "tokens_revoked" if (event.get("tokens") or {}).get("bot"):
            if await uninstalled(context, _time_of(body)):
                await _ended(responder, tenant, "the app's token was revoked")
        case "channel_id_changed":
            old, new = str(event.get("old_channel_id")), str(event.get("new_channel_id"))
            await responder.reach.moved(
                Channel("slack", tenant, old), Channel("slack", tenant, new)
            )
        case "member_left_channel" if _is_me(event, context):
            await responder.reach.lost(_place(tenant, event), LOST["channel_left"])
        case "member_joined_channel" if _is_me(event, context):
            await responder.reach.back(_place(tenant, event))
        case _ if kind in LOST:
            await responder.reach.lost(_place(tenant, event), LOST[kind])
        case _ if kind in BACK:
            await responder.reach.back(_place(tenant, event))


async def _ended(responder: Responder, tenant: str, reason: str) -> None:
    log.info("slack.workspace_ended", tenant=tenant, reason=reason)
    await responder.reach.tenant_lost("slack", tenant, reason)
    responder.messenger.forget(tenant)


def _time_of(body: Body) -> float:
    """When it happened: Slack tells late, and again, what it could not tell at once."""
    at = body.get("event_time")
    return float(at) if isinstance(at, int | float) else math.inf


def _is_me(event: Body, context: Body) -> bool:
    me = context.get("bot_user_id")
    return me is not None and event.get("user") == me


def _place(tenant: str, event: Body) -> Channel:
    """The channel of an event: an id, or an object with one."""
    channel = event.get("channel")
    id_ = channel.get("id") if isinstance(channel, Mapping) else channel
    return Channel("slack", tenant, str(id_))
