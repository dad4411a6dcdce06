"""Answers to interactions: callback, original response, followups; 3 s and 15 min.

https://discord.com/developers/docs/interactions/receiving-and-responding
"""

import time

from tests.servers.discord import payloads
from tests.servers.discord.api import Answer, Api, Call, Route, check_message, pinged
from tests.servers.discord.interactions import (
    ANSWER_WITHIN,
    AUTOCOMPLETE,
    COMPONENT,
    MODAL,
    TOKEN_LIVES,
    Interaction,
)
from tests.servers.discord.refusals import Refused
from tests.servers.discord.rest_messages import apply_edit
from tests.servers.discord.world import Json, Message

EPHEMERAL = 1 << 6
SAY, DEFER, DEFER_UPDATE, UPDATE, CHOICES, OPEN_MODAL = 4, 5, 6, 7, 8, 9
FOLLOWUPS_OF_USER_INSTALL = 5


async def callback(api: Api, call: Call) -> Answer:
    record = api.interactions.get(call.params["interaction_token"])
    if record is None or record.id != call.id("interaction_id"):
        raise Refused(10062)
    passed = time.monotonic() - record.began
    if record.callback is not None:
        raise Refused(40060)
    if passed > ANSWER_WITHIN:
        raise Refused(10062)
    kind = call.body["type"]
    _require_fitting(record, kind)
    data: Json = call.body.get("data") or {}
    _carry_out(api, record, kind, data)
    record.callback = kind
    record.answered_after = passed
    record.changed.set()
    if call.query.get("with_response") not in ("1", "true", "True"):
        return 204, None
    return 200, _described(api, record, kind)


def _require_fitting(record: Interaction, kind: int) -> None:
    if (kind == CHOICES) != (record.kind == AUTOCOMPLETE):
        raise Refused(50035, f"callback {kind} does not fit interaction {record.kind}")
    on_message = record.kind in (COMPONENT, MODAL) and record.source is not None
    if kind in (DEFER_UPDATE, UPDATE) and not on_message:
        raise Refused(50035, "there is no message to update")
    if kind == OPEN_MODAL and record.kind == MODAL:
        raise Refused(50035, "a modal cannot open a modal")


def _carry_out(api: Api, record: Interaction, kind: int, data: Json) -> None:
    if kind == SAY:
        check_message(data)
        record.original = _say(
            api, record, data, ephemeral=bool(int(data.get("flags") or 0) & EPHEMERAL)
        )
    elif kind == DEFER:
        record.original = _say(
            api, record, {}, ephemeral=bool(int(data.get("flags") or 0) & EPHEMERAL)
        )
        record.loading = True
    elif kind in (DEFER_UPDATE, UPDATE):
        record.original = record.source
        if kind == UPDATE and record.source is not None:
            merged = {**record.source.body, **data}
            check_message(merged)
            apply_edit(api, record.channel, record.source, merged)
    elif kind == CHOICES:
        record.choices = data["choices"]
    elif kind == OPEN_MODAL:
        record.modal = data


def _say(api: Api, record: Interaction, body: Json, *, ephemeral: bool) -> Message:
    """Make an interaction's message; only a public one stands in the channel."""
    world = api.world
    kept = {**body, "flags": int(body.get("flags") or 0) & ~EPHEMERAL}
    message = Message(world.new_id(), record.channel.id, world.bot, world.clock(), kept)
    message.webhook = world.application
    message.pinged = [] if ephemeral else pinged(world, record.channel, kept)
    if ephemeral:
        message.ephemeral_to = record.user.id
    else:
        record.channel.messages[message.id] = message
        record.channel.last_message = message.id
    return message


def _described(api: Api, record: Interaction, kind: int) -> Json:
    shape: Json = {"id": str(record.id), "type": record.kind}
    if record.original is None:
        return {"interaction": shape}
    shape |= {
        "response_message_id": str(record.original.id),
        "response_message_loading": record.loading,
        "response_message_ephemeral": record.ephemeral,
        "channel_id": str(record.channel.id),
    }
    if kind not in (SAY, UPDATE):
        return {"interaction": shape}
    message = payloads.message(api.world, record.original)
    return {"interaction": shape, "resource": {"type": kind, "message": message}}


def _record(api: Api, call: Call) -> Interaction:
    record: Interaction | None = api.interactions.get(call.params["webhook_token"])
    if record is None or call.id("webhook_id") != api.world.application:
        raise Refused(10015)
    if time.monotonic() - record.began > TOKEN_LIVES:
        raise Refused(50027)
    if record.callback is None:
        raise Refused(10015)
    return record


def _message(record: Interaction, call: Call) -> Message:
    wanted = call.params.get("message_id", "@original")
    for message in record.messages:
        if wanted in (str(message.id), "@original"):
            return message
    raise Refused(10008)


async def get_response(api: Api, call: Call) -> Answer:
    return 200, payloads.message(api.world, _message(_record(api, call), call))


async def edit_response(api: Api, call: Call) -> Answer:
    record = _record(api, call)
    message = _message(record, call)
    _finish(api, record, message, call.body or {})
    return 200, payloads.message(api.world, message)


def _finish(api: Api, record: Interaction, message: Message, body: Json) -> None:
    merged = {**message.body, **body}
    check_message(merged)
    if record.loading and message is record.original:
        # What a deferred answer says first is new to everybody: it may notify.
        record.loading = False
        message.body = {**merged, "flags": int(merged.get("flags") or 0) & ~EPHEMERAL}
        message.pinged = [] if record.ephemeral else pinged(api.world, record.channel, merged)
    else:
        apply_edit(api, record.channel, message, merged)
    record.changed.set()


async def follow_up(api: Api, call: Call) -> Answer:
    record = _record(api, call)
    body: Json = call.body or {}
    check_message(body)
    if record.loading and record.original is not None:
        # The first followup takes the place of the waiting sign, private as that was.
        _finish(api, record, record.original, body)
        return 200, payloads.message(api.world, record.original)
    if record.user_install_only and len(record.followups) >= FOLLOWUPS_OF_USER_INSTALL:
        raise Refused(40060, "no more followups")
    ephemeral = bool(int(body.get("flags") or 0) & EPHEMERAL)
    message = _say(api, record, body, ephemeral=ephemeral)
    record.followups.append(message)
    record.changed.set()
    return 200, payloads.message(api.world, message)


async def delete_response(api: Api, call: Call) -> Answer:
    record = _record(api, call)
    message = _message(record, call)
    record.channel.messages.pop(message.id, None)
    if message is record.original:
        record.original, record.loading = None, False
    else:
        record.followups.remove(message)
    record.changed.set()
    return 204, None


_ORIGINAL = "/webhooks/{webhook_id}/{webhook_token}/messages/@original"
_ONE = "/webhooks/{webhook_id}/{webhook_token}/messages/{message_id}"

ROUTES: list[Route] = [
    ("POST", "/interactions/{interaction_id}/{interaction_token}/callback", callback),
    ("POST", "/webhooks/{webhook_id}/{webhook_token}", follow_up),
    ("GET", _ORIGINAL, get_response),
    ("PATCH", _ORIGINAL, edit_response),
    ("DELETE", _ORIGINAL, delete_response),
    ("GET", _ONE, get_response),
    ("PATCH", _ONE, edit_response),
    ("DELETE", _ONE, delete_response),
]
