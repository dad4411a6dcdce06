"""What this Slack holds: workspaces, tokens, channels, messages, views, and what went wrong."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

# What an installed app has: what its manifest asks for, and nothing more. A test compares the two.
BOT_SCOPES = frozenset(
    {
        "commands",
        "chat:write",
        "chat:write.public",
        "channels:read",
        "groups:read",
        "channels:history",
        "groups:history",
        "channels:join",
        "app_mentions:read",
        "links:read",
        "links:write",
        "users:read",
        "im:read",
        "im:write",
        "im:history",
    }
)


class Refused(Exception):
    """The method answers `ok: false` with this error string and these further fields."""

    def __init__(self, error: str, **extra: Any) -> None:
        super().__init__(error)
        self.error = error
        self.extra = extra


@dataclass(slots=True)
class Message:
    """One message as stored; `versions` counts the first form and every edit."""

    ts: str
    channel: str
    team: str
    user: str
    text: str
    blocks: list[Json]
    metadata: Json | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    bot_id: str | None = None
    client_msg_id: str | None = None
    versions: int = 1
    edited_at: str | None = None
    deleted: bool = False
    ephemeral_to: str | None = None

    def to_json(self, *, metadata: bool) -> Json:
        """The message object of history, replies and the answers of chat.*."""
        out: Json = {
            "type": "message",
            "user": self.user,
            "ts": self.ts,
            "team": self.team,
            "text": self.text,
        }
        if self.bot_id:
            out |= {"bot_id": self.bot_id, "app_id": "A0ISDOWN"}
        if self.blocks:
            out["blocks"] = self.blocks
        if self.thread_ts:
            out["thread_ts"] = self.thread_ts
        if self.broadcast:
            out["subtype"] = "thread_broadcast"
        if self.edited_at:
            out["edited"] = {"user": self.user, "ts": self.edited_at}
        if metadata and self.metadata:
            out["metadata"] = self.metadata
        return out


@dataclass(slots=True)
class Channel:
    """A channel, a private channel (`private`) or a direct message (`im_with`)."""

    id: str
    name: str
    team: str
    private: bool = False
    archived: bool = False
    deleted: bool = False
    bot_is_member: bool = True
    im_with: str | None = None
    read_only: bool = False
    members: set[str] = field(default_factory=set)
    messages: dict[str, Message] = field(default_factory=dict)
    replies: dict[str, list[str]] = field(default_factory=dict)

    def to_json(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.private and self.im_with is None,
            "is_group": self.private,
            "is_im": self.im_with is not None,
            "is_private": self.private,
            "is_archived": self.archived,
            "is_member": self.bot_is_member,
            "num_members": len(self.members) + self.bot_is_member,
        } | ({"user": self.im_with} if self.im_with else {})


@dataclass(slots=True)
class Token:
    """A bot token of one workspace, or of a whole organisation (`org`)."""

    value: str
    team: str
    scopes: frozenset[str] = BOT_SCOPES
    revoked: str | None = None
    org: str | None = None


@dataclass(slots=True)
class Workspace:
    """One team with its people and channels; `bot_user` is the app's user there."""

    id: str
    name: str
    domain: str
    bot_user: str
    bot_id: str
    enterprise: str | None = None
    token: str = ""
    channels: dict[str, Channel] = field(default_factory=dict)
    users: dict[str, Json] = field(default_factory=dict)
    homes: dict[str, Json] = field(default_factory=dict)
    unfurls: dict[str, Json] = field(default_factory=dict)  # previews, by the link
    views: dict[str, Json] = field(default_factory=dict)
    ephemerals: list[Message] = field(default_factory=list)

    def add_channel(self, id_: str, name: str = "", **known: Any) -> Channel:
        channel = Channel(id_, name or id_.lower(), self.id, **known)
        self.channels[id_] = channel
        return channel

    def direct(self, user: str) -> Channel:
        """The app's conversation with `user`, made when first asked for. Its id tells nothing."""
        known = (c for c in self.channels.values() if c.im_with == user)
        name = f"D{secrets.token_hex(5).upper()}"
        return next(known, None) or self.add_channel(
            name, "directmessage", im_with=user, private=True
        )

    def add_user(self, id_: str, name: str = "", *, admin: bool = False) -> None:
        self.users[id_] = {
            "id": id_,
            "team_id": self.id,
            "name": name or id_.lower(),
            "real_name": name or id_.lower(),
            "is_admin": admin,
            "is_bot": False,
            "deleted": False,
            "tz": "Europe/Berlin",
        }


@dataclass(slots=True)
class ResponseUrl:
    """A response_url: five uses in thirty minutes."""

    id: str
    team: str
    channel: str
    user: str
    born: float
    message_ts: str | None = None
    uses: int = 0
    got: list[Json] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class World:
    """Everything this server knows. One per server; plain attributes, read freely by tests.

    `now` gives seconds since the epoch; tests of expiry may put their own clock there.
    """

    app_id: str = "A0ISDOWN"
    client_id: str = "1111.2222"
    client_secret: str = "client-secret-of-the-local-slack"
    signing_secret: str = "signing-secret-of-the-local-slack"
    app_token: str = "xapp-1-A0ISDOWN-local"
    verification_token: str = "verification"
    now: Callable[[], float] = time.time
    check: bool = True
    open_world: bool = False
    keep_blocks: bool = True
    history_limit: int = 1000
    response_urls_fail: bool = False
    # Kinds of blocks that this Slack does not take in an answer (new ones, pictures not found).
    refused_blocks: set[str] = field(default_factory=set)
    workspaces: dict[str, Workspace] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    triggers: dict[str, tuple[str, str, float]] = field(default_factory=dict)
    oauth_codes: dict[str, Json] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    allowed_mentions: set[str] = field(default_factory=set)
    calls: dict[str, int] = field(default_factory=dict)
    call_log: list[tuple[float, str, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._serial = itertools.count(1)
        self._last_ts = 0

    def serial(self) -> int:
        return next(self._serial)

    def next_ts(self) -> str:
        """A message time stamp, later than any before: Slack's are unique in a channel."""
        self._last_ts = max(self._last_ts + 1, int(self.now() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def violate(self, what: str) -> None:
        if self.check:
            self.violations.append(what)

    def add_workspace(
        self,
        id_: str,
        *,
        token: str | None = None,
        scopes: frozenset[str] = BOT_SCOPES,
        enterprise: str | None = None,
    ) -> Workspace:
        """A workspace in which the app is installed with a bot token of `scopes`."""
        n = self.serial()
        team = Workspace(
            id_, f"Team {id_}", id_.lower(), f"UBOT{n:04d}", f"BBOT{n:04d}", enterprise
        )
        self.workspaces[id_] = team
        team.token = token or f"xoxb-{n}-{id_.lower()}-local"
        self.tokens[team.token] = Token(team.token, id_, scopes)
        team.add_user("U1", "ada")
        team.users[team.bot_user] = {"id": team.bot_user, "name": "isclaudedown", "is_bot": True}
        return team

    def find_channel(self, id_: str) -> Channel | None:
        """Look in every workspace: to tell a foreign channel from an unknown one."""
        for team in self.workspaces.values():
            if id_ in team.channels:
                return team.channels[id_]
        return None

    def every_message(self) -> Iterator[Message]:
        for team in self.workspaces.values():
            for channel in team.channels.values():
                yield from channel.messages.values()

    def new_trigger(self, team: str, user: str) -> str:
        trigger = f"{self.serial()}.{team}.trigger"
        self.triggers[trigger] = (team, user, self.now())
        return trigger

    def new_response_url(
        self, team: str, channel: str, user: str, message_ts: str | None = None
    ) -> ResponseUrl:
        url = ResponseUrl(f"R{self.serial()}", team, channel, user, self.now(), message_ts)
        self.response_urls[url.id] = url
        return url
