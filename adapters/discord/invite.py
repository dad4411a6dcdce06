"""The invitation: the least permissions, and why each."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from adapters.discord.errors import DiscordRefused, TokenRefused
from adapters.discord.rest import RestClient
from adapters.discord.settings import DiscordSettings
from bot.domain.errors import BotError, DeliveryError, SettingsError

REFUSED: Final = (
    "DISCORD_TOKEN is not accepted by Discord: copy it again from Bot → Reset Token at "
    "discord.com/developers/applications"
)
AUTHORIZE: Final = "https://discord.com/oauth2/authorize"


@dataclass(frozen=True, slots=True)
class Permission:
    """One of Discord's permissions. `bit`: developers/topics/permissions.

    `for_boards`: it matters only where a channel has a board.
    """

    bit: int
    name: str
    why: str
    for_boards: bool = False


PERMISSIONS: Final = (
    Permission(1 << 10, "View Channels", "to see the channels that it shall tell"),
    Permission(1 << 11, "Send Messages", "to post there, and to open posts in forums"),
    Permission(1 << 14, "Embed Links", "for the card with its colour; no link is previewed"),
    Permission(1 << 35, "Create Public Threads", "one thread per incident"),
    Permission(1 << 38, "Send Messages in Threads", "updates in that thread"),
    Permission(
        1 << 16,
        "Read Message History",
        "to look, after a lost answer, whether its own message stands there already",
    ),
    Permission(1 << 51, "Pin Messages", "to pin a channel's board, if it has one", for_boards=True),
)


def bits() -> int:
    return sum(permission.bit for permission in PERMISSIONS)


def server_link(application: str) -> str:
    """Return the address that adds it to a server, with the commands."""
    scopes = "bot applications.commands"
    asked = {"client_id": application, "scope": scopes, "permissions": bits()}
    return f"{AUTHORIZE}?{urlencode({**asked, 'integration_type': 0})}"


def user_link(application: str) -> str:
    """Return the address that adds `/isclaudedown` to one's own account, for anywhere."""
    asked = {"client_id": application, "scope": "applications.commands", "integration_type": 1}
    return f"{AUTHORIZE}?{urlencode(asked)}"


def invitation(application: str) -> str:
    """Return what `isclaudedown discord invite` prints."""
    lines = [
        "Add it to a server where you may (Manage Server):",
        f"  {server_link(application)}",
        "",
    ]
    lines.append("What it asks for, and nothing else:")
    width = max(len(permission.name) for permission in PERMISSIONS)
    lines += [f"  {one.name:<{width}}  {one.why}" for one in PERMISSIONS]
    lines += [
        "",
        "It reads no messages of others: no privileged intent has to be switched on.",
        "Who may use /claudewatch is up to the server (Server Settings, Integrations).",
        "",
        "For yourself, anywhere on Discord (/isclaudedown only):",
        f"  {user_link(application)}",
    ]
    return "\n".join(lines)


async def application_of(settings: DiscordSettings) -> str:
    """Ask Discord whose token it is; return the application's id.

    Raises:
        SettingsError: there is no token, or Discord does not accept it.
        BotError: Discord did not answer.
    """
    if not settings.token:
        raise SettingsError(
            "DISCORD_TOKEN is not set; give the application's id with --application"
        )
    rest = RestClient(settings, time.monotonic)
    try:
        application = await rest.call("GET", "/oauth2/applications/@me")
    except TokenRefused:
        raise SettingsError(REFUSED) from None
    except (DiscordRefused, DeliveryError) as error:
        raise BotError(f"Discord did not answer ({error})") from None
    finally:
        await rest.close()
    return str(application["id"])
