"""Links to the provider's incidents, shown as our own message of them.

Somebody pastes a link to the status page; below it stands what the page says now, instead of a
preview that is as old as Slack's cache. https://docs.slack.dev/messaging/unfurling-links-in-messages
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from adapters.chat.http import Json
from adapters.slack.interaction import Body, tenant_of
from adapters.slack.render import render
from adapters.slack.responder import SlackResponder
from bot.domain.errors import DeliveryError, StoreError

log = structlog.get_logger()
MOST_LINKS = 3  # of one message (a guess): more would be taller than what was said


async def unfurl_links(responder: SlackResponder, event: Body, context: Body) -> None:
    """Put our message below each link of the event that leads to an incident we know."""
    unfurls: Json = {}
    try:
        for link in (event.get("links") or [])[:MOST_LINKS]:
            url = str(link.get("url") or "")
            if (message := await responder.commands.linked_incident(url)) is not None:
                # What a preview asks for belongs to the thread of the incident.
                unfurls[url] = {"blocks": render(replace(message, buttons=())).as_blocks}
        if not unfurls:
            return
        where = {name: event[name] for name in ("unfurl_id", "source") if event.get(name)}
        if len(where) < 2:
            where = {"channel": event.get("channel"), "ts": event.get("message_ts")}
        client = await responder.clients.of(tenant_of(context))
        await client.call("chat.unfurl", {**where, "unfurls": unfurls})
    except (DeliveryError, StoreError) as error:
        log.info("slack.unfurl_failed", reason=str(error))
