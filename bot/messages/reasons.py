"""Why a channel is not written to, in words that say what a person can do.

A platform's own code is kept in brackets: it is what one searches for. Discord's adapter gives
words itself; what is not listed here is shown as it came.
"""

from __future__ import annotations

from collections.abc import Mapping

# https://docs.slack.dev/reference/methods/chat.postMessage#errors
_WORDS: Mapping[str, str] = {
    "not_in_channel": "I am not in this channel: /invite @isclaudedown",
    "channel_not_found": "the channel is gone, or I was removed from it: /invite @isclaudedown",
    "is_archived": "the channel is archived",
    "is_inactive": "the channel is archived or frozen",
    "restricted_action": "a rule of the workspace keeps me from posting here: ask an admin",
    "restricted_action_read_only_channel": "only admins may post in this channel",
    "restricted_action_thread_only_channel": "this channel takes replies only",
    "restricted_action_non_threadable_channel": "this channel has no threads",
    "no_permission": "I may not post here: ask an admin",
    "access_denied": "I may not post here: ask an admin",
    "account_inactive": "the app was removed from the workspace: install it again",
    "token_revoked": "the app was removed from the workspace: install it again",
    "invalid_auth": "the app's token is no longer good: install it again",
    "missing_scope": "the app lacks a permission: install it again with the present manifest",
    "message_limit_exceeded": "the workspace has used up its messages",
}


def reason_words(reason: str) -> str:
    """The reason for people; unknown ones as they are. A code may be followed by details."""
    code = reason.partition(":")[0].strip()
    words = _WORDS.get(code)
    return f"{words} ({reason})" if words else reason
