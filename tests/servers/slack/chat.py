"""chat.*: posting, editing, deleting, and the checks that real Slack makes on the way.

https://docs.slack.dev/reference/methods/chat.postMessage
"""

from __future__ import annotations

from typing import Any

from tests.servers.slack import blocks as limits
from tests.servers.slack.calls import Call
from tests.servers.slack.world import Channel, Json, Message, Refused

METADATA_BYTES = 16_000


def post_message(call: Call) -> Json:
    call.need("chat:write")
    channel = call.channel()
    _may_write(call, channel)
    text, blocks = _content(call)
    metadata = _metadata(call)
    thread_ts = call.text("thread_ts") or None
    if thread_ts:
        _check_thread(call, channel, thread_ts)
    broadcast = call.flag("reply_broadcast")
    if broadcast and not thread_ts:
        call.world.violate("chat.postMessage: reply_broadcast without thread_ts")
    message = Message(
        ts=call.world.next_ts(),
        channel=channel.id,
        team=call.team.id,
        user=call.team.bot_user,
        bot_id=call.team.bot_id,
        text=text,
        blocks=blocks if call.world.keep_blocks else [],
        metadata=metadata,
        thread_ts=thread_ts,
        broadcast=broadcast,
        client_msg_id=call.args.get("client_msg_id"),
    )
    channel.messages[message.ts] = message
    if thread_ts:
        channel.replies.setdefault(thread_ts, []).append(message.ts)
    return {"channel": channel.id, "ts": message.ts, "message": message.to_json(metadata=True)}


def unfurl(call: Call) -> Json:
    """Previews of links in a message, which is named by channel and ts, or by the event's ids.

    https://docs.slack.dev/reference/methods/chat.unfurl
    """
    call.need("links:write")
    sources = {"composer", "conversations_history"}
    by_event = call.text("unfurl_id") and call.text("source") in sources
    if not by_event and not (call.text("channel") and call.text("ts")):
        raise Refused("cannot_find_message")
    unfurls = call.structure("unfurls")
    if not isinstance(unfurls, dict) or not unfurls:
        raise Refused("missing_unfurls")
    for url, preview in unfurls.items():
        for finding in limits.block_findings(preview.get("blocks")):
            call.world.violate(f"chat.unfurl: {url}: {finding}")
    call.team.unfurls.update(unfurls)
    return {}


def post_ephemeral(call: Call) -> Json:
    call.need("chat:write")
    channel = call.channel()
    user = call.text("user")
    if user not in call.team.users:
        raise Refused("user_not_in_channel")
    if not channel.bot_is_member:
        raise Refused("channel_not_found" if channel.private else "not_in_channel")
    text, blocks = _content(call)
    message = Message(
        ts=call.world.next_ts(),
        channel=channel.id,
        team=call.team.id,
        user=call.team.bot_user,
        text=text,
        blocks=blocks,
        thread_ts=call.text("thread_ts") or None,
        ephemeral_to=user,
    )
    call.team.ephemerals.append(message)
    return {"message_ts": message.ts}


def update(call: Call) -> Json:
    call.need("chat:write")
    channel = call.channel()
    message = _own(call, channel, "cant_update_message")
    if channel.archived:
        raise Refused("is_inactive")
    has_blocks = "blocks" in call.args
    text, blocks = _content(call)
    message.text = text if "text" in call.args else message.text
    # Text alone takes the blocks away; blocks alone keep the text.
    if has_blocks or "text" in call.args:
        message.blocks = blocks if call.world.keep_blocks else []
    if "metadata" in call.args:
        message.metadata = _metadata(call)
    message.versions += 1
    if not has_blocks:
        message.edited_at = call.world.next_ts()
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": message.to_json(metadata=True),
    }


def delete(call: Call) -> Json:
    call.need("chat:write")
    channel = call.channel()
    message = _own(call, channel, "cant_delete_message")
    message.deleted = True
    return {"channel": channel.id, "ts": message.ts}


def get_permalink(call: Call) -> Json:
    channel = call.channel()
    ts = call.text("message_ts")
    if ts not in channel.messages:
        raise Refused("message_not_found")
    link = f"https://{call.team.domain}.slack.com/archives/{channel.id}/p{ts.replace('.', '')}"
    return {"channel": channel.id, "permalink": link}


def _own(call: Call, channel: Channel, refusal: str) -> Message:
    message = channel.messages.get(call.text("ts"))
    if message is None or message.deleted:
        raise Refused("message_not_found")
    if message.user != call.team.bot_user:
        raise Refused(refusal)
    return message


def _may_write(call: Call, channel: Channel) -> None:
    if channel.archived:
        raise Refused("is_archived")
    if channel.read_only:
        raise Refused("restricted_action_read_only_channel")
    if channel.im_with or channel.bot_is_member:
        return
    if channel.private:
        raise Refused("channel_not_found")
    if "chat:write.public" not in call.token.scopes:
        raise Refused("not_in_channel")


def _check_thread(call: Call, channel: Channel, thread_ts: str) -> None:
    root = channel.messages.get(thread_ts)
    if root is not None and root.thread_ts:
        call.world.violate(f"{call.method}: thread_ts {thread_ts} is a reply, not a root")
    if root is None and not call.world.open_world:
        call.world.violate(f"{call.method}: thread_ts {thread_ts} is no message of {channel.id}")
        raise Refused("thread_not_found")


def _content(call: Call) -> tuple[str, list[Json]]:
    """Text and blocks, refused as Slack would, with a violation noted for each refusal."""
    text = call.text("text")
    blocks: Any = call.structure("blocks") or []
    if not text and not blocks and not call.args.get("attachments"):
        call.world.violate(f"{call.method}: no text")
        raise Refused("no_text")
    if not call.world.check:
        return text, blocks
    if len(text) > limits.TEXT_WISE:
        call.world.violate(f"{call.method}: text of {len(text)} characters")
        if call.method == "chat.update" or len(text) > limits.TEXT_CUT:
            raise Refused("msg_too_long")
    if blocks and not text:
        call.world.violate(f"{call.method}: blocks without fallback text")
    wrong = list(limits.block_findings(blocks))
    if wrong:
        call.world.violations += [f"{call.method}: {one}" for one in wrong]
        raise Refused("invalid_blocks", response_metadata={"messages": wrong})
    total = limits.total_text(blocks)
    if total > limits.TOTAL_WISE:
        call.world.violate(f"{call.method}: {total} characters of block text")
        if total > limits.TOTAL_REFUSED:
            raise Refused("msg_blocks_too_long")
    for one in limits.inert_findings(text, blocks, call.world.allowed_mentions):
        call.world.violate(f"{call.method}: {one}")
    return text, blocks


def _metadata(call: Call) -> Json | None:
    """Metadata with an event type and a flat payload, else refused as Slack does."""
    given = call.structure("metadata")
    if not given:
        return None
    payload = given.get("event_payload") if isinstance(given, dict) else None
    well_formed = (
        isinstance(payload, dict)
        and isinstance(given.get("event_type"), str)
        and all(isinstance(v, str | int | float | bool) for v in payload.values())
    )
    if not well_formed:
        call.world.violate(f"{call.method}: metadata malformed")
        raise Refused("invalid_metadata_format")
    if len(str(given)) > METADATA_BYTES:
        call.world.violate(f"{call.method}: metadata too large")
        raise Refused("metadata_too_large")
    return dict(given)
