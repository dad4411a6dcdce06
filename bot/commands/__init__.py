"""Words typed → request → answer, the same for every platform."""

from bot.commands.service import Commands
from bot.commands.types import KEEP, Answer, Choice, Keep, Request, Services, Threads

__all__ = ["KEEP", "Answer", "Choice", "Commands", "Keep", "Request", "Services", "Threads"]
