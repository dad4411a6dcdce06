"""The app's manifest: what to paste at api.slack.com/apps, with no more scopes than are used.

https://docs.slack.dev/reference/app-manifest
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from bot.domain.errors import SettingsError

# Where Slack sends its requests, and people begin to install.
EVENTS_PATH = "/slack/events"
INSTALL_PATH = "/slack/install"
REDIRECT_PATH = "/slack/oauth_redirect"

# Each is used, and for what; the README says the same to whoever installs it.
SCOPES = {
    "commands": "to answer /isclaudedown",
    "chat:write": "to post where it was invited",
    "channels:join": "to enter a public channel that subscribes, so that it may read back there",
    "chat:write.public": "to post in public channels that it could not enter",
    "channels:read": "to see whether it may post, and when a channel is archived",
    "groups:read": "to see the same of private channels that it was invited to",
    "channels:history": "to look whether a message whose answer was lost stands there",
    "groups:history": "to look for such a message in private channels",
    "app_mentions:read": "to answer @isclaudedown",
    "links:read": "to see links to the status page",
    "links:write": "to show below such a link what the page says now",
    "users:read": "to say who changed something by @isclaudedown, and to see who is an admin",
    "im:write": "to begin a conversation with who wants to be told alone",
    "im:read": "to tell its own conversations from those of others",
    "im:history": "to look for such a message in those conversations, and to answer what is asked",
}
# Claude's page and the short links to its incidents. Slack takes at most five, of which none may be
# anybody else's that links to it often: what is not an incident of ours is left alone.
UNFURL_DOMAINS = ("status.claude.com", "status.anthropic.com", "stspg.io")
# Without these some comfort is missing, and nothing else.
OPTIONAL = frozenset(
    {
        "channels:join",
        "chat:write.public",
        "channels:history",
        "groups:history",
        "app_mentions:read",
        "links:read",
        "links:write",
    }
)
EVENTS = (
    "app_home_opened", "app_mention", "link_shared", "message.im", "app_uninstalled",
    "tokens_revoked",
    "channel_archive", "channel_unarchive", "channel_deleted", "channel_left",
    "channel_id_changed", "group_archive", "group_unarchive", "group_deleted", "group_left",
    "member_joined_channel", "member_left_channel",
)  # fmt: skip


def manifest(url: str | None = None) -> dict[str, Any]:
    """The manifest for Socket Mode, or for signed requests at the public address `url`."""
    address = url.rstrip("/") if url else None
    command: dict[str, Any] = {
        "command": "/isclaudedown",
        "description": "Is Claude down, or is it me?",
        "usage_hint": "[surface] | subscribe | help",
        # People and groups named in a command arrive as ids, so that they can be called.
        "should_escape": True,
    }
    events: dict[str, Any] = {"bot_events": list(EVENTS)}
    interactivity: dict[str, Any] = {"is_enabled": True}
    oauth: dict[str, Any] = {"scopes": {"bot": list(SCOPES)}}
    if address:
        command["url"] = events["request_url"] = address + EVENTS_PATH
        interactivity["request_url"] = address + EVENTS_PATH
        oauth["redirect_urls"] = [address + REDIRECT_PATH]
    return {
        "_metadata": {"major_version": 2, "minor_version": 1},
        "display_information": {
            "name": "isclaudedown",
            "description": "Tells your channel when Claude is down",
            "background_color": "#3d3929",
        },
        "features": {
            "bot_user": {"display_name": "isclaudedown", "always_online": True},
            "app_home": {
                "home_tab_enabled": True,
                # Without the tab no direct message arrives ("tell me when it is back").
                "messages_tab_enabled": True,
                "messages_tab_read_only_enabled": False,
            },
            "shortcuts": [
                {
                    "name": "Is Claude down?",
                    "type": "global",
                    "callback_id": "icd.ask",
                    "description": "Shows what works and what does not, for you alone",
                },
                {
                    "name": "Explain this error",
                    "type": "message",
                    "callback_id": "icd.explain",
                    "description": "Is it Claude, or is it me?",
                },
            ],
            "slash_commands": [command],
            "unfurl_domains": list(UNFURL_DOMAINS),
        },
        "oauth_config": oauth,
        "settings": {
            "socket_mode_enabled": address is None,
            "interactivity": interactivity,
            "event_subscriptions": events,
            "org_deploy_enabled": address is not None,
            "token_rotation_enabled": False,
        },
    }


def manifest_text(url: str | None = None) -> str:
    """The manifest as JSON, for people to paste.

    Raises:
        SettingsError: Slack takes no such address.
    """
    if url is not None and (urlsplit(url).scheme != "https" or not urlsplit(url).hostname):
        raise SettingsError(f"--url {url} must begin with https://: Slack sends nowhere else")
    return json.dumps(manifest(url), indent=2)
