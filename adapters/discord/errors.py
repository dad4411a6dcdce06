"""Discord's refusals become ours: one table of its JSON codes, and what each means for us.

https://docs.discord.com/developers/topics/opcodes-and-status-codes. A code that nobody listed
means that nothing happened; trying later may help.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot.domain.errors import (
    ChannelGone,
    DeliveryError,
    Malformed,
    MessageGone,
    RateLimited,
    TenantGone,
    Uncertain,
)

# The limit of 50 requests a second is the bot's, over all guilds; so is a refused token.
BOT_BUCKET: Final = "discord/bot"

UNKNOWN_CHANNEL: Final = 10003
UNKNOWN_MESSAGE: Final = 10008
MISSING_ACCESS: Final = 50001
MISSING_PERMISSIONS: Final = 50013
NO_HISTORY: Final = 160002
THREAD_ARCHIVED: Final = 50083
THREAD_EXISTS: Final = 160004
THREAD_LOCKED: Final = 160005
ALREADY_PUBLISHED: Final = 40033
TOO_MANY_PINS: Final = 30003
WRONG_KIND: Final = 50024
TOO_MANY_THREADS: Final = frozenset({160006, 160007})
# An interaction that is over, or was answered already: nobody waits for our answer.
INTERACTION_OVER: Final = frozenset({10062, 10015, 50027, 40060})

_TABLE: Final[dict[type[DeliveryError], tuple[int, ...]]] = {
    ChannelGone: (10003, 50001, 50007, 50008, 50024, 50013, 160002, 40067, 40058),
    TenantGone: (10004,),
    MessageGone: (10008, 50005, 50021, 160005, 50083),
    # AutoMod as well: the plain form says less, and may pass.
    Malformed: (50035, 50006, 40005, 30015, 50109, 200000),
    DeliveryError: (30034, 110001, 130000, 160006, 160007),
}
MEANING: Final = {code: kind for kind, codes in _TABLE.items() for code in codes}

WORDS: Final[dict[int, str]] = {
    10003: "the channel was deleted",
    10008: "somebody deleted the message",
    10004: "the server is gone, or I was removed from it",
    50001: "I cannot see the channel (permission View Channel)",
    50007: "this person takes no messages from me",
    50008: "nobody can write in a channel of that kind",
    50013: "I lack a permission in the channel (Send Messages, Embed Links, or threads)",
    50024: "that cannot be done in a channel of that kind",
    50083: "the thread is closed, and I cannot open it again",
    160005: "the thread is locked",
    160002: "I may not read the channel's history (permission Read Message History)",
    40067: "this forum wants a tag on every post, and none that I may set: add one named incident",
    40058: "only posts can be made in a forum",
    200000: "AutoMod blocked the message",
}
# What a 429 without a usable time asks for.
DEFAULT_RETRY_SECONDS: Final = 30.0


class DiscordUnreachable(DeliveryError):
    """Discord was not reached, or what was asked may be asked again without harm."""


class TokenRefused(RateLimited):
    """Discord does not accept the bot's token: nothing is sent until it was asked again."""

    REASON: Final = "Discord refuses the bot's token"

    def __init__(self, seconds: float) -> None:
        super().__init__(self.REASON, retry_after=seconds, bucket=BOT_BUCKET)


class DiscordRefused(Exception):
    """Discord answered no. Stays within this adapter; `meaning` makes it ours.

    `code` is 0 where the answer had none. The text of the answer is not kept: it may quote what
    we sent.
    """

    def __init__(self, status: int, code: int = 0) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


def of_limit(body: Mapping[str, Any], headers: Mapping[str, str]) -> RateLimited:
    """Read a 429.

    The body is believed before the header, which is wrong for announcement channels
    (discord/discord-api-docs#6109). Without a Via header it is Cloudflare that answered.
    """
    wait = _seconds(body.get("retry_after"))
    if wait is None:
        wait = _seconds(headers.get("Retry-After"))
    scope = headers.get("X-RateLimit-Scope")
    everybody = body.get("global") is True or scope == "global" or "Via" not in headers
    reason = f"429 {body['code']}" if body.get("code") else "429"
    bucket = BOT_BUCKET if everybody else None
    return RateLimited(reason, retry_after=wait or DEFAULT_RETRY_SECONDS, bucket=bucket)


def _seconds(value: object) -> float | None:
    try:
        return max(0.0, float(str(value)))
    except ValueError:
        return None


def of_server_error(status: int, code: object) -> DeliveryError:
    """Read a 5xx: something may have been done, unless Discord names why not."""
    kind = MEANING.get(code) if isinstance(code, int) else None
    return kind(f"{status} {code}") if kind else Uncertain(f"HTTP {status}")


def meaning(refused: DiscordRefused) -> DeliveryError:
    """Our error for a refusal."""
    status, code = refused.status, refused.code
    reason = WORDS.get(code, f"{status} {code}" if code else f"HTTP {status}")
    if code in MEANING:
        return MEANING[code](reason)
    if status >= 500:
        return Uncertain(reason)
    if status in {400, 413}:
        return Malformed(reason)
    return DeliveryError(reason)


def refuses_the_bot(refused: DiscordRefused) -> bool:
    """Return whether everything is refused (a bad token, Cloudflare), not one channel."""
    return refused.code in {40001, 50014, 40333} or (refused.status == 401 and not refused.code)
