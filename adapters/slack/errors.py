"""Turns Slack's errors into ours: one table of its error strings, and what each means for us.

https://docs.slack.dev/reference/methods/chat.postMessage#errors and the same of chat.update.
An error string that nobody listed means that nothing happened; trying later may help.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from slack_sdk.errors import SlackApiError, SlackRequestError

from bot.domain.errors import (
    ChannelGone,
    DeliveryError,
    Malformed,
    MessageGone,
    RateLimited,
    TenantGone,
    TenantPaused,
    Uncertain,
)


class SlackUnreachable(DeliveryError):
    """Slack was not reached, or did nothing for the moment: the same call may work in a while."""


_TABLE: dict[type[DeliveryError], str] = {
    ChannelGone: """
        channel_not_found is_archived is_inactive not_in_channel restricted_action
        restricted_action_read_only_channel restricted_action_thread_only_channel
        restricted_action_non_threadable_channel ekm_access_denied no_permission
        messages_tab_disabled access_denied app_access_restricted posting_to_channel_denied
        channel_type_not_supported cannot_dm_bot user_not_found users_not_found user_disabled
        user_not_visible
    """,
    TenantGone: """
        account_inactive token_revoked invalid_auth not_authed token_expired team_not_found
        enterprise_is_restricted
    """,
    TenantPaused: """
        missing_scope not_allowed_token_type two_factor_setup_required accesslimited
        message_limit_exceeded team_added_to_org org_login_required team_access_not_granted
    """,
    Malformed: """
        invalid_blocks invalid_blocks_format msg_blocks_too_long msg_too_long no_text
        too_many_attachments metadata_too_large markdown_text_conflict invalid_json
        json_not_object invalid_form_data
    """,
    MessageGone: """
        message_not_found cant_update_message edit_window_closed block_mismatch
        restricted_action_thread_locked cannot_reply_to_message thread_not_found
    """,
    # The duplicates speak of the client_msg_id: it was taken before, and what it made is not found.
    Uncertain: """
        fatal_error internal_error update_failed duplicate_message_not_found
        duplicate_channel_not_found
    """,
    SlackUnreachable: "service_unavailable request_timeout external_channel_migrating",
}
# What people read about a channel or a workspace that is not written to; others as they came.
_EXPLANATIONS = {
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
    "accesslimited": "the workspace limits what may be written to it at present",
    "team_added_to_org": "the workspace is moving into an organisation: I go on when it is there",
    "org_login_required": "the workspace is moving into an organisation: I go on when it is there",
    "team_access_not_granted": "an admin of the organisation must let the app into this workspace",
    "user_not_found": "this person is not here any more",
    "user_disabled": "this person is not here any more",
    "cannot_dm_bot": "this is an app, which nobody can write to",
}
MEANING = {code: kind for kind, codes in _TABLE.items() for code in codes.split()}
_MALFORMED_PREFIXES = ("invalid_metadata", "invalid_arg", "invalid_blocks")
_RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
# What Slack did not say when; its own documentation names a minute as the window.
DEFAULT_RETRY_SECONDS = 30.0
# Slack asks for seconds or minutes; a proxy that says years (or inf) is asked again.
LONGEST_RETRY_SECONDS = 3600.0


def meaning(code: str) -> type[DeliveryError]:
    """Return the class of ours that this error string stands for."""
    if code.startswith(_MALFORMED_PREFIXES):
        return Malformed
    return MEANING.get(code, DeliveryError)


def explain(reason: str) -> str:
    """Return what a person can do about `reason`; an unknown one as it is.

    Slack's own code stays in brackets: it is what one searches for. Details may follow it.
    """
    words = _EXPLANATIONS.get(reason.partition(":")[0].strip())
    return f"{words} ({reason})" if words else reason


@contextmanager
def slack_errors(bucket: str | None = None) -> Iterator[None]:
    """Raise ours for what slack_sdk and aiohttp raise. `bucket` is named in `RateLimited`.

    Raises:
        DeliveryError: a subclass by `MEANING`. The text is Slack's code or the kind of failure,
            never a request or an answer: those hold tokens and other people's words.
    """
    try:
        yield
    except SlackApiError as error:
        raise of_answer(error.response, bucket) from None
    except aiohttp.ClientConnectorError as error:
        # Refused or unknown host: nothing was sent.
        raise SlackUnreachable(type(error).__name__) from None
    except aiohttp.ConnectionTimeoutError as error:
        raise SlackUnreachable(type(error).__name__) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Uncertain(type(error).__name__) from None
    except (SlackRequestError, AttributeError, ValueError) as error:
        # slack_sdk stumbles over an answer of 200 that is no JSON object (a proxy's page).
        raise Uncertain(type(error).__name__) from None


def of_answer(response: object, bucket: str | None = None) -> DeliveryError:
    """Return our error for an answer that is not `ok`."""
    status = getattr(response, "status_code", None) or getattr(response, "status", 0)
    data = getattr(response, "data", response)
    data = data if isinstance(data, dict) else {}
    code = str(data.get("error") or "")
    if status == 429 or code in _RATE_LIMITED:
        return RateLimited(code or "429", retry_after=_retry_after(response), bucket=bucket)
    if code:
        needed = data.get("needed") if code == "missing_scope" else None
        return meaning(code)(f"{code}: {needed}" if isinstance(needed, str) and needed else code)
    # Neither JSON nor an error string: a proxy spoke, and what is behind it may have acted.
    return Uncertain(f"HTTP {status}")


def _retry_after(response: object) -> float:
    headers = getattr(response, "headers", None) or {}
    for name, value in headers.items():
        if name.lower() == "retry-after":
            try:
                return min(max(0.0, float(value)), LONGEST_RETRY_SECONDS)
            except ValueError:
                break
    return DEFAULT_RETRY_SECONDS
