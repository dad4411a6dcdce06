"""The shapes that Slack sends to an app: commands, interactions, events.

Checked in the tests against the samples that Slack's own Java SDK publishes.
"""

from __future__ import annotations

from typing import Any

from tests.servers.slack.world import Channel, Json, ResponseUrl, Workspace, World


def command(
    world: World, team: Workspace, channel: Channel, user: str, url: str, **known: str
) -> Json:
    """A slash command; `known` holds command and text."""
    payload: Json = {
        "token": world.verification_token,
        "api_app_id": world.app_id,
        "team_id": team.id,
        "team_domain": team.domain,
        "channel_id": channel.id,
        "channel_name": "directmessage" if channel.im_with else channel.name,
        "user_id": user,
        "user_name": team.users.get(user, {}).get("name", user),
        "is_enterprise_install": "false",
        "response_url": url,
        "trigger_id": world.new_trigger(team.id, user),
    }
    if team.enterprise:
        payload |= {"enterprise_id": team.enterprise, "enterprise_name": "Org"}
    return payload | known


def _interaction(world: World, team: Workspace, user: str, kind: str) -> Json:
    name = team.users.get(user, {}).get("name", user)
    return {
        "type": kind,
        "token": world.verification_token,
        "api_app_id": world.app_id,
        "team": {"id": team.id, "domain": team.domain},
        "user": {"id": user, "username": name, "name": name, "team_id": team.id},
        "enterprise": {"id": team.enterprise, "name": "Org"} if team.enterprise else None,
        "is_enterprise_install": False,
        "trigger_id": world.new_trigger(team.id, user),
    }


def click_on_message(
    world: World, team: Workspace, channel: Channel, user: str, url: str, **what: Any
) -> Json:
    """A press on a button of a message; `what`: action, message (its JSON), ephemeral."""
    message: Json = what["message"]
    container = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": what.get("ephemeral", False),
    }
    if "thread_ts" in message:
        container["thread_ts"] = message["thread_ts"]
    return _interaction(world, team, user, "block_actions") | {
        "container": container,
        "channel": {"id": channel.id, "name": channel.name},
        "message": message,
        "state": {"values": what.get("state", {})},
        "response_url": url,
        "actions": [what["action"]],
    }


def click_on_view(world: World, team: Workspace, user: str, view: Json, action: Json) -> Json:
    """A press on a button of a modal or the App Home."""
    return _interaction(world, team, user, "block_actions") | {
        "container": {"type": "view", "view_id": view["id"]},
        "view": view,
        "actions": [action],
    }


def shortcut(world: World, team: Workspace, user: str, callback_id: str) -> Json:
    """A global shortcut: it has no channel, and no response_url."""
    return _interaction(world, team, user, "shortcut") | {"callback_id": callback_id}


def message_shortcut(
    world: World, team: Workspace, channel: Channel, user: str, url: str, **what: Any
) -> Json:
    """A shortcut on a message; `what`: callback_id, message (its JSON)."""
    return _interaction(world, team, user, "message_action") | {
        "callback_id": what["callback_id"],
        "message": what["message"],
        "message_ts": what["message"]["ts"],
        "channel": {"id": channel.id, "name": channel.name},
        "response_url": url,
    }


def view_submission(world: World, team: Workspace, user: str, view: Json, values: Json) -> Json:
    filled = view | {"state": {"values": values}}
    return _interaction(world, team, user, "view_submission") | {"view": filled}


def event(world: World, team: Workspace, inner: Json, event_id: str | None = None) -> Json:
    """An Events API call around `inner`."""
    known = {"event_ts": world.next_ts()} | inner
    return {
        "token": world.verification_token,
        "team_id": team.id,
        "enterprise_id": team.enterprise,
        "api_app_id": world.app_id,
        "event": known,
        "type": "event_callback",
        "event_id": event_id or f"Ev{world.serial():08d}",
        "event_time": int(world.now()),
        "authorizations": [
            {
                "enterprise_id": team.enterprise,
                "team_id": team.id,
                "user_id": team.bot_user,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
    }


def take_response(url: ResponseUrl, body: Json, now: float) -> str | None:
    """Count one use of a response_url; the error that Slack answers, if any."""
    if now - url.born > 30 * 60:
        return "expired_url"
    if url.uses >= 5:
        return "used_url"
    url.uses += 1
    url.got.append(body)
    url.arrived.set()
    return None
