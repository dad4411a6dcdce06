"""The settings form in use: opened, another channel picked, saved."""

from __future__ import annotations

import asyncio

import structlog
from slack_bolt.async_app import AsyncAck

from adapters.slack.interaction import Body, SlackInteraction, tenant_of
from adapters.slack.render import message_view
from adapters.slack.responder import SlackResponder
from adapters.slack.settings_view import Mistake, read_form, settings_view
from bot.commands import Answer
from bot.domain.errors import DeliveryError, StoreError
from bot.domain.message import Message
from bot.domain.subscription import Channel

log = structlog.get_logger()
# The answer to a form goes into the form itself if it is ready by then; Slack waits for 3 s.
FORM_SECONDS = 2.0


async def open_settings(
    responder: SlackResponder, asked: SlackInteraction, channel: str | None
) -> None:
    """Show the form. A trigger lives three seconds, so nothing slow stands before it."""
    try:
        now = None
        if channel:
            async with asyncio.timeout(1):
                now = await responder.subscriptions.get(Channel("slack", asked.tenant, channel))
        view = settings_view(responder.catalog, channel, now)
        client = await responder.clients.of(asked.tenant)
        await client.call("views.open", {"trigger_id": asked.trigger_id, "view": view})
    except (DeliveryError, StoreError, TimeoutError) as error:
        log.info("slack.form_failed", reason=str(error))
        sorry = "I could not open the form. Try again, or type subscribe with what you want."
        await responder.respond(asked, Answer(Message(sorry, sorry)))


async def show_picked(responder: SlackResponder, asked: SlackInteraction, channel: str) -> None:
    """Show what the channel has that was picked in the form. Best effort."""
    try:
        now = await responder.subscriptions.get(Channel("slack", asked.tenant, channel))
        view = settings_view(responder.catalog, channel, now)
        client = await responder.clients.of(asked.tenant)
        await client.call("views.update", {"view_id": asked.view_id, "view": view})
    except (DeliveryError, StoreError) as error:
        log.info("slack.form_failed", reason=str(error))


async def submit_form(
    responder: SlackResponder, ack: AsyncAck, body: Body, view: Body, context: Body
) -> None:
    """Take a form: say what is wrong with it, or subscribe accordingly.

    The answer takes the place of the form if it is still waited for.
    """
    form = read_form(view)
    if isinstance(form, Mistake):
        await ack(response_action="errors", errors={form.block: form.says})
        return
    if form.channel != view.get("private_metadata"):
        # It was filled in for another channel: nothing of this one's is overwritten unseen.
        here = Channel("slack", tenant_of(context), form.channel)
        now = await responder.subscriptions.get(here)
        shown = settings_view(responder.catalog, form.channel, now)
        await ack(response_action="update", view=shown)
        return
    user: Body = body.get("user") or {}
    asked = SlackInteraction(
        Channel("slack", tenant_of(context), form.channel),
        str(user.get("id")),
        str(user.get("name") or user.get("username") or "Somebody"),
        trigger_id=str(body.get("trigger_id") or ""),
        is_picked=True,
    )

    async def apply() -> Answer:
        return await responder.commands.subscribe(await responder.request(asked), form.change)

    saving = asyncio.create_task(responder.answer(apply, asked.picked))
    done, _ = await asyncio.wait({saving}, timeout=FORM_SECONDS)
    if not done:
        await ack()
        await responder.respond(asked, await saving)
        return
    answer = await saving
    await ack(response_action="update", view=message_view(answer.message))
    if answer.public is not None:
        await responder.announce(asked, answer.public)
