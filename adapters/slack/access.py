"""May the bot write in a channel, and what must a person do if not? Asked without posting."""

from __future__ import annotations

from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.errors import slack_errors
from adapters.slack.workspaces import Workspace
from bot.domain.errors import ChannelGone, DeliveryError, TenantPaused
from bot.ports import Access

INVITE = "Type /invite @isclaudedown in that channel."


async def look_at(client: AsyncWebClient, workspace: Workspace, channel: str) -> Access:
    """Whether messages can be posted to `channel`; joins a public one where that is needed.

    Raises:
        DeliveryError: Slack did not answer, or the workspace is gone.
    """
    if not workspace.may("chat:write"):
        return _lacks("chat:write")
    try:
        with slack_errors():
            answer = await client.api_call("conversations.info", data={"channel": channel})
    except ChannelGone as gone:
        return _unseen(channel, gone.reason)
    except TenantPaused as paused:
        if paused.reason.startswith("missing_scope"):
            return Access(ok=True)  # may not look: posting will tell
        raise
    except DeliveryError as error:
        if error.reason == "unknown_method":
            return Access(ok=True)
        raise
    return await _judge(client, workspace, dict(answer.get("channel") or {}), channel)


async def _judge(
    client: AsyncWebClient, workspace: Workspace, info: dict[str, object], channel: str
) -> Access:
    if info.get("is_archived"):
        return Access(False, "this channel is archived", "Unarchive it, or choose another.")
    if info.get("is_im") or info.get("is_mpim") or info.get("is_member", True):
        return Access(ok=True)
    if info.get("is_private"):
        return Access(False, "I am not a member of this channel", INVITE)
    if workspace.scopes is not None and "chat:write.public" in workspace.scopes:
        return Access(ok=True)
    if await may_join(client, workspace, channel):
        return Access(ok=True)
    return Access(False, "I am not a member of this channel", INVITE)


async def may_join(client: AsyncWebClient, workspace: Workspace, channel: str) -> bool:
    """Join `channel` once; False where Slack does not let us."""
    if not workspace.may("channels:join"):
        return False
    try:
        with slack_errors():
            await client.conversations_join(channel=channel)
    except DeliveryError:
        return False
    return True


def _unseen(channel: str, reason: str) -> Access:
    if reason == "is_archived":
        return Access(False, "this channel is archived", "Unarchive it, or choose another.")
    if channel.startswith("D"):
        # A conversation between people that the app is no part of.
        return Access(False, "I cannot write in this conversation", "Use a channel instead.")
    return Access(False, "I cannot see this channel", INVITE)


def _lacks(scope: str) -> Access:
    return Access(
        False,
        f"the Slack app lacks the permission {scope}",
        "Ask whoever installed it to reinstall it with the manifest's scopes.",
    )
