"""Sends to Slack: the messenger port over chat.* of the Web API.

One client per workspace over one shared session; nothing is repeated in here. A reference is a
message's `ts`. The delivery key goes out as metadata, by which a message is found again; Slack
documents no idempotency key (`client_msg_id` is sent in case it helps, and nothing relies on it).
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from weakref import WeakKeyDictionary

import aiohttp
from slack_sdk.web.async_client import AsyncWebClient

from adapters.slack.access import look_at, may_join
from adapters.slack.errors import slack_errors
from adapters.slack.posting import Poster
from adapters.slack.rate_limit import SlackRateLimits
from adapters.slack.recovery import SlackRecovery
from adapters.slack.render import Json, Rendered, markdown, render
from adapters.slack.workspaces import Workspace, Workspaces, web_client
from bot.domain.errors import CannotLook, ChannelGone, DeliveryError, RateLimited, Uncertain
from bot.domain.message import Message
from bot.domain.subscription import Channel
from bot.ports import Access, Bucket

EVENT_TYPE = "icd_delivery"
_NAMESPACE = uuid.UUID("5b0c9f0e-1c3a-4e0b-9d55-6f0e3a7f4c11")
# Only a person or a user group may be called; nobody is by <!channel>, <!here> or <!everyone>.
_MENTION = re.compile(r"<(?:@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+)>")
# "Generally 1 message per second per channel": docs.slack.dev/apis/web-api/rate-limits
CHANNEL_INTERVAL = 1.0


class SlackMessenger:
    """Speaks to all workspaces that `workspaces` knows.

    `monotonic` gives seconds for the waits that Slack asks for. `posts_per_second` is a limit of
    each workspace that is known beforehand; None: Slack says when it is too much.
    `rationed`: reading back is held to one call a minute (a distributed app off the Marketplace).
    """

    platform = "slack"
    closes_threads = False

    def __init__(
        self,
        workspaces: Workspaces,
        *,
        base_url: str,
        session: aiohttp.ClientSession,
        monotonic: Callable[[], float],
        posts_per_second: float | None = None,
        rationed: bool = False,
        channel_interval: float = CHANNEL_INTERVAL,
    ) -> None:
        self.channel_interval = channel_interval
        self._workspaces = workspaces
        self._base_url = base_url
        self._session = session
        self._monotonic = monotonic
        self._rates = SlackRateLimits(monotonic, posts_per_second)
        self._look_back = SlackRecovery(monotonic, rationed=rationed)
        self._posters: dict[str, Poster] = {}
        self._not_before: dict[tuple[str, str], float] = {}
        self._drawn: WeakKeyDictionary[Message, Rendered] = WeakKeyDictionary()

    def buckets(self, channel: Channel, *, revising: bool = False) -> Sequence[Bucket]:
        method = "chat.update" if revising else "chat.postMessage"
        return self._rates.buckets(_bucket(channel, method), fixed=not revising)

    async def open_thread(
        self, channel: Channel, card: Message, key: str, *, mention: str | None = None
    ) -> str:
        return await self._post(channel, self._body(channel, card, key, mention))

    async def reply(
        self,
        channel: Channel,
        root: str,
        card: Message,
        key: str,
        *,
        in_channel: bool = False,
        mention: str | None = None,
    ) -> str:
        body = self._body(channel, card, key, mention)
        body["thread_ts"] = root
        if in_channel:
            body["reply_broadcast"] = True
        return await self._post(channel, body)

    async def revise(
        self, channel: Channel, root: str, message: str, card: Message, key: str
    ) -> None:
        """Metadata is left out, so Slack keeps what the message was sent with."""
        del root, key
        drawn = self._draw(card)
        body: Json = {"channel": channel.id, "ts": message, "text": drawn.text}
        # Left out, chat.update reads names and links into the text, unlike chat.postMessage.
        body["parse"] = "none"
        body["blocks"] = drawn.blocks
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
        client, workspace = await self._client(channel)
        try:
            return await self._look_back.find(client, channel, root, keys, since)
        except CannotLook as refused:
            # What was posted without membership (chat:write.public) is readable only from inside.
            if refused.reason != "not_in_channel" or not await may_join(
                client, workspace, channel.id
            ):
                raise
        return await self._look_back.find(client, channel, root, keys, since)

    async def access(self, channel: Channel) -> Access:
        client, workspace = await self._client(channel)
        return await look_at(client, workspace, channel.id)

    async def say(self, channel: Channel, card: Message, key: str) -> None:
        await self._post(channel, self._body(channel, card, key, None))

    async def members(self, channel: Channel) -> int | None:
        """How many people the channel has (https://docs.slack.dev/reference/methods/conversations.info)."""
        client, _ = await self._client(channel)
        asked = {"channel": channel.id, "include_num_members": "true"}
        with slack_errors():
            answer = await client.api_call("conversations.info", data=asked)
        count = (answer.get("channel") or {}).get("num_members")
        return count if isinstance(count, int) else None

    async def direct(self, channel: Channel, person: str) -> Channel:
        """Where to write to one person alone: Slack takes a user's id for their conversation."""
        return Channel(self.platform, channel.tenant, person)

    async def client(self, tenant: str) -> AsyncWebClient:
        """The client of one workspace, for what is no delivery (views, ephemeral answers).

        Raises:
            TenantGone: the app is not installed there.
        """
        workspace = await self._workspaces.find(tenant)
        return self._poster_of(workspace).client

    def forget(self, tenant: str) -> None:
        """The workspace's token changed or ended."""
        self._posters.pop(tenant, None)

    def _draw(self, card: Message) -> Rendered:
        drawn = self._drawn.get(card)
        if drawn is None:
            drawn = self._drawn[card] = render(card)
        return drawn

    def _body(self, channel: Channel, card: Message, key: str, mention: str | None) -> Json:
        drawn = self._draw(card)
        text, blocks = drawn.text, drawn.blocks
        if mention is not None and _MENTION.fullmatch(mention):
            text = f"{mention} {text}"
            if blocks:
                # Where there are blocks, only what they say calls anybody.
                call = {"type": "section", "text": markdown(mention)}
                blocks = [blocks[0], call, *blocks[1:]][:50]
        body: Json = {
            "channel": channel.id,
            "text": text,
            "unfurl_links": False,
            "unfurl_media": False,
            "metadata": {"event_type": EVENT_TYPE, "event_payload": {"k": key}},
            "client_msg_id": str(uuid.uuid5(_NAMESPACE, f"{channel}/{key}")),
        }
        if blocks:
            body["blocks"] = blocks
        return body

    async def _post(self, channel: Channel, body: Json) -> str:
        try:
            return await self._send(channel, body)
        except ChannelGone as gone:
            if gone.reason != "not_in_channel" or not await self._join(channel):
                raise
        return await self._send(channel, body)

    async def _send(self, channel: Channel, body: Json) -> str:
        answer = await self._call(channel, "chat.postMessage", body)
        ts = answer.get("ts")
        if not isinstance(ts, str) or not ts:
            raise Uncertain("an answer without ts")
        return ts

    async def _join(self, channel: Channel) -> bool:
        """Enter a public channel where the scope allows it."""
        client, workspace = await self._client(channel)
        return await may_join(client, workspace, channel.id)

    async def _call(self, channel: Channel, method: str, body: Json) -> Json:
        workspace = await self._workspaces.find(channel.tenant)
        bucket = _bucket(channel, method)
        if (turn := self._rates.wait(bucket)) > 0:
            await asyncio.sleep(turn)
        gate = (channel.tenant, method)
        if self._not_before and (until := self._not_before.get(gate)) is not None:
            self._wait_out(gate, until, channel)
        try:
            answer = await self._poster_of(workspace).call(method, body, bucket)
        except RateLimited as limited:
            self._rates.refused(bucket)
            self._not_before[gate] = self._monotonic() + limited.retry_after
            raise
        self._rates.went(bucket)
        return answer

    def _wait_out(self, gate: tuple[str, str], until: float, channel: Channel) -> None:
        """Slack named a time for this method in this workspace: do not even ask before."""
        left = until - self._monotonic()
        if left <= 0:
            del self._not_before[gate]
            return
        raise RateLimited("ratelimited", retry_after=left, bucket=_bucket(channel, gate[1]))

    async def _client(self, channel: Channel) -> tuple[AsyncWebClient, Workspace]:
        workspace = await self._workspaces.find(channel.tenant)
        return self._poster_of(workspace).client, workspace

    def _poster_of(self, workspace: Workspace) -> Poster:
        poster = self._posters.get(workspace.tenant)
        if poster is None or poster.client.token != workspace.token:
            client = web_client(workspace.token, self._base_url, self._session)
            poster = self._posters[workspace.tenant] = Poster(client, self._session)
        return poster


def _bucket(channel: Channel, method: str) -> str:
    """Slack limits each method in each workspace by itself."""
    return f"{channel.owner}/{method}"
