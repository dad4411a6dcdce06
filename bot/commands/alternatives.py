"""The command `alternatives`: what a team can use while something is down."""

from __future__ import annotations

from dataclasses import replace

from bot.commands.types import Answer, ParsedCommand, Request, Services
from bot.messages.alternatives import alternatives_message, names_of
from bot.messages.subscription import public_line
from bot.messages.text import notice

MOST = 20  # names that one team can give (guess)


async def alternatives(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """Show what the team can use, or change it: names replace, signs add and take away."""
    status, owner = services.status, request.channel.owner
    if status.teams is None:
        return Answer(notice("Nothing can be kept here", emoji="⚠️"))
    view = await status.view(request.channel)
    before = view.alternatives
    named = [*words.providers, *words.surfaces]
    if words.plus or words.minus:
        # A provider is named with a sign as the surfaces that it has.
        whole = {
            provider
            for provider in before
            if provider in view.catalog.providers
            and {s.id for s in view.catalog.provider(provider).surfaces} <= set(words.minus)
        }
        kept = [name for name in before if name not in words.minus and name not in whole]
        named = [*kept, *named, *words.plus]
    elif not named:
        return Answer(alternatives_message(view, before, changed=False))
    names = tuple(dict.fromkeys(named))[:MOST]
    await status.teams.put(owner, names)
    message = alternatives_message(replace(view, alternatives=names), names, changed=True)
    if names == before:
        return Answer(message)
    said = names_of(view.catalog, names) or "nothing"
    line = public_line(request.user_name, f"said what this team can use instead: {said}")
    return Answer(message, line)
