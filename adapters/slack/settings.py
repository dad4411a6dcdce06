"""Settings of Slack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import AliasChoices, Field, ValidationInfo, field_validator, model_validator

from bot.domain.errors import SettingsError
from bot.environment import PREFIX
from bot.setting_sections import PlatformSettings, plain_name
from bot.setting_values import web_address

# https://docs.slack.dev/authentication/tokens, each with the field that it belongs into.
_KINDS = {
    "xapp-": ("an app-level token", "app_token"),
    "xoxb-": ("a bot token", "bot_token"),
    "xoxp-": ("a user's token", ""),
    "xoxe-": ("a refresh token", ""),
}


class SlackSettings(PlatformSettings):
    """Tokens and manners of Slack. Secrets never show in `repr`."""

    elsewhere: ClassVar[Mapping[str, str]] = {
        "SLACK_TOKEN": "SLACK_BOT_TOKEN",
        "SLACK_API_TOKEN": "SLACK_BOT_TOKEN",
        "SLACK_OAUTH_TOKEN": "SLACK_BOT_TOKEN",
        "SLACK_APP_LEVEL_TOKEN": "SLACK_APP_TOKEN",
        "SLACK_SECRET": "SLACK_SIGNING_SECRET",
    }

    bot_token: str = Field(default="", repr=False, validation_alias=plain_name("SLACK_BOT_TOKEN"))
    app_token: str = Field(default="", repr=False, validation_alias=plain_name("SLACK_APP_TOKEN"))
    signing_secret: str = Field(
        default="", repr=False, validation_alias=plain_name("SLACK_SIGNING_SECRET")
    )
    client_id: str = Field(default="", validation_alias=plain_name("SLACK_CLIENT_ID"))
    client_secret: str = Field(
        default="", repr=False, validation_alias=plain_name("SLACK_CLIENT_SECRET")
    )
    secret_key: str = Field(default="", repr=False)
    api_url: str = Field(
        default="https://slack.com/api/", validation_alias=plain_name("SLACK_API_URL")
    )
    admins_only: bool = Field(
        default=False,
        validation_alias=AliasChoices(f"{PREFIX}SLACK_ADMINS_ONLY", "slack_admins_only"),
    )
    posts_per_second: float | None = Field(
        default=None,
        gt=0,
        validation_alias=AliasChoices(f"{PREFIX}SLACK_POSTS_PER_SECOND", "slack_posts_per_second"),
    )

    @field_validator("api_url")
    @classmethod
    def _is_a_web_address(cls, value: str) -> str:
        return web_address(value)

    @field_validator("bot_token", "app_token")
    @classmethod
    def _is_of_its_kind(cls, value: str, info: ValidationInfo) -> str:
        for beginning, (kind, belongs) in _KINDS.items():
            if value.startswith(beginning) and info.field_name != belongs:
                wanted = "xapp-" if info.field_name == "app_token" else "xoxb-"
                raise ValueError(
                    f"this is {kind} ({beginning}…); wanted is one that begins with {wanted}"
                )
        return value

    @model_validator(mode="after")
    def _tokens_come_in_pairs(self) -> SlackSettings:
        if self.app_token and not (self.bot_token or self.client_id):
            raise ValueError("SLACK_APP_TOKEN needs SLACK_BOT_TOKEN as well")
        if self.bot_token and not (self.app_token or self.signing_secret):
            raise ValueError(
                "SLACK_BOT_TOKEN needs SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)"
            )
        return self

    @property
    def is_configured(self) -> bool:
        return bool(self.bot_token or self.client_id)

    @property
    def installable(self) -> bool:
        return bool(self.client_id)

    @property
    def base_url(self) -> str:
        return self.api_url.rstrip("/") + "/"

    def check(self) -> None:
        """Say what is missing.

        Raises:
            SettingsError: the combination cannot work.
        """
        if self.installable and not self.client_secret:
            raise SettingsError("SLACK_CLIENT_ID needs SLACK_CLIENT_SECRET as well")
        if self.installable and not self.secret_key:
            raise SettingsError(
                "SLACK_CLIENT_ID makes the app installable, which needs ISCLAUDEDOWN_SECRET_KEY to "
                "encrypt the tokens of workspaces; make one with: openssl rand -base64 32"
            )
        if self.is_configured and not (self.app_token or self.signing_secret):
            raise SettingsError(
                "Slack needs SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)"
            )
