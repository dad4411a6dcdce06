"""Threads: made from a message, forum posts, archive and lock."""

from tests.servers.discord import payloads
from tests.servers.discord.api import Answer, Api, Call, Route, check_message, store, thread_event
from tests.servers.discord.permissions import BITS
from tests.servers.discord.refusals import Refused
from tests.servers.discord.world import Channel, Guild, Json, Kind

DURATIONS = (60, 1440, 4320, 10080)


async def from_message(api: Api, call: Call) -> Answer:
    world = api.world
    channel = world.channel(call.id("channel_id"))
    world.require(channel, "create_public_threads")
    if channel.kind not in (Kind.TEXT, Kind.ANNOUNCEMENT):
        raise Refused(50024)
    message_id = call.id("message_id")
    if message_id not in channel.messages:
        raise Refused(10008)
    if message_id in world.channels:
        raise Refused(160004)
    kind = Kind.THREAD if channel.kind is Kind.TEXT else Kind.ANNOUNCEMENT_THREAD
    thread = _new(api, channel, message_id, kind, call.body)
    await thread_event(api, thread, "THREAD_CREATE")
    return 201, payloads.thread(world, thread)


async def start(api: Api, call: Call) -> Answer:
    """A forum post, or a thread without a message."""
    world = api.world
    channel = world.channel(call.id("channel_id"))
    if channel.kind is Kind.FORUM:
        return await _post(api, channel, call.body)
    if channel.kind is not Kind.TEXT:
        raise Refused(50024)
    world.require(channel, "create_public_threads")
    thread = _new(api, channel, world.new_id(), Kind.THREAD, call.body)
    await thread_event(api, thread, "THREAD_CREATE")
    return 201, payloads.thread(world, thread)


async def _post(api: Api, forum: Channel, body: Json) -> Answer:
    world = api.world
    world.require(forum, "send_messages")
    if body["message"].get("embeds"):
        world.require(forum, "embed_links")
    check_message(body["message"])
    tags = _tags(forum, body, manager=bool(world.may(forum) & BITS["manage_threads"]))
    thread = _new(api, forum, world.new_id(), Kind.THREAD, body)
    thread.applied_tags = tags
    message = await store(api, thread, body["message"])
    # The starter message bears the id of its thread.
    del thread.messages[message.id]
    message.id = thread.id
    thread.messages[thread.id] = message
    thread.last_message = thread.id
    await thread_event(api, thread, "THREAD_CREATE")
    return 201, {**payloads.thread(world, thread), "message": payloads.message(world, message)}


def _tags(forum: Channel, body: Json, *, manager: bool) -> list[int]:
    wanted = [int(tag) for tag in body.get("applied_tags") or []]
    known = {tag.id: tag for tag in forum.tags}
    if any(tag not in known for tag in wanted):
        raise Refused(50035, "unknown tag")
    if any(known[tag].moderated for tag in wanted) and not manager:
        raise Refused(50013)
    if forum.require_tag and not wanted:
        raise Refused(40067)
    return wanted


def _guild(api: Api, channel: Channel) -> Guild:
    return api.world.guilds[channel.guild or 0]


def _require_room(api: Api, channel: Channel) -> None:
    guild = _guild(api, channel)
    if sum(not t.archived for t in guild.threads.values()) >= guild.max_active_threads:
        raise Refused(160006)


def _new(api: Api, channel: Channel, thread_id: int, kind: Kind, body: Json) -> Channel:
    _require_room(api, channel)
    duration = body.get("auto_archive_duration") or 4320
    if duration not in DURATIONS:
        raise Refused(50035, "auto_archive_duration")
    thread = Channel(thread_id, kind, body["name"], channel.guild, parent=channel.id)
    thread.owner = api.world.bot.id
    thread.created = api.world.clock()
    thread.auto_archive = duration
    api.world.channels[thread.id] = thread
    _guild(api, channel).threads[thread.id] = thread
    return thread


async def change(api: Api, call: Call) -> Answer:
    """PATCH of a thread; other channels only with MANAGE_CHANNELS."""
    world = api.world
    thread = world.channel(call.id("channel_id"))
    body: Json = call.body or {}
    if not thread.is_thread:
        world.require(thread, "manage_channels")
        thread.name = body.get("name") or thread.name
        return 200, payloads.channel(world, thread)
    world.require(thread)
    manager = bool(world.may(thread) & BITS["manage_threads"])
    _require_change(api, thread, body, manager=manager)
    _apply(api, thread, body, manager=manager)
    await thread_event(api, thread, "THREAD_UPDATE")
    return 200, payloads.thread(world, thread)


def _require_change(api: Api, thread: Channel, body: Json, *, manager: bool) -> None:
    mine = thread.owner == api.world.bot.id
    if not mine and not manager:
        raise Refused(50013)
    if "locked" in body and body["locked"] != thread.locked and not manager:
        raise Refused(50013)
    opens = body.get("archived") is False
    if thread.locked and not manager:
        raise Refused(160005)
    if thread.archived and not opens and set(body) - {"archived", "locked"}:
        raise Refused(50083)
    if opens and thread.archived:
        _require_room(api, thread)


def _apply(api: Api, thread: Channel, body: Json, *, manager: bool) -> None:
    if body.get("applied_tags") is not None and thread.parent:
        thread.applied_tags = _tags(api.world.channels[thread.parent], body, manager=manager)
    if body.get("name"):
        thread.name = body["name"]
    if body.get("archived") is not None:
        thread.archived = body["archived"]
        thread.archived_at = api.world.clock()
    if body.get("locked") is not None:
        thread.locked = body["locked"]
    if body.get("auto_archive_duration"):
        thread.auto_archive = body["auto_archive_duration"]


async def archived(api: Api, call: Call) -> Answer:
    channel = api.world.channel(call.id("channel_id"))
    api.world.require(channel, "read_message_history")
    guild = _guild(api, channel)
    closed = [t for t in guild.threads.values() if t.parent == channel.id and t.archived]
    threads = [payloads.thread(api.world, t) for t in reversed(closed)]
    return 200, {"threads": threads, "members": [], "has_more": False}


async def join(api: Api, call: Call) -> Answer:
    api.world.require(api.world.channel(call.id("channel_id")))
    return 204, None


ROUTES: list[Route] = [
    ("POST", "/channels/{channel_id}/messages/{message_id}/threads", from_message),
    ("POST", "/channels/{channel_id}/threads", start),
    ("PATCH", "/channels/{channel_id}", change),
    ("GET", "/channels/{channel_id}/threads/archived/public", archived),
    ("PUT", "/channels/{channel_id}/thread-members/@me", join),
]
