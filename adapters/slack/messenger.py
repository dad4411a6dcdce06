"""Sends to Slack: the messenger port over chat.* of the Web API.

Nothing is repeated in here. A reference is a message's `ts`. The delivery key goes out as metadata,
by which a message is found again; Slack documents no idempotency key (`client_msg_id` is sent in
case it helps, and nothing relies on it).
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from adapters.chat.http import Json, encoded
from adapters.slack.channels import access_to, count_members, join
from adapters.slack.client import SlackClients
from adapters.slack.mrkdwn import mention as as_mention
from adapters.slack.rate_limit import SlackRateLimits
from adapters.slack.recovery import SlackRecovery
from adapters.slack.render import MESSAGE_BLOCKS, Rendered, render, section
from bot.domain.errors import (
    CannotLook,
    ChannelGone,
    DeliveryError,
    RateLimited,
    TenantPaused,
    Uncertain,
)
from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.messenger import Access, Bucket

EVENT_TYPE = "icd_delivery"
_NAMESPACE = uuid.UUID("5b0c9f0e-1c3a-4e0b-9d55-6f0e3a7f4c11")
# "Generally 1 message per second per channel": docs.slack.dev/apis/web-api/rate-limits
CHANNEL_INTERVAL = 1.0


class SlackMessenger:
    """Sends to every workspace that `clients` knows.

    `monotonic` gives seconds for the waits that Slack asks for. `posts_per_second` is a limit of
    each workspace that is known beforehand; None: Slack says when it is too much.
    `rationed`: reading back is held to one call a minute (a distributed app off the Marketplace).
    `recovered` gets a workspace that refused everything, once something was taken there again.
    """

    platform = "slack"
    closes_threads = False
    pins = None  # it takes a scope more, and anybody in a channel can do it by hand

    def __init__(
        self,
        clients: SlackClients,
        *,
        monotonic: Callable[[], float],
        posts_per_second: float | None = None,
        rationed: bool = False,
        channel_interval: float = CHANNEL_INTERVAL,
        recovered: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self.channel_interval = channel_interval
        self._clients = clients
        self._monotonic = monotonic
        self._rates = SlackRateLimits(monotonic, posts_per_second)
        self.rationed = rationed
        self._recovery = SlackRecovery(monotonic, rationed=rationed)
        self._recovered = recovered
        self._refusing: set[str] = set()
        self._not_before: dict[tuple[str, str], float] = {}
        self._rendered: WeakKeyDictionary[Message, tuple[Rendered, Any]] = WeakKeyDictionary()

    def buckets(self, channel: Channel, *, revising: bool = False) -> Sequence[Bucket]:
        method = "chat.update" if revising else "chat.postMessage"
        return self._rates.buckets(_bucket(channel, method), fixed=not revising)

    def at_once(self, channel: Channel, ready: int) -> int:
        return self._rates.at_once(_bucket(channel, "chat.postMessage"), ready)

    async def open_thread(
        self, channel: Channel, message: Message, key: str, *, mention: str | None = None
    ) -> str:
        return await self._post(channel, self._body(channel, message, key, mention))

    async def reply(
        self,
        channel: Channel,
        root: str,
        message: Message,
        key: str,
        *,
        in_channel: bool = False,
        mention: str | None = None,
    ) -> str:
        body = self._body(channel, message, key, mention)
        body["thread_ts"] = root
        if in_channel:
            body["reply_broadcast"] = True
        return await self._post(channel, body)

    async def revise(self, channel: Channel, root: str, ts: str, shown: Message, key: str) -> None:
        """Replace text and blocks. Metadata is left out, so Slack keeps what was sent."""
        del root, key
        rendered, blocks = self._render(shown)
        body: Json = {
            "channel": channel.id,
            "ts": ts,
            "text": rendered.text,
            # Left out, chat.update reads names and links into the text, unlike chat.postMessage.
            "parse": "none",
            "blocks": blocks,
        }
        try:
            await self._call(channel, "chat.update", body)
        except Uncertain as unsure:
            # The whole state was sent and may be sent again: nothing to look up.
            raise DeliveryError(unsure.reason) from None

    async def close_thread(self, channel: Channel, root: str) -> None:
        """Slack has no such thing."""

    async def find(
        self, channel: Channel, root: str | None, keys: Sequence[str], since: datetime
    ) -> Mapping[str, str]:
        client = await self._clients.of(channel.tenant)
        try:
            return await self._recovery.find(client, channel, root, keys, since)
        except CannotLook as refused:
            # What was posted without membership (chat:write.public) is readable only from inside.
            if refused.reason != "not_in_channel" or not await join(client, channel.id):
                raise
        return await self._recovery.find(client, channel, root, keys, since)

    async def access(self, channel: Channel) -> Access:
        return await access_to(await self._clients.of(channel.tenant), channel.id)

    async def say(
        self, channel: Channel, message: Message, key: str, *, mention: str | None = None
    ) -> str:
        return await self._post(channel, self._body(channel, message, key, mention))

    async def members(self, channel: Channel) -> int | None:
        return await count_members(await self._clients.of(channel.tenant), channel.id)

    async def direct(self, channel: Channel, person: str) -> Channel:
        """Return the bot's conversation with one person."""
        client = await self._clients.of(channel.tenant)
        return Channel(self.platform, channel.tenant, await client.direct(person))

    async def name_of(self, channel: Channel, person: str) -> str:
        client = await self._clients.of(channel.tenant)
        user: Json = (await client.ask("users.info", user=person)).get("user") or {}
        names = ((user.get("profile") or {}).get("display_name"), user.get("real_name"))
        return next((str(name) for name in (*names, user.get("name")) if name), "")

    def _render(self, message: Message) -> tuple[Rendered, Any]:
        """Render a message, and encode its blocks, once for all channels that get it."""
        found = self._rendered.get(message)
        if found is None:
            rendered = render(message)
            found = self._rendered[message] = rendered, encoded(rendered.blocks)
        return found

    def _body(self, channel: Channel, message: Message, key: str, mention: str | None) -> Json:
        rendered, blocks = self._render(message)
        text = rendered.text
        if mention is not None and (mention := as_mention(mention)):
            text = f"{mention} {text}"
            if rendered.blocks:
                # Where there are blocks, only what they say calls anybody.
                first, *rest = rendered.blocks
                blocks = [first, section(mention), *rest][:MESSAGE_BLOCKS]
        body: Json = {
            "channel": channel.id,
            "text": text,
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"k": key}},
            "client_msg_id": _message_id(f"{channel}/{key}"),
        }
        if rendered.blocks:
            body["blocks"] = blocks
        return body

    async def _post(self, channel: Channel, body: Json) -> str:
        """Post, as a member if Slack wants that; return the message's `ts`."""
        try:
            answer = await self._call(channel, "chat.postMessage", body)
        except ChannelGone as gone:
            if gone.reason != "not_in_channel":
                raise
            if not await join(await self._clients.of(channel.tenant), channel.id):
                raise
            answer = await self._call(channel, "chat.postMessage", body)
        ts = answer.get("ts")
        if not isinstance(ts, str) or not ts:
            raise Uncertain("an answer without ts")
        return ts

    async def _call(self, channel: Channel, method: str, body: Json) -> Json:
        client = await self._clients.of(channel.tenant)
        bucket = _bucket(channel, method)
        limit = (channel.tenant, method)
        if (until := self._not_before.get(limit)) is not None:
            # Slack named a time for this method in this workspace: do not even ask before.
            left = until - self._monotonic()
            if left > 0:
                raise RateLimited("ratelimited", retry_after=left, bucket=bucket)
            self._not_before.pop(limit, None)
        began = self._rates.began(bucket)
        try:
            answer = await client.call(method, body, bucket)
        except RateLimited as limited:
            if not self._rates.is_enough(bucket):
                raise RateLimited(limited.reason, retry_after=limited.retry_after) from None
            self._not_before[limit] = self._monotonic() + limited.retry_after
            raise
        except TenantPaused:
            self._refusing.add(channel.tenant)
            raise
        if channel.tenant in self._refusing:
            self._refusing.discard(channel.tenant)
            if self._recovered is not None:
                await self._recovered(channel.tenant)
        self._rates.went(bucket, began)
        return answer


def _message_id(name: str) -> str:
    """Return the UUID (version 5) of a name, as `uuid.uuid5` does in four times the time."""
    digest = hashlib.sha1(_NAMESPACE.bytes + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


def _bucket(channel: Channel, method: str) -> str:
    """Slack limits each method in each workspace by itself."""
    return f"{channel.owner}/{method}"
