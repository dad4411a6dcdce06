"""Quiet hours: set, shown, ended."""

from __future__ import annotations

from dataclasses import replace

from bot.catalog.times import EXAMPLE, TimesError, is_off, read_quiet
from bot.commands.shared import not_subscribed, running
from bot.commands.types import Answer, ParsedCommand, Request, Services
from bot.domain.message import Line, Text
from bot.messages.subscription import changed_message, public_line
from bot.messages.text import notice


async def quiet(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """`quiet 22:00-07:00 Europe/Berlin weekdays except major`, `quiet off`, or what there is."""
    before = await services.subscriptions.get(request.channel)
    if before is None:
        return not_subscribed()
    how: Line = (Text("Say it like "), Text(EXAMPLE, code=True), Text(", or "))
    how = (*how, Text("quiet off", code=True), Text("."))
    now, explain = services.status.clock(), services.explain(request.channel)
    if not words.arguments:
        title = f"Quiet hours: {before.quiet.words}" if before.quiet else "There are no quiet hours"
        message = changed_message(title, before, services.catalog, now, explain, notes=(how,))
        return Answer(message)
    if is_off(words.arguments):
        hours = None
    else:
        try:
            hours = read_quiet(words.arguments, before.zone)
        except TimesError as error:
            return Answer(notice(f"{error} (nothing was changed)", how, emoji="❓"))
    if hours == before.quiet:
        title = "Nothing changed: these are the quiet hours" if hours else "There are none already"
        return Answer(changed_message(title, before, services.catalog, now, explain))
    after = replace(before, quiet=hours)
    # What was put off by hours that end with this is told now.
    going_on = [] if hours else await running(services, after)
    await services.subscriptions.put(after, behind=[incident.key for incident in going_on])
    title = f"Quiet hours: {hours.words}" if hours else "No quiet hours any more"
    note: Line = (
        Text("Nothing is dropped: what still goes on at their end is one message then. "),
        Text("quiet off", code=True),
        Text(" ends them."),
    )
    notes = (note,) if hours else ()
    message = changed_message(title, after, services.catalog, now, explain, notes=notes)
    did = f"set quiet hours here: {hours.words}" if hours else "ended the quiet hours here"
    return Answer(message, public_line(request.user_name, did))
