"""What the environment says about Slack."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import SecretStr

from bot.domain.errors import SettingsError
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class SlackSettings:
    """What the environment says about Slack. Secrets never show in `repr`."""

    bot_token: str = field(default="", repr=False)
    app_token: str = field(default="", repr=False)
    signing_secret: str = field(default="", repr=False)
    client_id: str = ""
    client_secret: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    api_url: str = "https://slack.com/api/"
    admins_only: bool = False
    posts_per_second: float | None = None

    @classmethod
    def of(cls, settings: Settings) -> SlackSettings:
        return cls(
            bot_token=_told(settings.slack_bot_token),
            app_token=_told(settings.slack_app_token),
            signing_secret=_told(settings.slack_signing_secret),
            client_id=settings.slack_client_id or "",
            client_secret=_told(settings.slack_client_secret),
            secret_key=_told(settings.secret_key),
            api_url=settings.slack_api_url,
            admins_only=settings.slack_admins_only,
            posts_per_second=settings.slack_posts_per_second,
        )

    @property
    def wanted(self) -> bool:
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
        if self.wanted and not (self.app_token or self.signing_secret):
            raise SettingsError(
                "Slack needs SLACK_APP_TOKEN (Socket Mode) or SLACK_SIGNING_SECRET (HTTP)"
            )


def _told(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
