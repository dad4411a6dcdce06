"""Pins: pin, list, unpin. https://docs.discord.com/developers/resources/message#pin-message"""

from tests.servers.discord import payloads
from tests.servers.discord.api import Answer, Api, Call, Route, store
from tests.servers.discord.permissions import BITS
from tests.servers.discord.refusals import Refused
from tests.servers.discord.world import Channel, Kind, Message

MOST_PINS = 250  # a channel


def _pinnable(api: Api, call: Call) -> tuple[Channel, Message]:
    channel = api.world.channel(call.id("channel_id"))
    api.world.require(channel)
    if channel.kind in (Kind.FORUM, Kind.CATEGORY):
        raise Refused(50024)
    message = channel.messages.get(call.id("message_id"))
    if message is None:
        raise Refused(10008)
    if channel.kind is not Kind.DM:
        api.world.require(channel, "pin_messages")
    return channel, message


async def pin(api: Api, call: Call) -> Answer:
    """Pin once: what is pinned already stays as it is, and gets no second line in the channel."""
    channel, message = _pinnable(api, call)
    if message.is_pin_notice:
        raise Refused(50021)
    if message.pinned is None:
        if sum(one.pinned is not None for one in channel.messages.values()) >= MOST_PINS:
            raise Refused(30003)
        message.pinned = api.world.clock()
        notice = await store(api, channel, {})
        notice.is_pin_notice = True
        notice.reference = {"message_id": str(message.id)}
    return 204, None


async def unpin(api: Api, call: Call) -> Answer:
    _, message = _pinnable(api, call)
    message.pinned = None
    return 204, None


async def pins(api: Api, call: Call) -> Answer:
    channel = api.world.channel(call.id("channel_id"))
    api.world.require(channel)
    if not api.world.may(channel) & BITS["read_message_history"]:
        return 200, {"items": [], "has_more": False}
    found = [one for one in channel.messages.values() if one.pinned is not None]
    items = [
        {"pinned_at": one.pinned.isoformat(), "message": payloads.message(api.world, one)}
        for one in sorted(found, key=lambda one: one.pinned or one.at, reverse=True)
        if one.pinned is not None
    ]
    limit = int(call.query.get("limit", "50"))
    return 200, {"items": items[:limit], "has_more": len(items) > limit}


ROUTES: list[Route] = [
    ("GET", "/channels/{channel_id}/messages/pins", pins),
    ("PUT", "/channels/{channel_id}/messages/pins/{message_id}", pin),
    ("DELETE", "/channels/{channel_id}/messages/pins/{message_id}", unpin),
]
