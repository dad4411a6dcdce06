"""Commands around a subscription: list it, mute it, try it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from bot.commands.shared import not_subscribed, running, what_hinders
from bot.commands.types import Answer, ParsedCommand, Request, Services
from bot.domain.errors import DeliveryError
from bot.domain.message import Line, Text
from bot.messages.durations import duration
from bot.messages.help import example_message
from bot.messages.subscription import changed_message, public_line, subscriptions_message
from bot.messages.text import notice

LONGEST_MUTE = timedelta(days=30)


async def subscriptions(services: Services, request: Request, _words: ParsedCommand) -> Answer:
    channel = request.channel
    here = await services.subscriptions.get(channel)
    everywhere = services.subscriptions.of_tenant(channel.platform, channel.tenant)
    others = [one async for one in everywhere if one.channel != channel]
    now, explain = services.status.clock(), services.explain(channel)
    return Answer(subscriptions_message(here, others, services.catalog, now, explain))


async def mute(services: Services, request: Request, words: ParsedCommand) -> Answer:
    before = await services.subscriptions.get(request.channel)
    if before is None:
        return not_subscribed()
    if words.length is None:
        question = (Text("Say it like "), Text("mute 2h", code=True), Text(" (30m, 7d, …)."))
        return Answer(notice("For how long?", question, emoji="❓"))
    length = min(words.length, LONGEST_MUTE)
    now = services.status.clock()
    after = replace(before, muted_until=now + length)
    await services.subscriptions.put(after)
    note: Line = (
        Text("What was announced before still gets its end, in its thread. "),
        Text("unmute", code=True),
        Text(" ends it."),
    )
    title = f"Muted for {duration(length)}"
    if length < words.length:
        title += ", the longest that there is"
    explain = services.explain(request.channel)
    message = changed_message(title, after, services.catalog, now, explain, notes=(note,))
    return Answer(message, public_line(request.user_name, f"muted me here for {duration(length)}"))


async def unmute(services: Services, request: Request, _words: ParsedCommand) -> Answer:
    now, explain = services.status.clock(), services.explain(request.channel)
    before = await services.subscriptions.get(request.channel)
    if before is None:
        return not_subscribed()
    if not before.is_muted(now):
        title = "Nothing changed: this channel was not muted"
        return Answer(changed_message(title, before, services.catalog, now, explain))
    after = replace(before, muted_until=None)
    going_on = await running(services, after)
    await services.subscriptions.put(after, behind=[incident.key for incident in going_on])
    message = changed_message("Unmuted", after, services.catalog, now, explain)
    return Answer(message, public_line(request.user_name, "unmuted me here"))


async def example(services: Services, request: Request, _words: ParsedCommand) -> Answer:
    """Post a marked example the way a real alert would come, so that a lack of rights shows."""
    now = services.status.clock()
    failed = "I could not post the example"
    if (problem := await what_hinders(services, request)) is not None:
        return Answer(notice(failed, problem, emoji="⚠️"))
    messenger = services.messengers[request.channel.platform]
    key = f"test/{request.user}/{now.timestamp():.3f}"
    try:
        await messenger.say(request.channel, example_message(services.catalog, now), key)
    except DeliveryError as error:
        return Answer(notice(failed, (Text(f"The platform says: {error.reason}."),), emoji="⚠️"))
    return Answer(notice("There it is: an example, posted here only", emoji="✅"))
