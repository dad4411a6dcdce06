"""What a user fills in: the options of a command, the components of a message or a modal."""

from typing import Any

from tests.servers.discord import payloads
from tests.servers.discord.api import Api
from tests.servers.discord.world import Channel, Json

TYPES = {"string": 3, "integer": 4, "boolean": 5, "user": 6, "channel": 7, "role": 8}


def options_given(
    api: Api, channel: Channel, declared: list[Json], options: Json, resolved: Json
) -> list[Json]:
    known = {o["name"]: o for o in declared}
    assert set(options) <= set(known), f"unknown options {set(options) - set(known)}"
    missing = [o["name"] for o in declared if o.get("required") and o["name"] not in options]
    assert not missing, f"missing options {missing}"
    return [
        given_value(api, channel, known[name], value, resolved) for name, value in options.items()
    ]


def given_value(api: Api, channel: Channel, option: Json, value: Any, resolved: Json) -> Json:
    choices = option.get("choices")
    if choices:
        assert value in [c["value"] for c in choices], f"{value!r} is no choice of {option['name']}"
    kind = option["type"]
    world = api.world
    if kind == TYPES["channel"]:
        target = world.channels[int(value)]
        allowed = option.get("channel_types")
        assert not allowed or target.kind in allowed, f"channel type {target.kind} not offered"
        shape = {**payloads.channel(world, target), "permissions": str(world.may(target))}
        resolved.setdefault("channels", {})[str(target.id)] = shape
        value = str(target.id)
    elif kind in (TYPES["role"], 9):
        role = world.guilds[channel.guild or 0].roles.get(int(value))
        if role is not None:
            resolved.setdefault("roles", {})[str(role.id)] = payloads.role(role)
        value = str(value)
    if kind in (TYPES["user"], 9) and int(value) in world.users:
        who = world.users[int(value)]
        resolved.setdefault("users", {})[str(who.id)] = payloads.user(who)
        value = str(who.id)
    return {"type": kind, "name": option["name"], "value": value}


def component_called(components: list[Json], wanted: str) -> Json | None:
    for one in components:
        if wanted in (one.get("custom_id"), one.get("label"), one.get("placeholder")):
            return one
        inner = [
            *(one.get("components") or []),
            *([one["accessory"]] if "accessory" in one else []),
        ]
        if (found := component_called(inner, wanted)) is not None:
            return found
    return None


def filled_in(component: Json, values: dict[str, Any]) -> Json:
    """Return a modal's component with the user's values in place of its questions."""
    shape: Json = {"type": component["type"], "id": component.get("id") or 1}
    if "component" in component:
        return {**shape, "component": filled_in(component["component"], values)}
    if "components" in component:
        return {**shape, "components": [filled_in(c, values) for c in component["components"]]}
    name = component.get("custom_id")
    if name is None:
        return shape
    shape["custom_id"] = name
    if component["type"] == 4:
        return {**shape, "value": values.get(name, component.get("value") or "")}
    defaults = [o["value"] for o in component.get("options") or [] if o.get("default")]
    return {**shape, "values": values.get(name, defaults)}
