"""The buttons under messages: what each does, with the value that it carries."""

from __future__ import annotations

from collections.abc import Mapping

from bot.commands import queries, reports, subscriptions
from bot.commands.types import ButtonHandler

BUTTONS: Mapping[str, ButtonHandler] = {
    "affected": reports.affected,
    "works": reports.works,
    "justme": reports.press_just_me,
    "back": reports.press_back,
    "subscribe": subscriptions.press,
    "details": queries.details,
}
