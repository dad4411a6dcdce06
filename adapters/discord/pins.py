"""Pins messages of ours, where a channel lets us.

https://docs.discord.com/developers/resources/message#pin-message
"""

from __future__ import annotations

from typing import Final

import structlog

from adapters.discord.channels import Channels
from adapters.discord.errors import (
    MISSING_ACCESS,
    MISSING_PERMISSIONS,
    TOO_MANY_PINS,
    WRONG_KIND,
    DiscordRefused,
    meaning,
)
from adapters.discord.refs import Ref, read_known
from adapters.discord.rest import RestClient
from bot.domain.errors import MessageGone
from bot.domain.subscription import Channel

log = structlog.get_logger()

# The older path without `/messages` is deprecated.
_PIN: Final = "/channels/{channel_id}/messages/pins/{message_id}"
_LACKING: Final = "I lack the permission Pin Messages"
_REFUSED: Final = {
    MISSING_PERMISSIONS: _LACKING,
    MISSING_ACCESS: _LACKING,
    TOO_MANY_PINS: "the channel has as many pins as Discord allows",
    WRONG_KIND: "nothing can be pinned in a channel of this kind",
}


class DiscordPins:
    """Pins by the REST API; what the gateway told of permissions is asked first."""

    def __init__(self, rest: RestClient, channels: Channels) -> None:
        self._rest = rest
        self._channels = channels

    async def problem(self, channel: Channel) -> str:
        return "" if (await self._channels.held(channel)).pin_messages else _LACKING

    async def pin(self, channel: Channel, message: str) -> str:
        """Pin a message; the channel gets Discord's own line about it, once."""
        ref = read_known(message)
        if ref.is_post:
            return ""  # a forum's post is found by its title
        if problem := await self.problem(channel):
            return problem
        try:
            await self._call("PUT", ref)
        except DiscordRefused as refused:
            if refused.code in _REFUSED:
                log.info("discord.not_pinned", channel=ref.place, code=refused.code)
                return _REFUSED[refused.code]
            raise meaning(refused) from None
        return ""

    async def unpin(self, channel: Channel, message: str) -> None:
        ref = read_known(message)
        if ref.is_post or await self.problem(channel):
            return
        try:
            await self._call("DELETE", ref)
        except DiscordRefused as refused:
            error = meaning(refused)
            if isinstance(error, MessageGone) or refused.code in _REFUSED:
                return  # then it is not pinned, or not by us
            raise error from None

    async def _call(self, method: str, ref: Ref) -> None:
        await self._rest.call(method, _PIN, channel_id=ref.place, message_id=ref.message)
