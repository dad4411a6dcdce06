"""Events of channels and workspaces that come and go."""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable

import structlog
from slack_bolt.async_app import AsyncApp

from adapters.slack.interaction import Body, tenant_of
from adapters.slack.responder import SlackResponder
from bot.domain.errors import StoreError
from bot.domain.subscription import Channel

log = structlog.get_logger()
ANYTHING = re.compile(".*", re.DOTALL)

LOST = {
    "channel_archive": "the channel was archived",
    "group_archive": "the channel was archived",
    "channel_deleted": "the channel was deleted",
    "group_deleted": "the channel was deleted",
    "channel_left": "I was removed from the channel; /invite @isclaudedown brings me back",
    "group_left": "I was removed from the channel; /invite @isclaudedown brings me back",
}
BACK = frozenset({"channel_unarchive", "group_unarchive", "channel_joined", "group_joined"})

# The same told of a member, where that is the bot.
OF_ME = {"member_left_channel": "channel_left", "member_joined_channel": "channel_joined"}
ENDED = {
    "app_uninstalled": "the app was uninstalled",
    "tokens_revoked": "the app's token was revoked",
}

# Gets the context of a workspace whose tokens ended, and when (seconds since the epoch); False:
# the app was installed there anew since.
Uninstalled = Callable[[Body, float], Awaitable[bool]]


def listen_to_slack(app: AsyncApp, responder: SlackResponder, uninstalled: Uninstalled) -> None:
    @app.event(ANYTHING)
    async def on_event(body: Body, event: Body, context: Body) -> None:
        if not await responder.is_new(str(body.get("event_id") or "")):
            return
        try:
            await _take_event(responder, event, body, context, uninstalled)
        except StoreError as error:
            log.warning("slack.event_lost", type=event.get("type"), reason=str(error))


async def _take_event(
    responder: SlackResponder, event: Body, body: Body, context: Body, uninstalled: Uninstalled
) -> None:
    lifecycle = responder.lifecycle
    tenant, kind = tenant_of(context), str(event.get("type"))
    channel = event.get("channel")
    where = Channel(
        "slack", tenant, str(channel.get("id") if isinstance(channel, dict) else channel)
    )
    if event.get("user") == (context.get("bot_user_id") or "nobody"):
        kind = OF_ME.get(kind, kind)
    if kind in ENDED:
        is_ours = kind == "app_uninstalled" or (event.get("tokens") or {}).get("bot")
        # When it happened: Slack tells late, and again, what it could not tell at once.
        at = body.get("event_time")
        at = float(at) if isinstance(at, int | float) else math.inf
        if is_ours and await uninstalled(context, at):
            log.info("slack.workspace_ended", tenant=tenant, reason=ENDED[kind])
            await lifecycle.tenant_lost("slack", tenant, ENDED[kind])
            responder.clients.forget(tenant)
    elif kind == "channel_id_changed":
        old, new = (str(event.get(f"{age}_channel_id")) for age in ("old", "new"))
        await lifecycle.moved(Channel("slack", tenant, old), Channel("slack", tenant, new))
    elif kind in LOST:
        await lifecycle.lost(where, LOST[kind])
    elif kind in BACK:
        await lifecycle.back(where)
