"""The words that commands are made of, as data."""

from __future__ import annotations

import re

from bot.domain.incident import EventKind
from bot.domain.page import Severity


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


VERBS = {
    "ask": ("ask", "status", "check"),
    "subscribe": ("subscribe", "sub", "watch", "follow"),
    "unsubscribe": ("unsubscribe", "unsub", "stop", "unwatch", "unfollow"),
    "subscriptions": ("subscriptions", "subs", "subscription", "list", "settings"),
    "mute": ("mute", "snooze", "silence"),
    "unmute": ("unmute", "unsnooze"),
    "history": ("history", "log", "past"),
    "incident": ("incident", "details"),
    "report": ("report", "affected"),
    "back": ("back",),
    "explain": ("explain",),
    "justme": ("justme", "just-me"),
    "scoreboard": ("scoreboard", "score"),
    "test": ("test", "example"),
    "why": ("why",),
    "help": ("help", "?", "commands", "usage"),
}
VERB_OF = {word: verb for verb, words in VERBS.items() for word in words}
# After these verbs the rest is outside text (a report, a pasted error): no grammar in it.
TAKES_TEXT = frozenset({"report", "explain"})

SEVERITIES = {
    "degraded": Severity.DEGRADED,
    "minor": Severity.DEGRADED,
    "partial": Severity.PARTIAL,
    "major": Severity.MAJOR,
    "critical": Severity.MAJOR,
    "maintenance": Severity.MAINTENANCE,
    "all": Severity.UP,
}
EVERYTHING = frozenset({"everything", "anything"})
SHARE = frozenset({"share", "public"})
# Words that only make a sentence of it: "is the api down?"
FILLER = _set(
    """
    a about again an and any are at bit broken by can channel currently do does doing down
    error errors everyone failing for from going happening has have here how i in is it just
    me my no not now of off ok okay on only or outage outages over please problem problems
    really right seem seems severity since slow so some still the there this to today up use
    using very was what when why will with work working you
    """
)
# Words that are a verb wherever they stand; the others (back, stop, test, …) only in front,
# since they are also words of ordinary questions.
UNMISTAKABLE = _set(
    "subscribe sub unsubscribe unsub subscriptions subs mute unmute snooze history help"
)
# The kinds that stand in the channel unless a subscription keeps them in the thread.
CHANNEL_KINDS = frozenset(
    {EventKind.WORSE, EventKind.RESOLVED, EventKind.REOPENED, EventKind.CONFIRMED}
)
UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
DURATION = re.compile(
    r"(\d{1,4})(w|d|h|m)(?:(?<=w)(?:ee)?ks?|(?<=d)ays?|(?<=h)(?:ou)?rs?|(?<=m)in(?:ute)?s?)?"
)
# The platforms' own addresses of a person, a user group or a role.
MENTION = re.compile(r"<(@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|@[&!]?\d{5,25})(?:\|[^<>]*)?>")
EVERYBODY = re.compile(r"<!(?:channel|here|everyone)[^>]*>|@(?:channel|here|everyone)\b")
SIGNS = str.maketrans({"＋": "+", "–": "-", "—": "-", "−": "-", "－": "-"})
OWN_NAMES = frozenset({"isclaudedown", "claudewatch"})
NO_MENTION = frozenset({"nomention", "no-mention", "-mention"})
THREAD_ONLY: dict[str, frozenset[EventKind]] = {
    "thread-only": CHANNEL_KINDS,
    "threadonly": CHANNEL_KINDS,
    "in-channel": frozenset(),
}
MAX_WORDS = 60
LONGEST_NAME = 4  # words in the longest name that people type
