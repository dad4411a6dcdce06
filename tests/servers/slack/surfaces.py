"""views.*, auth.*, apps.* and OAuth: everything that is neither a message nor a channel."""

from __future__ import annotations

import base64
from collections.abc import Mapping

from tests.servers.slack.blocks import total_text, view_findings
from tests.servers.slack.calls import Call
from tests.servers.slack.world import BOT_SCOPES, Json, Refused, Token, World

TRIGGER_SECONDS = 3


def auth_test(call: Call) -> Json:
    team = call.team
    answer: Json = {
        "url": f"https://{team.domain}.slack.com/",
        "team": team.name,
        "user": "isclaudedown",
        "team_id": team.id,
        "user_id": team.bot_user,
        "bot_id": team.bot_id,
        "is_enterprise_install": call.token.org is not None,
    }
    return answer | ({"enterprise_id": team.enterprise} if team.enterprise else {})


def views_open(call: Call) -> Json:
    user = _use_trigger(call)
    view = _checked(call, "modal")
    return {"view": _keep(call, view, user)}


def views_publish(call: Call) -> Json:
    user = call.text("user_id")
    if user not in call.team.users:
        raise Refused("user_not_found")
    view = _keep(call, _checked(call, "home"), user)
    call.team.homes[user] = view
    return {"view": view}


def views_update(call: Call) -> Json:
    id_ = call.text("view_id")
    old = call.team.views.get(id_)
    if old is None:
        raise Refused("not_found")
    if call.args.get("hash") not in {None, old["hash"]}:
        raise Refused("hash_conflict")
    fresh = _checked(call, old["type"]) | {"id": id_, "hash": str(call.world.serial())}
    old.update(fresh)
    return {"view": old}


def _use_trigger(call: Call) -> str:
    """The user behind the trigger; a trigger works once, for three seconds, in its workspace."""
    known = call.world.triggers.pop(call.text("trigger_id"), None)
    if known is None:
        raise Refused("exchanged_trigger_id" if call.text("trigger_id") else "invalid_arguments")
    team, user, born = known
    if team != call.team.id:
        call.world.violate(f"{call.method}: trigger of {team} used with the token of another team")
        raise Refused("invalid_trigger_id")
    if call.world.now() - born > TRIGGER_SECONDS:
        raise Refused("expired_trigger_id")
    return user


def _checked(call: Call, kind: str) -> Json:
    view = call.structure("view")
    wrong = list(view_findings(view)) if isinstance(view, dict) else ["no view"]
    if not wrong and view["type"] != kind:
        wrong = [f"a {view['type']} where a {kind} belongs"]
    if not wrong and total_text(view["blocks"]) > 25_000:
        wrong = ["view too long"]
    if wrong:
        call.world.violations += [f"{call.method}: {one}" for one in wrong]
        raise Refused("invalid_arguments", response_metadata={"messages": wrong})
    return dict(view)


def _keep(call: Call, view: Json, user: str) -> Json:
    n = call.world.serial()
    view = view | {
        "id": f"V{n}",
        "team_id": call.team.id,
        "hash": str(n),
        "bot_id": call.team.bot_id,
        "app_id": call.world.app_id,
        "private_metadata": view.get("private_metadata", ""),
        "callback_id": view.get("callback_id", ""),
        "state": {"values": {}},
        "root_view_id": f"V{n}",
        "previous_view_id": None,
        "opened_by": user,
    }
    call.team.views[view["id"]] = view
    return view


def oauth_access(world: World, args: Json, headers: Mapping[str, str]) -> Json:
    """oauth.v2.access: a code, used once, becomes a bot token.

    `world.oauth_codes` holds what the person agreed to: team, scopes, redirect_uri, org.
    """
    client, secret = _client(args, headers)
    if client != world.client_id:
        raise Refused("invalid_client_id")
    if secret != world.client_secret:
        raise Refused("bad_client_secret")
    agreed = world.oauth_codes.pop(str(args.get("code", "")), None)
    if agreed is None:
        raise Refused("invalid_code")
    if agreed.get("redirect_uri") not in {None, args.get("redirect_uri")}:
        raise Refused("bad_redirect_uri")
    team = world.workspaces.get(agreed["team"]) or world.add_workspace(agreed["team"])
    scopes = frozenset(agreed.get("scopes") or BOT_SCOPES)
    token = Token(f"xoxb-{world.serial()}-{team.id.lower()}-oauth", team.id, scopes)
    org = agreed.get("org")
    token.org = org
    world.tokens[token.value] = token
    team.token = token.value
    return {
        "app_id": world.app_id,
        "authed_user": {"id": agreed.get("user", "U1")},
        "scope": ",".join(sorted(scopes)),
        "token_type": "bot",
        "access_token": token.value,
        "bot_user_id": team.bot_user,
        "team": None if org else {"id": team.id, "name": team.name},
        "enterprise": {"id": team.enterprise, "name": "Org"} if team.enterprise else None,
        "is_enterprise_install": org is not None,
    }


def _client(args: Json, headers: Mapping[str, str]) -> tuple[str, str]:
    kind, _, packed = headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        client, _, secret = base64.b64decode(packed).decode().partition(":")
        return client, secret
    return str(args.get("client_id", "")), str(args.get("client_secret", ""))
