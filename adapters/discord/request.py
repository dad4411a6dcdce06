"""A request to Discord's REST API, with what its limits are counted by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from adapters.discord.attachment import Attachment
from adapters.discord.errors import DiscordUnreachable
from bot.domain.errors import DeliveryError, Uncertain

# They carry a token of their own, and count against no limit of the bot.
_OF_INTERACTIONS: Final = ("/interactions/", "/webhooks/")
# Repeating these leaves nothing else behind than one would: after a 5xx or a lost answer.
_REPEATABLE: Final = frozenset({"GET", "PATCH", "PUT", "DELETE"})
_MAJOR: Final = ("channel_id", "guild_id", "webhook_id", "webhook_token")


@dataclass(frozen=True, slots=True)
class RestRequest:
    """One request, as often as it is sent."""

    method: str
    path: str  # with its parameters' names, which is what limits are counted by
    parameters: dict[str, str | int]
    query: dict[str, str] | None
    body: Any  # any JSON; None: without one
    attachment: Attachment | None = None

    @property
    def route(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def major(self) -> str:
        """The parameters that have limits of their own."""
        return " ".join(str(self.parameters.get(name, "")) for name in _MAJOR)

    @property
    def is_of_interaction(self) -> bool:
        return self.path.startswith(_OF_INTERACTIONS)

    @property
    def is_repeatable(self) -> bool:
        return self.method in _REPEATABLE

    def without_answer(self, reason: str) -> DeliveryError:
        """Return the error for when it is not known whether it was carried out."""
        return DiscordUnreachable(reason) if self.is_repeatable else Uncertain(reason)
