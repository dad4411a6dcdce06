"""conversations.* and users.*: looking channels up, joining, reading back.

https://docs.slack.dev/reference/methods?filter=conversations
"""

from __future__ import annotations

from tests.servers.slack.calls import Call
from tests.servers.slack.world import Channel, Json, Message, Refused


def info(call: Call) -> Json:
    channel = call.channel()
    call.need("im:read" if channel.im_with else _reads(channel))
    _visible(channel)
    return {"channel": channel.to_json()}


def list_(call: Call) -> Json:
    call.need("channels:read", "groups:read")
    kinds = call.text("types", "public_channel").split(",")
    found = [
        c.to_json()
        for c in call.team.channels.values()
        if not c.deleted
        and not (call.flag("exclude_archived") and c.archived)
        and ("im" if c.im_with else "private_channel" if c.private else "public_channel") in kinds
        and (c.bot_is_member or not c.private)
    ]
    page, cursor = _page(call, len(found), 100)
    return {"channels": found[page], "response_metadata": {"next_cursor": cursor}}


def join(call: Call) -> Json:
    call.need("channels:join")
    channel = call.channel()
    if channel.private:
        raise Refused("method_not_supported_for_channel_type")
    if channel.archived:
        raise Refused("is_archived")
    channel.bot_is_member = True
    return {"channel": channel.to_json()}


def open_(call: Call) -> Json:
    call.need("im:write")
    users = [u for u in call.text("users").split(",") if u]
    if len(users) != 1 or users[0] not in call.team.users:
        raise Refused("user_not_found")
    channel = call.team.direct(users[0])
    return {"channel": channel.to_json()}


def members(call: Call) -> Json:
    channel = call.channel()
    call.need(_reads(channel))
    _visible(channel)
    found = sorted(channel.members) + [call.team.bot_user] * channel.bot_is_member
    page, cursor = _page(call, len(found), 100)
    return {"members": found[page], "response_metadata": {"next_cursor": cursor}}


def history(call: Call) -> Json:
    """Roots and broadcast replies, newest first."""
    channel = _readable(call)
    found = [
        m
        for m in channel.messages.values()
        if not m.deleted and (m.thread_ts in {None, m.ts} or m.broadcast) and _in_window(call, m)
    ]
    found.sort(key=lambda m: float(m.ts), reverse=True)
    return _messages(call, channel, found)


def replies(call: Call) -> Json:
    """The root first, then its replies, oldest first; the root whatever the window says."""
    channel = _readable(call)
    root = channel.messages.get(call.text("ts"))
    if root is None:
        raise Refused("thread_not_found")
    root = channel.messages[root.thread_ts] if root.thread_ts else root
    found = [channel.messages[ts] for ts in channel.replies.get(root.ts, [])]
    found = [m for m in found if not m.deleted and _in_window(call, m)]
    return _messages(call, channel, [root, *found])


def of_user(call: Call) -> Json:
    """users.conversations: where `user` is, as far as the bot can see."""
    call.need("channels:read", "groups:read")
    kinds = call.text("types", "public_channel").split(",")
    user = call.text("user")
    found = [
        c.to_json()
        for c in call.team.channels.values()
        if user in c.members
        and c.im_with is None
        and ("private_channel" if c.private else "public_channel") in kinds
        and (c.bot_is_member or not c.private)
    ]
    page, cursor = _page(call, len(found), 100)
    return {"channels": found[page], "response_metadata": {"next_cursor": cursor}}


def user_info(call: Call) -> Json:
    call.need("users:read")
    user = call.team.users.get(call.text("user"))
    if user is None:
        raise Refused("user_not_found")
    return {"user": user}


def bot_info(call: Call) -> Json:
    call.need("users:read")
    known = {"id": call.team.bot_id, "name": "isclaudedown", "app_id": call.world.app_id}
    return {"bot": known | {"user_id": call.team.bot_user, "deleted": False}}


def _reads(channel: Channel) -> str:
    return "groups:read" if channel.private else "channels:read"


def _visible(channel: Channel) -> None:
    if channel.private and not channel.im_with and not channel.bot_is_member:
        raise Refused("channel_not_found")


def _readable(call: Call) -> Channel:
    channel = call.channel()
    _visible(channel)
    kind = "im" if channel.im_with else "groups" if channel.private else "channels"
    call.need(f"{kind}:history")
    if not channel.bot_is_member and not channel.im_with:
        raise Refused("not_in_channel")
    return channel


def _in_window(call: Call, message: Message) -> bool:
    ts = float(message.ts)
    oldest = float(call.args.get("oldest") or 0)
    latest = float(call.args.get("latest") or "inf")
    inclusive = call.flag("inclusive")
    return (oldest < ts < latest) or (inclusive and ts in {oldest, latest})


def _messages(call: Call, channel: Channel, found: list[Message]) -> Json:
    page, cursor = _page(call, len(found), 100)
    show = call.flag("include_all_metadata")
    out = []
    for message in found[page]:
        shown = message.to_json(metadata=show)
        if count := len(channel.replies.get(message.ts, [])):
            latest = channel.replies[message.ts][-1]
            shown |= {"thread_ts": message.ts, "reply_count": count, "latest_reply": latest}
        out.append(shown)
    answer: Json = {"messages": out, "has_more": bool(cursor)}
    return answer | ({"response_metadata": {"next_cursor": cursor}} if cursor else {})


def _page(call: Call, count: int, default: int) -> tuple[slice, str]:
    """Which part of `count` items this call gets, and the cursor of the next ("" at the end)."""
    wanted = min(call.number("limit", default) or default, call.world.history_limit)
    cursor = call.text("cursor")
    start = int(cursor.removeprefix("at-")) if cursor.startswith("at-") else 0
    end = start + wanted
    return slice(start, end), f"at-{end}" if end < count else ""
