"""The board of a channel: put up, put up anew, ended."""

from __future__ import annotations

from dataclasses import replace

from bot.catalog.times import is_off
from bot.commands.shared import access_line, access_of, not_subscribed, pin_line
from bot.commands.types import Answer, ParsedCommand, Request, Services
from bot.domain.board import Board
from bot.domain.errors import DeliveryError
from bot.domain.message import Line, Text
from bot.messages.subscription import changed_message, public_line
from bot.messages.text import notice
from bot.messenger import Access

_ENDS: Line = (Text("board off", code=True), Text(" ends it."))
_HOW: Line = (Text("board", code=True), Text(" puts it up, "), *_ENDS)


async def board(services: Services, request: Request, words: ParsedCommand) -> Answer:
    """`board` puts one up, anew where there is one already; `board off` ends it."""
    before = await services.subscriptions.get(request.channel)
    if before is None:
        return not_subscribed()
    off = is_off(words.arguments)
    if words.arguments and not off:
        wrong = f"I don't know what “{words.arguments[0][:40]}” means here"
        return Answer(notice(f"{wrong} (nothing was changed)", _HOW, emoji="❓"))
    kept = before.board if before.board and before.board.kept else None
    now, explain = services.status.clock(), services.explain(request.channel)
    if off and kept is None:
        title = "Nothing changed: there is no board here"
        return Answer(changed_message(title, before, services.catalog, now, explain))
    after = replace(before, board=replace(kept, kept=False) if kept and off else Board(now))
    await services.subscriptions.put(after)
    title, did = "Board: one message, always up to date", "put up a board here"
    if off:
        title, did = "No board any more; its last change says so", "ended the board here"
    elif kept:
        title = "Board: put up anew; the old one ends"
    access: Access | DeliveryError = Access(ok=True)
    notes: list[Line] = []
    if not off:
        access = await access_of(services, request)
        hints = (access_line(access), await pin_line(services, request), _ENDS)
        notes = [line for line in hints if line]
    works = isinstance(access, Access) and access.ok
    message = changed_message(
        title, after, services.catalog, now, explain, notes=notes, works=works
    )
    return Answer(message, public_line(request.user_name, did))
