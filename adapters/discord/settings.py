"""What the environment says about Discord."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class DiscordSettings:
    """What the environment says about Discord. The token never shows in `repr`."""

    token: str = field(repr=False)
    api_url: str = "https://discord.com/api/v10"
    gateway_url: str | None = None
    requests_a_second: float | None = 46.0

    @property
    def base(self) -> str:
        return self.api_url.rstrip("/")

    @classmethod
    def of(cls, settings: Settings) -> DiscordSettings:
        token = settings.discord_token
        return cls(
            token=token.get_secret_value() if token else "",
            api_url=settings.discord_api_url,
            gateway_url=settings.discord_gateway_url,
        )
