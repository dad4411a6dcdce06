"""One Web API call: its arguments, whoever's token it carries, and what it may reach."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from tests.servers.slack.world import Channel, Json, Refused, Token, Workspace, World


@dataclass(slots=True)
class Call:
    """A call that passed authentication. `team` is the workspace that it acts in."""

    world: World
    method: str
    args: Json
    token: Token
    team: Workspace
    base_url: str

    def text(self, name: str, default: str = "") -> str:
        value = self.args.get(name, default)
        return value if isinstance(value, str) else str(value)

    def flag(self, name: str, *, default: bool = False) -> bool:
        return truth(self.args.get(name, default))

    def number(self, name: str, default: int) -> int:
        try:
            return int(self.args.get(name, default))
        except ValueError as error:
            raise Refused("invalid_arguments") from error

    def structure(self, name: str) -> Any:
        """An argument that is JSON, whether it came as an object or as text in a form."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError as error:
            raise Refused(f"invalid_{name}_format") from error

    def need(self, *scopes: str) -> None:
        """At least one of `scopes` must have been granted."""
        if not any(scope in self.token.scopes for scope in scopes):
            raise Refused(
                "missing_scope", needed=",".join(scopes), provided=",".join(self.token.scopes)
            )

    def channel(self, name: str = "channel") -> Channel:
        """The channel of that argument, if it exists in the token's workspace."""
        id_ = self.text(name)
        found = self.team.channels.get(id_)
        if found is None and id_ in self.team.users and self.method == "chat.postMessage":
            found = self.team.direct(id_)  # no other method takes a person for a channel
        if found is None and self.world.open_world and id_[:1] == "C":
            found = self.team.add_channel(id_)
        if found is None or found.deleted:
            if found is None and self.world.find_channel(id_):
                self.world.violate(f"{self.method}: {id_} belongs to another workspace")
            raise Refused("channel_not_found")
        return found


def truth(value: Any) -> bool:
    """Slack takes booleans as JSON, as 1/0 and as words."""
    return value is True or str(value).lower() in {"1", "true"}


async def read_arguments(request: web.BaseRequest) -> Json:
    """Arguments of query, form, multipart or JSON, the body winning over the query."""
    args: Json = dict(request.query)
    if request.method == "GET" or not request.body_exists:
        return args
    kind = request.content_type
    if kind == "application/json":
        try:
            body = orjson.loads(await request.read())
        except orjson.JSONDecodeError as error:
            raise Refused("invalid_json") from error
        if not isinstance(body, dict):
            raise Refused("json_not_object")
        return args | body
    if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        form = await request.post()
        return args | {k: v for k, v in form.items() if isinstance(v, str)}
    return args


def bearer(headers: Mapping[str, str], args: Json) -> str:
    """The token of this call: an argument wins over the header, as with Slack's own clients."""
    given = args.pop("token", None)
    if isinstance(given, str) and given:
        return given
    kind, _, value = headers.get("Authorization", "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


def authenticate(world: World, method: str, args: Json, value: str, base_url: str) -> Call:
    """Find the token and the workspace of this call.

    Raises:
        Refused: not_authed, invalid_auth, or what the token was revoked with.
    """
    if not value:
        raise Refused("not_authed")
    token = world.tokens.get(value)
    if token is None:
        raise Refused("invalid_auth")
    if token.revoked:
        raise Refused(token.revoked)
    team_id = token.team
    if token.org:
        asked = args.get("team_id")
        found = world.find_channel(str(args.get("channel", "")))
        team_id = asked or (found.team if found else token.team)
        if (team := world.workspaces.get(team_id)) is None or team.enterprise != token.org:
            raise Refused("team_not_found")
    return Call(world, method, args, token, world.workspaces[team_id], base_url)
