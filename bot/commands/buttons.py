"""The buttons under messages: what each does, with the value that it carries."""

from __future__ import annotations

from collections.abc import Mapping

from bot.commands import queries, reports, subscriptions, taking
from bot.commands.types import ButtonHandler

BUTTONS: Mapping[str, ButtonHandler] = {
    "affected": reports.affected,
    "works": reports.works,
    "justme": reports.press_just_me,
    "back": reports.press_back,
    "onit": taking.press_on_it,
    "takeover": taking.press_take_over,
    "subscribe": subscriptions.press,
    "details": queries.details,
}
