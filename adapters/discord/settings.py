"""Settings of Discord."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import ClassVar

from pydantic import Field, field_validator

from bot.setting_sections import PlatformSettings, plain_name
from bot.setting_values import web_address


class DiscordSettings(PlatformSettings):
    """The token never shows in `repr`."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        "DISCORD_BOT_TOKEN": "DISCORD_TOKEN",
        "DISCORD_API_TOKEN": "DISCORD_TOKEN",
    }

    token: str = Field(default="", repr=False, validation_alias=plain_name("DISCORD_TOKEN"))
    api_url: str = Field(
        default="https://discord.com/api/v10", validation_alias=plain_name("DISCORD_API_URL")
    )
    gateway_url: str | None = Field(
        default=None, validation_alias=plain_name("DISCORD_GATEWAY_URL")
    )

    @field_validator("token")
    @classmethod
    def _is_a_bot_token(cls, value: str) -> str:
        # https://discord.com/developers/docs/reference#authentication
        if value.startswith(("xoxb-", "xapp-")):
            raise ValueError("this is a token of Slack")
        if value.isdigit():
            raise ValueError("this is the application's id; the token is under Bot → Reset Token")
        if re.fullmatch(r"[0-9a-f]{64}", value):
            raise ValueError("this is the public key; the token is under Bot → Reset Token")
        return value.removeprefix("Bot ")

    @field_validator("api_url")
    @classmethod
    def _is_a_web_address(cls, value: str) -> str:
        return web_address(value)

    @field_validator("gateway_url")
    @classmethod
    def _is_a_socket(cls, value: str | None) -> str | None:
        if value and not value.startswith(("ws://", "wss://")):
            raise ValueError("the address of a gateway begins with wss://")
        return value

    @property
    def is_configured(self) -> bool:
        return bool(self.token)

    @property
    def base(self) -> str:
        return self.api_url.rstrip("/")
