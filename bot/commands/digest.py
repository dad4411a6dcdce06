"""The digest of a channel: set, shown, ended."""

from __future__ import annotations

from dataclasses import replace

from bot.catalog.times import DIGEST_EXAMPLE, TimesError, is_off, read_digest
from bot.commands.shared import not_subscribed
from bot.commands.types import Answer, ParsedCommand, Request, Services
from bot.domain.message import Line, Text, Time
from bot.messages.subscription import changed_message, public_line
from bot.messages.text import notice


async def digest(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """`digest weekly mon 9:00 Europe/Berlin even if empty`, `digest off`, or what there is."""
    before = await services.subscriptions.get(request.channel)
    if before is None:
        return not_subscribed()
    how: Line = (Text("Say it like "), Text(DIGEST_EXAMPLE, code=True), Text(", or "))
    how = (*how, Text("digest off", code=True), Text("."))
    now, explain = services.status.clock(), services.explain(request.channel)
    if not words.arguments:
        title = f"Digest: {before.digest.words}" if before.digest else "There is no digest"
        message = changed_message(title, before, services.catalog, now, explain, notes=(how,))
        return Answer(message)
    try:
        wanted = None if is_off(words.arguments) else read_digest(words.arguments, before.zone)
    except TimesError as error:
        return Answer(notice(f"{error} (nothing was changed)", how, emoji="❓"))
    if wanted == before.digest:
        title = "Nothing changed: this is the digest" if wanted else "There is none already"
        return Answer(changed_message(title, before, services.catalog, now, explain))
    after = replace(before, digest=replace(wanted, since=now) if wanted else None)
    await services.subscriptions.put(after)
    title = f"Digest: {wanted.words}" if wanted else "No digest any more"
    notes: tuple[Line, ...] = ()
    if after.digest:
        notes = ((Text("The next one comes at "), Time(after.digest.next(now), "date"), Text(".")),)
    message = changed_message(title, after, services.catalog, now, explain, notes=notes)
    did = f"set a digest here: {wanted.words}" if wanted else "ended the digest here"
    return Answer(message, public_line(request.user_name, did))
