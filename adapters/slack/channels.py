"""Access to a channel, and its members. Nothing is posted; public ones are joined."""

from __future__ import annotations

from adapters.chat.http import Json
from adapters.slack.client import SlackClient
from bot.domain.errors import ChannelGone, DeliveryError
from bot.messenger import Access

INVITE = "Type /invite @isclaudedown in that channel."
ARCHIVED = Access(False, "this channel is archived", "Unarchive it, or choose another.")
FOREIGN = Access(False, "I cannot write in this conversation", "Use a channel instead.")
HIDDEN = Access(False, "I cannot see this channel", INVITE)
UNREADABLE = Access(
    True, "I may write here but not read back, so an outage may be told twice", INVITE
)
# 2,000 channels; a person in more of them sees the first ones.
MOST_PAGES, PAGE = 10, 200


async def access_to(client: SlackClient, channel: str) -> Access:
    """Return whether messages can be posted to `channel`; join it if it is public.

    Raises:
        DeliveryError: Slack did not answer, or the workspace is gone.
    """
    if not client.workspace.may("chat:write"):
        return Access(
            False,
            "the Slack app lacks the permission chat:write",
            "Ask whoever installed it to reinstall it with the manifest's scopes.",
        )
    if channel[:1] in {"U", "W"}:
        return Access(ok=True)  # a person, who can always be written to
    try:
        info = (await client.ask("conversations.info", channel=channel)).get("channel") or {}
    except ChannelGone as gone:
        if gone.reason == "is_archived":
            return ARCHIVED
        # A conversation between people that the app is no part of, or a private channel.
        return FOREIGN if channel.startswith("D") else HIDDEN
    except DeliveryError as error:
        if error.reason.startswith(("missing_scope", "unknown_method")):
            return Access(ok=True)  # may not look: posting will tell
        raise
    return ARCHIVED if info.get("is_archived") else await _membership(client, info, channel)


async def _membership(client: SlackClient, info: Json, channel: str) -> Access:
    if info.get("is_im") or info.get("is_mpim") or info.get("is_member", True):
        return Access(ok=True)
    if info.get("is_private"):
        return Access(False, "I am not a member of this channel", INVITE)
    # Who is no member may post (chat:write.public) but not read: after a lost answer nothing could
    # be looked up, and a root would be sent again.
    if await join(client, channel):
        return Access(ok=True)
    scopes = client.workspace.scopes
    if scopes is not None and "chat:write.public" in scopes:
        return UNREADABLE
    return Access(False, "I am not a member of this channel", INVITE)


async def join(client: SlackClient, channel: str) -> bool:
    """Enter a public channel; False where Slack does not let us."""
    if not client.workspace.may("channels:join"):
        return False
    try:
        await client.ask("conversations.join", channel=channel)
    except DeliveryError:
        return False
    return True


async def count_members(client: SlackClient, channel: str) -> int | None:
    """Return how many people the channel has (https://docs.slack.dev/reference/methods/conversations.info)."""
    answer = await client.ask("conversations.info", channel=channel, include_num_members="true")
    count = (answer.get("channel") or {}).get("num_members")
    return count if isinstance(count, int) else None


async def channels_of(client: SlackClient, user: str) -> set[str]:
    """Return the channels that `user` is in, as far as the bot may see them.

    Raises:
        DeliveryError: not granted, or no answer.
    """
    found: set[str] = set()
    cursor = ""
    for _ in range(MOST_PAGES):
        answer = await client.ask(
            "users.conversations",
            user=user,
            types="public_channel,private_channel",
            exclude_archived=True,
            limit=PAGE,
            cursor=cursor,
        )
        found |= {str(channel.get("id")) for channel in answer.get("channels") or ()}
        cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            break
    return found


async def is_member(client: SlackClient, channel: str, user: str) -> bool:
    """Return whether `user` is in `channel`, as far as its first thousand members tell."""
    try:
        answer = await client.ask("conversations.members", channel=channel, limit=1000)
    except DeliveryError:
        return False
    return user in (answer.get("members") or ())


async def can_read(client: SlackClient, channel: str) -> bool:
    """Return whether what was sent to `channel` can be looked up there: members may read.

    Raises:
        DeliveryError: it cannot be told.
    """
    try:
        info = (await client.ask("conversations.info", channel=channel)).get("channel") or {}
    except ChannelGone:
        return False
    return bool(info.get("is_im") or info.get("is_member"))
