"""Rows of the table of commands that set what a channel gets, and when."""

from __future__ import annotations

from bot.catalog.times import DIGEST_EXAMPLE, EXAMPLE
from bot.commands import alternatives, muting, subscriptions
from bot.commands.board import board
from bot.commands.digest import digest
from bot.commands.quiet import quiet
from bot.commands.types import Command, Option, Takes

CHANNEL_COMMANDS: tuple[Command, ...] = (
    Command(
        "subscribe",
        "subscribe api code partial",
        "tell this channel; no surface means everything",
        subscriptions.typed,
        aliases=("sub", "watch", "follow"),
        options=(
            Option(
                "surfaces",
                Takes.SIGNED,
                "api code opus …; +opus or -mobile adjusts; nothing means everything",
            ),
            Option("severity", Takes.SEVERITY, "From which severity up"),
            Option("mention", Takes.MENTION, "Whom to call when it opens and when it gets worse"),
            Option("mention_from", Takes.MENTION_FROM, "From which severity up to call them"),
            Option(
                "thread_only", Takes.THREAD_ONLY, "Keep worse and resolved in the thread as well"
            ),
        ),
        changes=True,
        elsewhere=True,
        anywhere=("subscribe", "sub"),
        also=(("subscribe +opus -mobile", "adjust what it gets"),),
    ),
    Command(
        "unsubscribe",
        "unsubscribe",
        "end it",
        subscriptions.unsubscribe,
        aliases=("unsub", "stop", "unwatch", "unfollow"),
        options=(Option("surfaces", Takes.SIGNED, "Only these; nothing means everything"),),
        changes=True,
        elsewhere=True,
        anywhere=("unsubscribe", "unsub"),
    ),
    Command(
        "subscriptions",
        "subscriptions",
        "what this channel gets",
        muting.subscriptions,
        aliases=("subs", "subscription", "list", "settings"),
        anywhere=("subscriptions", "subs"),
    ),
    Command(
        "mute",
        "mute 2h",
        "no news for a while",
        muting.mute,
        aliases=("snooze", "silence"),
        options=(
            Option(
                "what", Takes.MUTE, "2h, 7d, until 9:00; with a surface or an incident only of it"
            ),
        ),
        changes=True,
        anywhere=("mute", "snooze"),
        also=(("mute api until 9:00 Europe/Berlin", "no news of one surface, or of one incident"),),
    ),
    Command(
        "unmute",
        "unmute",
        "news again",
        muting.unmute,
        aliases=("unsnooze",),
        changes=True,
        anywhere=("unmute",),
    ),
    Command(
        "alternatives",
        "alternatives bedrock openai",
        "what this team can use instead: offered while it works",
        alternatives.alternatives,
        aliases=("alternative", "instead"),
        options=(
            Option("surfaces", Takes.SIGNED, "Providers or surfaces; nothing shows what is set"),
        ),
        changes=True,
    ),
    Command(
        "quiet",
        EXAMPLE,
        "hours without news; what still goes on then is one message at their end",
        quiet,
        options=(
            Option("hours", Takes.TEXT, "22:00-07:00 Europe/Berlin weekdays except major; or off"),
        ),
        changes=True,
    ),
    Command(
        "board",
        "board",
        "one message here that always shows the present, pinned where I may; board off ends it",
        board,
        options=(Option("words", Takes.TEXT, "off ends it; nothing puts it up, or up anew"),),
        changes=True,
    ),
    Command(
        "digest",
        DIGEST_EXAMPLE,
        "what happened, at a time of yours: daily, or weekly on one day",
        digest,
        options=(
            Option("when", Takes.TEXT, "daily 9:00 Europe/Berlin, weekly mon 9:00 …; or off"),
        ),
        changes=True,
    ),
)
