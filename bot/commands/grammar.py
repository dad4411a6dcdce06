"""Reads what a person typed. Total: any text gives `Words`; what was not understood is kept.

The order is forgiving (`opus subscribe` is `subscribe opus`), case and commas do not matter, and
words that only make a sentence of it ("is the api down?") are passed over.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches

from bot.model import NewsKind, Severity
from bot.wording.names import Doubt, Found, Names

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
    "test": ("test", "example"),
    "why": ("why",),
    "help": ("help", "?", "commands", "usage"),
}
VERB_OF = {word: verb for verb, words in VERBS.items() for word in words}
# After these verbs the rest is outside text (a report, a pasted error): no grammar in it.
_TAKES_TEXT = frozenset({"report", "explain"})

SEVERITIES = {
    "degraded": Severity.DEGRADED,
    "minor": Severity.DEGRADED,
    "partial": Severity.PARTIAL,
    "major": Severity.MAJOR,
    "critical": Severity.MAJOR,
    "maintenance": Severity.MAINTENANCE,
    "all": Severity.UP,
}
_EVERYTHING = frozenset({"everything", "anything"})
_SHARE = frozenset({"share", "public"})
_FILLER = frozenset(
    [
        "a",
        "about",
        "again",
        "an",
        "and",
        "any",
        "are",
        "at",
        "bit",
        "by",
        "currently",
        "do",
        "does",
        "down",
        "for",
        "from",
        "happening",
        "has",
        "have",
        "how",
        "in",
        "is",
        "it",
        "just",
        "me",
        "my",
        "no",
        "not",
        "now",
        "of",
        "on",
        "only",
        "or",
        "outage",
        "outages",
        "over",
        "please",
        "right",
        "severity",
        "since",
        "the",
        "there",
        "this",
        "to",
        "today",
        "up",
        "what",
        "when",
        "with",
        "working",
        "you",
    ]
)
# Words that are a verb wherever they stand; the others (back, stop, test, …) only in front,
# since they are also words of ordinary questions.
_UNMISTAKABLE = frozenset(
    [
        "subscribe",
        "sub",
        "unsubscribe",
        "unsub",
        "subscriptions",
        "subs",
        "mute",
        "unmute",
        "snooze",
        "history",
        "help",
    ]
)
# The kinds that stand in the channel unless a subscription keeps them in the thread.
CHANNEL_KINDS = frozenset({NewsKind.WORSE, NewsKind.RESOLVED, NewsKind.REOPENED})
_UNITS = {"m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(
    r"(\d{1,4})(w|d|h|m)(?:(?<=w)(?:ee)?ks?|(?<=d)ays?|(?<=h)(?:ou)?rs?|(?<=m)in(?:ute)?s?)?"
)
# The platforms' own addresses of a person, a user group or a role.
_MENTION = re.compile(r"<(@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|@[&!]?\d{5,25})(?:\|[^<>]*)?>")
_EVERYBODY = re.compile(r"<!(?:channel|here|everyone)[^>]*>|@(?:channel|here|everyone)\b")
_SIGNS = str.maketrans({"＋": "+", "–": "-", "—": "-", "−": "-", "－": "-"})
_OWN_NAMES = frozenset({"isclaudedown", "claudewatch"})
_NO_MENTION = frozenset({"nomention", "no-mention", "-mention"})
_THREAD_ONLY: dict[str, frozenset[NewsKind]] = {
    "thread-only": CHANNEL_KINDS,
    "threadonly": CHANNEL_KINDS,
    "in-channel": frozenset(),
}
_MAX_WORDS = 60
_LONGEST_NAME = 4  # words in the longest name that people type


@dataclass(slots=True)
class Words:
    """What was understood. `plus` and `minus` adjust what there is, `surfaces` replace it.

    `providers` are those named as a whole.
    """

    verb: str = "ask"
    verb_given: bool = False
    surfaces: list[str] = field(default_factory=list)
    plus: list[str] = field(default_factory=list)
    minus: list[str] = field(default_factory=list)
    providers: list[str] = field(default_factory=list)
    everything: bool = False
    severity: Severity | None = None
    duration: timedelta | None = None
    share: bool = False
    mention: str | None = None
    no_mention: bool = False
    everybody: bool = False  # somebody wants @channel: we never do that
    thread_only: frozenset[NewsKind] | None = None
    rest: str = ""  # everything after the verb, as typed
    doubts: list[Doubt] = field(default_factory=list)


def parse(text: str, names: Names) -> Words:
    """Read a line that somebody typed after the command's name."""
    tokens = tokenise(text)
    verb, at = _find_verb(tokens)
    words = Words(verb or "ask", verb_given=verb is not None, rest=text.strip())
    if verb is not None:
        del tokens[at]
        if at == 0:
            words.rest = " ".join(text.split()[_command_words(text) + 1 :])
    if words.verb in _TAKES_TEXT:
        return words
    tokens = tokens[:_MAX_WORDS]
    while tokens:
        used = _read_option(words, tokens) or _read_name(words, tokens, names)
        tokens = tokens[used:]
    _settle_providers(words, names)
    return words


def tokenise(text: str) -> list[str]:
    """Words without what only decorates them. The command's own name in front is dropped."""
    # NFKC makes full-width letters and signs plain.
    plain = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    tokens = [t.strip("`'\"“”‘’()[]!.?…") or t for t in re.split(r"[\s,;]+", plain) if t]
    return tokens[_command_words(plain) :]


def _command_words(text: str) -> int:
    first = text.split(maxsplit=1)[:1]
    return int(bool(first) and first[0].casefold().lstrip("/") in _OWN_NAMES)


def _find_verb(tokens: list[str]) -> tuple[str | None, int]:
    """The first word, or an unmistakable verb anywhere: "opus subscribe"."""
    for index, token in enumerate(tokens):
        word = token.casefold()
        if word in VERB_OF and (index == 0 or word in _UNMISTAKABLE):
            return VERB_OF[word], index
    return None, -1


def _read_option(words: Words, tokens: list[str]) -> int:
    """Take what is no name from the front. Returns how many words it was."""
    token = tokens[0].casefold()
    if token in _SHARE:
        words.share = True
    elif token in _EVERYTHING:
        words.everything = True
    elif token in SEVERITIES:
        words.severity = SEVERITIES[token]
    elif length := read_duration(token):
        words.duration = length
    elif token in _NO_MENTION:
        words.no_mention = True
    elif token in _THREAD_ONLY:
        words.thread_only = _THREAD_ONLY[token]
    elif mention := _MENTION.fullmatch(tokens[0]):
        words.mention = f"<{mention[1]}>"
    elif _EVERYBODY.fullmatch(token):
        words.everybody = True
    elif len(tokens) > 1 and (length := read_duration(token + tokens[1].casefold())):
        words.duration = length
        return 2
    else:
        return 0
    return 1


def read_duration(token: str) -> timedelta | None:
    """ "2h", "30m", "7d", "1h30m". None: it is no length of time, or an empty one."""
    if not re.fullmatch(rf"(?:{_DURATION.pattern})+", token):
        return None
    seconds = sum(int(number) * _UNITS[unit] for number, unit in _DURATION.findall(token))
    return timedelta(seconds=seconds) if seconds else None


def _read_name(words: Words, tokens: list[str], names: Names) -> int:
    """Take the longest name from the front, or the word as a doubt, or nothing but a filler."""
    sign, first = _sign(tokens[0])
    for count in range(min(_LONGEST_NAME, len(tokens)), 0, -1):
        found = names.find(" ".join([first, *tokens[1:count]]))
        # A name of several words must be exact: a prefix match would swallow the next word.
        if count > 1 and not found.exact:
            continue
        if found.provider:
            words.providers.append(found.provider)
            return count
        if len(found.surfaces) == 1 and (found.exact or first.casefold() not in _FILLER):
            _list_of(words, sign).append(found.surfaces[0])
            return count + _version_words(tokens[count:], names, found.surfaces[0])
    if first.casefold() not in _FILLER:
        words.doubts.append(_doubt(first, found, names))
    return 1


def _sign(token: str) -> tuple[str, str]:
    return (token[0], token[1:]) if token[:1] in {"+", "-"} and len(token) > 1 else ("", token)


def _list_of(words: Words, sign: str) -> list[str]:
    return {"": words.surfaces, "+": words.plus, "-": words.minus}[sign]


def _version_words(tokens: list[str], names: Names, surface: str) -> int:
    """ "opus 4.6" is opus: a version after a model is passed over."""
    return int(
        names.is_model(surface)
        and bool(tokens)
        and re.fullmatch(r"v?\d{1,2}([.-]\d{1,2})?", tokens[0]) is not None
    )


def _doubt(word: str, found: Found, names: Names) -> Doubt:
    if found.surfaces:
        return Doubt(word, found.surfaces)
    verbs = get_close_matches(word.casefold(), VERB_OF, n=1, cutoff=0.7)
    return Doubt(word, close=VERB_OF[verbs[0]] if verbs else found.close)


def _settle_providers(words: Words, names: Names) -> None:
    """ "claude code" names a surface of Claude, not all of Claude and a surface."""
    named = {names.provider_of(s) for s in (*words.surfaces, *words.plus, *words.minus)}
    words.providers = [p for p in dict.fromkeys(words.providers) if p not in named]
    for several in (words.surfaces, words.plus, words.minus):
        several[:] = list(dict.fromkeys(several))
