"""Messages: create with nonce, read back, edit, delete, publish."""

from datetime import timedelta

from tests.servers.discord import payloads
from tests.servers.discord.api import Answer, Api, Call, Route, check_message, store, unarchive
from tests.servers.discord.permissions import BITS
from tests.servers.discord.refusals import Refused
from tests.servers.discord.world import Channel, Json, Kind, Message

SPEAKABLE = (Kind.TEXT, Kind.ANNOUNCEMENT, Kind.VOICE, Kind.STAGE, Kind.DM)
OLD = timedelta(hours=1)


async def create(api: Api, call: Call) -> Answer:
    channel = api.world.channel(call.id("channel_id"))
    body: Json = call.body or {}
    _require_speech(api, channel, body)
    check_message(body)
    nonce = None if body.get("nonce") is None else str(body["nonce"])
    first = _same_nonce(api, channel, nonce) if nonce and body.get("enforce_nonce") else None
    if first is not None:
        return 200, payloads.message(api.world, first, nonce=True)
    reference = body.get("message_reference")
    if reference:
        _require_reference(api, channel, reference)
    await unarchive(api, channel)
    message = await store(api, channel, body)
    message.nonce = nonce
    message.reference = {"message_id": str(reference["message_id"])} if reference else None
    if nonce is not None:
        api.world.nonces[channel.id, nonce] = (message.id, api.world.clock())
    return 200, payloads.message(api.world, message, nonce=True)


def _require_speech(api: Api, channel: Channel, body: Json) -> None:
    if channel.is_thread:
        api.world.require(channel, "send_messages_in_threads")
        manager = api.world.may(channel) & BITS["manage_threads"]
        if channel.locked and not manager:
            raise Refused(160005)
    elif channel.kind not in SPEAKABLE:
        api.world.require(channel)
        raise Refused(50008)
    elif channel.kind is not Kind.DM:
        api.world.require(channel, "send_messages")
    if body.get("embeds") and channel.kind is not Kind.DM:
        api.world.require(channel, "embed_links")


def _require_reference(api: Api, channel: Channel, reference: Json) -> None:
    if not api.world.may(channel) & BITS["read_message_history"]:
        raise Refused(160002)
    known = int(reference["message_id"]) in channel.messages
    if not known and reference.get("fail_if_not_exists", True):
        raise Refused(50035, "Unknown message")


def _same_nonce(api: Api, channel: Channel, nonce: str) -> Message | None:
    """Return the message this nonce made within the window; refuse if it was deleted."""
    found = api.world.nonces.get((channel.id, nonce))
    if found is None or api.world.clock() - found[1] > api.world.nonce_window:
        return None
    message = channel.messages.get(found[0])
    if message is None:
        raise Refused(10008)
    return message


async def history(api: Api, call: Call) -> Answer:
    channel = api.world.channel(call.id("channel_id"))
    api.world.require(channel)
    if channel.kind in (Kind.FORUM, Kind.CATEGORY):
        raise Refused(50008)
    if not api.world.may(channel) & BITS["read_message_history"]:
        return 200, []
    limit = int(call.query.get("limit", "50"))
    if not 1 <= limit <= 100:
        raise Refused(50035, "limit is between 1 and 100")
    ids = sorted(channel.messages)
    if after := call.query.get("after"):
        ids = [i for i in ids if i > int(after)][:limit]
    elif before := call.query.get("before"):
        ids = [i for i in ids if i < int(before)][-limit:]
    else:
        ids = ids[-limit:]
    found = [channel.messages[i] for i in reversed(ids)]
    return 200, [payloads.message(api.world, message) for message in found]


def _find(api: Api, call: Call) -> tuple[Channel, Message]:
    channel = api.world.channel(call.id("channel_id"))
    api.world.require(channel)
    message = channel.messages.get(call.id("message_id"))
    if message is None:
        raise Refused(10008)
    return channel, message


async def get(api: Api, call: Call) -> Answer:
    channel, message = _find(api, call)
    if not api.world.may(channel) & BITS["read_message_history"]:
        raise Refused(50013)
    return 200, payloads.message(api.world, message)


async def edit(api: Api, call: Call) -> Answer:
    channel, message = _find(api, call)
    if message.author.id != api.world.bot.id:
        raise Refused(50005)
    if channel.is_thread and channel.archived:
        raise Refused(50083)
    merged = {**message.body, **{k: v for k, v in (call.body or {}).items() if k != "nonce"}}
    _require_edit_allowed(api, channel, message, merged)
    apply_edit(api, channel, message, merged)
    return 200, payloads.message(api.world, message)


def _require_edit_allowed(api: Api, channel: Channel, message: Message, merged: Json) -> None:
    check_message(merged)
    if merged.get("embeds") and channel.kind is not Kind.DM:
        api.world.require(channel, "embed_links")
    if int(message.body.get("flags") or 0) & (1 << 15) and not int(merged.get("flags") or 0) & (
        1 << 15
    ):
        raise Refused(50035, "the components v2 flag cannot be taken off")
    limits = api.buckets.limits
    now = api.world.clock().timestamp()
    if api.world.clock() - message.at > OLD:
        wait = api.buckets.window(f"old:{channel.id}", limits.old_edits).ask(now)
        if wait is not None:
            raise Refused(30046, retry_after=wait)
    if message.published:
        wait = api.buckets.window(f"published:{message.id}", limits.published_edits).ask(now)
        if wait is not None:
            raise Refused(20022, retry_after=wait)


def apply_edit(api: Api, channel: Channel, message: Message, merged: Json) -> None:
    """Make the message say `merged`, and keep what it said before."""
    message.versions.append(message.body)
    message.body = merged
    message.edited = api.world.clock()
    message.edits.append(message.edited)
    # An edit changes what is highlighted, yet it notifies nobody: pinged stays.


async def delete(api: Api, call: Call) -> Answer:
    channel, message = _find(api, call)
    if message.author.id != api.world.bot.id:
        api.world.require(channel, "manage_messages")
    del channel.messages[message.id]
    channel.deleted_messages.add(message.id)
    return 204, None


async def crosspost(api: Api, call: Call) -> Answer:
    channel, message = _find(api, call)
    if channel.kind is not Kind.ANNOUNCEMENT:
        raise Refused(50024)
    api.world.require(channel, "send_messages")
    if message.published:
        raise Refused(40033)
    window = api.buckets.window(f"crosspost:{channel.id}", api.buckets.limits.crossposts)
    wait = window.ask(api.world.clock().timestamp())
    if wait is not None:
        # The header says 1 s, the body tells the truth (discord/discord-api-docs#6109).
        raise Refused(20028, retry_after=wait, header_retry_after=1)
    message.published = True
    return 200, payloads.message(api.world, message)


ROUTES: list[Route] = [
    ("POST", "/channels/{channel_id}/messages", create),
    ("GET", "/channels/{channel_id}/messages", history),
    ("GET", "/channels/{channel_id}/messages/{message_id}", get),
    ("PATCH", "/channels/{channel_id}/messages/{message_id}", edit),
    ("DELETE", "/channels/{channel_id}/messages/{message_id}", delete),
    ("POST", "/channels/{channel_id}/messages/{message_id}/crosspost", crosspost),
]
