"""Finds in Slack what may have been sent: by the delivery key in a message's metadata.

Reading back is rationed for distributed apps off the Marketplace: one call a minute and 15
messages at a time (docs.slack.dev/apis/web-api/rate-limits). An unfinished search goes on from
its page when its turn comes, so that it ends even in a busy channel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from adapters.chat.http import Json
from adapters.slack.client import SlackClient
from adapters.slack.errors import SlackUnreachable
from bot.domain.errors import (
    CannotLook,
    DeliveryError,
    MessageGone,
    RateLimited,
    TenantGone,
    TenantPaused,
    Uncertain,
)
from bot.domain.subscription import Channel

RATION_SECONDS = 60.0
RATION_MESSAGES = 15
PAGE_MESSAGES = 200
MOST_PAGES = 50
# After a call that failed on the way: nothing may be sent before it was read.
AGAIN_SECONDS = 5.0
# What no waiting changes: the app was not given the permission.
_FOR_EVER = ("missing_scope", "not_allowed_token_type")
# Slack's clock and ours may differ.
CLOCK_SLACK = timedelta(seconds=60)


@dataclass(slots=True)
class _Search:
    """The state of one search: the next page, and what was found so far."""

    cursor: str = ""
    found: dict[str, str] = field(default_factory=dict)

    def take(self, page: Json, wanted: frozenset[str]) -> bool:
        """Add what a page holds; return whether nothing is left to read or to look for."""
        for message in page.get("messages") or ():
            metadata = message.get("metadata") or {}
            key = (metadata.get("event_payload") or {}).get("k")
            if key in wanted and message.get("ts"):
                self.found[key] = message["ts"]
        following = page.get("response_metadata") or {}
        self.cursor = str(following.get("next_cursor") or "")
        return not self.cursor or len(self.found) == len(wanted)


class SlackRecovery:
    """Searches of one process. `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float], *, rationed: bool) -> None:
        self._monotonic = monotonic
        self._rationed = rationed
        self._next_call: dict[str, float] = {}
        self._searches: dict[tuple[Channel, str | None, frozenset[str]], _Search] = {}

    async def find(
        self,
        client: SlackClient,
        channel: Channel,
        root: str | None,
        keys: Sequence[str],
        since: datetime,
    ) -> Mapping[str, str]:
        """Return the messages (`ts` by key) that stand there; see `Messenger.find`."""
        if channel.id[:1] in {"U", "W"}:
            raise CannotLook("the conversation with a person is known by their id alone")
        wanted = frozenset(keys)
        name = (channel, root, wanted)
        search = self._searches.setdefault(name, _Search())
        method = "conversations.history" if root is None else "conversations.replies"
        body: Json = {
            "channel": channel.id,
            "oldest": f"{(since - CLOCK_SLACK).timestamp():.6f}",
            "limit": RATION_MESSAGES if self._rationed else PAGE_MESSAGES,
            "include_all_metadata": True,
            "inclusive": True,
        }
        if root is not None:
            body["ts"] = root
        try:
            for _ in range(MOST_PAGES):
                self._take_ration(f"{channel.tenant}/{method}")
                page = {"cursor": search.cursor} if search.cursor else {}
                if search.take(await _ask(client, method, body | page), wanted):
                    break
        except RateLimited:
            raise  # the search is kept and goes on from its page
        except BaseException:
            self._searches.pop(name, None)
            raise
        self._searches.pop(name, None)
        return search.found

    def _take_ration(self, name: str) -> None:
        if not self._rationed:
            return
        now = self._monotonic()
        wait = self._next_call.get(name, now) - now
        if wait > 0:
            raise RateLimited("reading back is rationed", retry_after=wait)
        self._next_call[name] = now + RATION_SECONDS


async def _ask(client: SlackClient, method: str, params: Json) -> Json:
    """Return the answer of one reading call.

    Raises:
        RateLimited: not now: rationed, or Slack did not answer.
        CannotLook: we may not read there, though we may write.
        DeliveryError: as for sending: the channel, the thread's root or the workspace is gone.
    """
    try:
        return await client.ask(method, **params)
    except (Uncertain, SlackUnreachable) as error:
        raise RateLimited(error.reason, retry_after=AGAIN_SECONDS) from None
    except (MessageGone, RateLimited, TenantGone):
        raise
    except DeliveryError as refused:
        passes = isinstance(refused, TenantPaused) and not refused.reason.startswith(_FOR_EVER)
        if passes or refused.reason in {"channel_not_found", "is_archived"}:
            raise
        raise CannotLook(refused.reason) from None
