"""Interactions as a user makes them: slash commands, buttons, menus, modals.

Like Discord's own client, it offers only what was registered or sent: an
unknown command, a missing option or a button that is not there is an error of
the test, not of the bot.
"""

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from tests.servers.discord import payloads
from tests.servers.discord.api import Api
from tests.servers.discord.filling import component_called, filled_in, options_given
from tests.servers.discord.permissions import EVERYTHING, effective
from tests.servers.discord.world import Channel, Json, Message, User

ANSWER_WITHIN = 3.0
TOKEN_LIVES = 15 * 60.0
COMMAND, COMPONENT, AUTOCOMPLETE, MODAL = 2, 3, 4, 5
MESSAGE_COMMAND = 3  # of a command itself


@dataclass(slots=True)
class Interaction:
    """One interaction and everything that was answered to it."""

    id: int
    token: str
    kind: int
    user: User
    channel: Channel
    payload: Json
    began: float
    callback: int | None = None
    original: Message | None = None
    loading: bool = False
    followups: list[Message] = field(default_factory=list)
    modal: Json | None = None
    choices: list[Json] | None = None
    source: Message | None = None
    user_install_only: bool = False
    answered_after: float | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def complete(self) -> bool:
        """Return whether the user sees an answer, not only the waiting sign."""
        return self.callback is not None and not self.loading

    @property
    def ephemeral(self) -> bool:
        return self.original is not None and self.original.ephemeral_to is not None

    @property
    def messages(self) -> list[Message]:
        return ([self.original] if self.original else []) + self.followups

    @property
    def text(self) -> str:
        """Return everything readable in the answer."""
        return "\n".join(visible_text(message.body) for message in self.messages)

    async def answered(self, within: float = 60.0) -> "Interaction":
        """Return when the answer is there; raises TimeoutError."""
        async with asyncio.timeout(within):
            while not self.complete:
                self.changed.clear()
                await self.changed.wait()
        return self

    async def followed_up(self, count: int, within: float = 60.0) -> "Interaction":
        """Return when there are so many followups; raises TimeoutError."""
        async with asyncio.timeout(within):
            while len(self.followups) < count:
                self.changed.clear()
                await self.changed.wait()
        return self


def visible_text(node: Any) -> str:
    """Return the texts of a message body that a reader sees, one per line."""
    if isinstance(node, list):
        return "\n".join(filter(None, map(visible_text, node)))
    if not isinstance(node, dict):
        return ""
    keys = ("content", "title", "description", "name", "value", "text", "label", "placeholder")
    own = [str(node[key]) for key in keys if isinstance(node.get(key), str)]
    nested = ("embeds", "author", "fields", "footer", "components", "accessory")
    return "\n".join(filter(None, [*own, *(visible_text(node.get(key)) for key in nested)]))


class Users:
    """What users do. Every method sends one interaction and returns its record."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def slash(
        self,
        name: str,
        channel: Channel,
        user: User,
        /,
        *,
        sub: str | None = None,
        permissions: int | None = None,
        user_install: bool = False,
        **options: Any,
    ) -> Interaction:
        command = self._command(name, permissions, channel)
        declared = command["options"]
        resolved: Json = {}
        if sub is not None:
            verb = next(o for o in declared if o["name"] == sub and o["type"] == 1)
            inner = options_given(self._api, channel, verb.get("options") or [], options, resolved)
            given = [{"type": 1, "name": sub, "options": inner}]
        else:
            assert not any(o["type"] in (1, 2) for o in declared), f"/{name} cannot be called bare"
            given = options_given(self._api, channel, declared, options, resolved)
        data = {"id": command["id"], "name": name, "type": 1, "options": given}
        if resolved:
            data["resolved"] = resolved
        return await self._send(COMMAND, channel, user, data, permissions, install=user_install)

    async def choose(self, name: str, channel: Channel, user: User, text: str) -> Interaction:
        """Choose a command of the menu of a message with this text, which somebody wrote."""
        world = self._api.world
        command = self._command(name, None, channel)
        assert command["type"] == MESSAGE_COMMAND, f"{name} is in no menu of messages"
        message = Message(world.new_id(), channel.id, user, world.clock(), {"content": text})
        data = {
            "id": command["id"],
            "name": name,
            "type": MESSAGE_COMMAND,
            "target_id": str(message.id),
            "resolved": {"messages": {str(message.id): payloads.message(world, message)}},
        }
        return await self._send(COMMAND, channel, user, data, None)

    async def autocomplete(
        self,
        name: str,
        channel: Channel,
        user: User,
        focused: str,
        value: str,
        sub: str | None = None,
    ) -> Interaction:
        command = self._command(name, None, channel)
        option = {"type": 3, "name": focused, "value": value, "focused": True}
        given = [option] if sub is None else [{"type": 1, "name": sub, "options": [option]}]
        data = {"id": command["id"], "name": name, "type": 1, "options": given}
        return await self._send(AUTOCOMPLETE, channel, user, data, None)

    async def press(
        self,
        message: Message,
        button: str,
        user: User,
        values: list[str] | None = None,
        permissions: int | None = None,
    ) -> Interaction:
        """Press the button (or use the menu) with this label or custom_id."""
        component = component_called(message.body.get("components") or [], button)
        assert component is not None, f"no component {button!r} in message {message.id}"
        assert not component.get("disabled"), f"{button!r} is disabled"
        data: Json = {"custom_id": component["custom_id"], "component_type": component["type"]}
        if values is not None:
            data["values"] = values
        channel = self._api.world.channels[message.channel]
        return await self._send(COMPONENT, channel, user, data, permissions, source=message)

    async def submit(
        self, opened: Interaction, values: dict[str, Any], permissions: int | None = None
    ) -> Interaction:
        """Fill in the modal that an earlier interaction opened."""
        assert opened.modal is not None, "no modal was opened"
        data = {
            "custom_id": opened.modal["custom_id"],
            "components": [filled_in(c, values) for c in opened.modal["components"]],
        }
        return await self._send(
            MODAL, opened.channel, opened.user, data, permissions, source=opened.source
        )

    def _command(self, name: str, permissions: int | None, channel: Channel) -> Json:
        commands = {c["name"]: c for c in self._api.world.commands}
        assert name in commands, f"/{name} is not registered: {sorted(commands)}"
        command: Json = commands[name]
        needed = int(command["default_member_permissions"] or 0)
        if permissions is not None:
            assert permissions & needed == needed, f"/{name} is hidden from this user"
        context = 0 if channel.guild else 1
        assert command["contexts"] is None or context in command["contexts"], "not offered here"
        return command

    async def _send(
        self,
        kind: int,
        channel: Channel,
        user: User,
        data: Json,
        permissions: int | None,
        *,
        source: Message | None = None,
        install: bool = False,
    ) -> Interaction:
        world = self._api.world
        token = "icd-" + secrets.token_urlsafe(24)
        payload = _envelope(self._api, channel, user, permissions, install=install)
        payload |= {"id": str(world.new_id()), "token": token, "type": kind, "data": data}
        if source is not None:
            payload["message"] = payloads.message(world, source)
        record = Interaction(
            int(payload["id"]), token, kind, user, channel, payload, time.monotonic(), source=source
        )
        record.user_install_only = install
        self._api.interactions[token] = record
        await self._api.gateway.dispatch("INTERACTION_CREATE", payload, guild=channel.guild)
        return record


def _envelope(
    api: Api, channel: Channel, user: User, permissions: int | None, *, install: bool
) -> Json:
    world = api.world
    owners = {"1": str(user.id)} if install else {"0": str(channel.guild or 0)}
    payload: Json = {
        "version": 1,
        "application_id": str(world.application),
        "channel_id": str(channel.id),
        "channel": payloads.channel(world, channel),
        "entitlements": [],
        "entitlement_sku_ids": [],
        "locale": "en-US",
        "attachment_size_limit": 10_485_760,
        "authorizing_integration_owners": owners,
        "context": 0 if channel.guild else 1,
        "app_permissions": str(world.may(channel)),
    }
    if channel.guild is None:
        return {**payload, "user": payloads.user(user)}
    guild = world.guilds[channel.guild]
    guild.members.setdefault(user.id, [])
    place = world.channels[channel.parent] if channel.is_thread and channel.parent else channel
    held = effective(guild, place, user.id) if permissions is None else permissions
    who = payloads.member(world, guild, user.id, world.clock())
    return {
        **payload,
        "guild_id": str(guild.id),
        "guild": {"id": str(guild.id), "locale": "en-US", "features": []},
        "guild_locale": "en-US",
        "member": {**who, "permissions": str(held or EVERYTHING)},
    }
