"""Commands around a subscription: list it, mute it, try it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.commands.context import Context
from bot.commands.parser import ParsedCommand
from bot.commands.shared import not_allowed, not_subscribed, running, what_hinders
from bot.commands.types import Answer, Request
from bot.domain.errors import DeliveryError
from bot.domain.message import Line, Text
from bot.messages.durations import duration
from bot.messages.example import example_message
from bot.messages.settings import changed_message, notice, public_line, subscriptions_message

LONGEST_MUTE = timedelta(days=30)


async def subscriptions(context: Context, request: Request, _words: ParsedCommand) -> Answer:
    channel = request.channel
    here = await context.subscriptions.get(channel)
    everywhere = context.subscriptions.of_tenant(channel.platform, channel.tenant)
    others = [one async for one in everywhere if one.channel != channel]
    return Answer(subscriptions_message(here, others, context.catalog, context.clock()))


async def mute(context: Context, request: Request, words: ParsedCommand) -> Answer:
    if refusal := not_allowed(request):
        return refusal
    before = await context.subscriptions.get(request.channel)
    if before is None:
        return not_subscribed()
    if words.duration is None:
        question = (Text("Say it like "), Text("mute 2h", code=True), Text(" (30m, 7d, …)."))
        return Answer(notice("For how long?", question, emoji="❓"))
    length = min(words.duration, LONGEST_MUTE)
    now = context.clock()
    after = replace(before, muted_until=now + length)
    await context.subscriptions.put(after)
    note: Line = (
        Text("What was announced before still gets its end, in its thread. "),
        Text("unmute", code=True),
        Text(" ends it."),
    )
    title = f"Muted for {duration(length)}"
    if length < words.duration:
        title += ", the longest that there is"
    card = changed_message(title, after, context.catalog, now, notes=(note,))
    return Answer(card, public_line(request.user_name, f"muted me here for {duration(length)}"))


async def unmute(context: Context, request: Request, _words: ParsedCommand) -> Answer:
    if refusal := not_allowed(request):
        return refusal
    now = context.clock()
    before = await context.subscriptions.get(request.channel)
    if before is None:
        return not_subscribed()
    if not before.is_muted(now):
        title = "Nothing changed: this channel was not muted"
        return Answer(changed_message(title, before, context.catalog, now))
    after = replace(before, muted_until=None)
    going_on = await running(context, after)
    await context.subscriptions.put(after, behind=[incident.key for incident in going_on])
    card = changed_message("Unmuted", after, context.catalog, now)
    return Answer(card, public_line(request.user_name, "unmuted me here"))


async def example(context: Context, request: Request, _words: ParsedCommand) -> Answer:
    """Post a marked example the way a real alert would come, so that a lack of rights shows."""
    if refusal := not_allowed(request):
        return refusal
    now = context.clock()
    failed = "I could not post the example"
    if (problem := await what_hinders(context, request)) is not None:
        return Answer(notice(failed, problem, emoji="⚠️"))
    messenger = context.messengers[request.channel.platform]
    key = f"test/{request.user}/{now.timestamp():.3f}"
    try:
        await messenger.say(request.channel, example_message(context.catalog, now), key)
    except DeliveryError as error:
        return Answer(notice(failed, (Text(f"The platform says: {error.reason}."),), emoji="⚠️"))
    return Answer(notice("There it is: an example, posted here only", emoji="✅"))
