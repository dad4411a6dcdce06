"""Errors, named by what the caller does about them.

BotError
├── SettingsError     the operator's settings are wrong: say which, do not start
├── WrongWords        what was typed in a shell means nothing: say so, exit 2
├── SourceError       the page gave no usable answer: keep what we know, show its age
├── StoreError        Redis did not do it: nothing is decided, try again
│   └── Superseded    ... because somebody else went first: drop the work, load again
├── Resharded         the destinations were moved to other shards while we ran: end
└── DeliveryError     a channel did not take it: try again later, with back-off
    ├── Uncertain     ... or perhaps it did: look before sending again
    ├── RateLimited   ... not before `retry_after`, and nobody behind the same limit either
    ├── ChannelGone   ... and it will not until something changes there: pause, say why
    ├── TenantGone    ... nor will any channel of that workspace: keep a tombstone
    ├── TenantPaused  ... nor perhaps any channel of that workspace: try there again, say why
    ├── CannotLook    our messages there cannot be looked up, ever: go on without looking
    ├── MessageGone   this one message cannot be changed or answered any more: go on without
    └── Malformed     our own fault: the plain form once, then park it and count
"""

from __future__ import annotations


class BotError(Exception):
    """Base of all that we raise on purpose. Its text is one sentence without secrets."""


class SettingsError(BotError):
    """A setting is unknown or has a bad value; the text names it and says what to do."""


class WrongWords(BotError):
    """Words of a command in a shell that mean nothing; the text says what to write instead."""


class SourceError(BotError):
    """A page could not be read: unreachable, not JSON, too large, too slow."""

    def __init__(self, reason: str, *, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after  # seconds, as the page asked for


class StoreError(BotError):
    """Redis is unreachable, full, or not fit for us. `advice`: what to do, where that is known."""

    def __init__(self, text: str, advice: str = "") -> None:
        super().__init__(text)
        self.advice = advice


class Superseded(StoreError):
    """The fence, the version or the lease is no longer ours."""


class Resharded(BotError):
    """The destinations are not any more where this process looks for them; the next one will."""


class DeliveryError(BotError):
    """A messenger did not carry out a call; nothing was sent. Trying again may help."""

    # Whether the platform did not answer, or refuses whatever it is asked. False where it
    # answered about one channel, tenant or message.
    is_outage = True

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason  # the platform's own code where it has one


class Uncertain(DeliveryError):
    """No answer, or an ambiguous one: what we sent may stand there or not."""


class RateLimited(DeliveryError):
    """The platform named a time. `bucket` says who else must wait (see `Messenger.buckets`)."""

    def __init__(self, reason: str, *, retry_after: float, bucket: str | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after  # seconds
        self.bucket = bucket  # None: this channel only
        self.is_outage = bucket is not None


class ChannelGone(DeliveryError):
    """Deleted, archived, or the bot may not write there."""

    is_outage = False


class TenantGone(DeliveryError):
    """The workspace removed the bot, or its token was revoked."""

    is_outage = False


class TenantPaused(DeliveryError):
    """The workspace refuses us for a reason that passes, or that somebody there can mend."""

    is_outage = False


class CannotLook(DeliveryError):
    """`Messenger.find` has no way to look there (no permission to read history)."""

    is_outage = False


class MessageGone(DeliveryError):
    """The message was deleted, or its thread is closed to us."""

    is_outage = False


class Malformed(DeliveryError):
    """The platform refused the form of what we sent: our bug, or a text too long."""

    is_outage = False
