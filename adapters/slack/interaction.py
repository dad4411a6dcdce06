"""Reads from Slack's payloads who did something, and where."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.subscription import Channel

Body = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SlackInteraction:
    """Somebody typed, pressed or opened something."""

    channel: Channel
    user: str  # Slack's id
    user_name: str
    response_url: str = ""  # empty: answer with chat.postEphemeral
    trigger_id: str = ""  # opens a form within three seconds
    thread_ts: str = ""  # inside of that thread
    in_view: bool = False  # in the App Home or a form: there is no channel to answer in
    view_id: str = ""  # of that form
    is_picked: bool = False  # the channel was picked in a form or in the home

    @classmethod
    def of_command(cls, body: Body, context: Body) -> SlackInteraction:
        return cls(
            Channel("slack", tenant_of(context), str(body.get("channel_id"))),
            str(body.get("user_id")),
            str(body.get("user_name") or "Somebody"),
            response_url=str(body.get("response_url") or ""),
            trigger_id=str(body.get("trigger_id") or ""),
        )

    @classmethod
    def of_mention(cls, event: Body, context: Body) -> SlackInteraction:
        return cls(
            Channel("slack", tenant_of(context), str(event.get("channel"))),
            str(event.get("user") or ""),
            "",  # an event tells no name
            thread_ts=str(event.get("thread_ts") or ""),
        )

    @classmethod
    def of_press(cls, body: Body, context: Body) -> SlackInteraction:
        """A button in a message, a thread, a form or the home.

        In a view the channel is the person, which chat.postMessage alone takes: see `in_person`.
        """
        user: Body = body.get("user") or {}
        container: Body = body.get("container") or {}
        message: Body = body.get("message") or {}
        channel = (body.get("channel") or {}).get("id") or container.get("channel_id")
        view: Body = body.get("view") or {}
        thread = container.get("thread_ts") or message.get("thread_ts")
        pressed = message.get("ts") or container.get("message_ts")
        return cls(
            Channel("slack", tenant_of(context), str(channel or user.get("id"))),
            str(user.get("id")),
            str(user.get("name") or user.get("username") or "Somebody"),
            response_url=str(body.get("response_url") or ""),
            trigger_id=str(body.get("trigger_id") or ""),
            # A root of a thread names itself; pressing there is pressing in the channel.
            thread_ts=str(thread) if thread and thread != pressed else "",
            in_view=channel is None,
            view_id=str(view.get("id") or "") if view.get("type") == "modal" else "",
        )

    @classmethod
    def in_home(cls, user: str, context: Body, channel: object = None) -> SlackInteraction:
        where = Channel("slack", tenant_of(context), str(channel or user))
        return cls(where, user, "", in_view=True)

    @property
    def is_direct(self) -> bool:
        """True: it happened between the person and the bot alone."""
        return self.channel.id[:1] in {"D", "U", "W"}

    @property
    def picked(self) -> Channel | None:
        return self.channel if self.is_picked and not self.is_direct else None

    @property
    def tenant(self) -> str:
        return self.channel.tenant

    def key(self, kind: str, what: str) -> str:
        """Return a name of this very act, however often it is told; empty without a trigger.

        The trigger alone would do for Slack. The rest costs nothing and forgives whoever
        stands in for Slack and gives the same trigger to all.
        """
        if not self.trigger_id:
            return ""
        act = (self.trigger_id, str(self.channel), self.user, self.response_url, what)
        return f"{kind}/{hashlib.sha256(repr(act).encode()).hexdigest()[:32]}"


def tenant_of(context: Mapping[str, Any]) -> str:
    """Return the installation that a request belongs to: its team, or the whole organisation."""
    if context.get("is_enterprise_install") and context.get("enterprise_id"):
        return str(context["enterprise_id"])
    return str(context.get("team_id") or "")
