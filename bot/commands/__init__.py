"""Words typed → request → answer, the same for every platform."""

from bot.commands.service import Commands
from bot.commands.subscription_change import SubscriptionChange
from bot.commands.types import KEEP, Answer, Choice, Request, Services, Threads

__all__ = [
    "KEEP",
    "Answer",
    "Choice",
    "Commands",
    "Request",
    "Services",
    "SubscriptionChange",
    "Threads",
]
