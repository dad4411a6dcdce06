"""What the environment says about Slack."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.errors import SettingsError


@dataclass(frozen=True, slots=True)
class SlackOptions:
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
