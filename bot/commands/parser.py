"""Text that a person typed → `ParsedCommand`. Total; what was not understood is kept.

The order is forgiving (`opus subscribe` is `subscribe opus`), case and commas do not matter, and
words that only make a sentence of it ("is the api down?") are passed over.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches
from itertools import pairwise

from bot.catalog.catalog import Catalog
from bot.catalog.names import (
    FILLER,
    LIKENESS,
    SEVERITIES,
    Ambiguous,
    length_of,
    longest_name,
    of_provider,
    provider_of,
    share_of,
    unwatched,
)
from bot.commands.table import command_of, verb_words
from bot.commands.types import Command, ParsedCommand, Takes
from bot.domain.incident import CHANNEL_KINDS, EventKind
from bot.messages.headline import Question

# The platforms' own addresses of a person, a user group or a role.
_MENTION = re.compile(r"<(@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|@[&!]?\d{5,25})(?:\|[^<>]*)?>")
_EVERYBODY = re.compile(r"<!(?:channel|here|everyone)[^>]*>|@(?:channel|here|everyone)\b")
_SIGNS = str.maketrans({"＋": "+", "–": "-", "—": "-", "−": "-", "－": "-"})
_OWN_NAMES = frozenset({"isclaudedown", "claudewatch"})
_EVERYTHING = frozenset({"everything", "anything"})
_SHARE = frozenset({"share", "public"})
_NO_MENTION = frozenset({"nomention", "no-mention", "-mention"})
_TARGET = frozenset({"slo", "target"})
_THREAD_ONLY: dict[str, frozenset[EventKind]] = {
    "thread-only": CHANNEL_KINDS,
    "threadonly": CHANNEL_KINDS,
    "in-channel": frozenset(),
}
_MAX_WORDS = 60


def parse(text: str, catalog: Catalog) -> ParsedCommand:
    """Read a line that somebody typed after the command's name."""
    tokens = tokenise(text)
    command, at = _find_command(tokens)
    words = ParsedCommand(rest=text.strip())
    if command is not None:
        words.verb = command.verb
        if at >= 0:
            del tokens[at]
        if at == 0:
            words.rest = " ".join(text.split()[_command_words(text) + 1 :])
        if command.takes(Takes.TEXT, Takes.INCIDENT, Takes.MUTE):
            words.arguments = tokens[:_MAX_WORDS]
            return words
    words.arguments = tokens = tokens[:_MAX_WORDS]
    if words.verb == "ask":
        words.question = _question([_plain(token) for token in tokens])
    while tokens:
        used = (
            _read_option(words, tokens)
            or _read_name(words, tokens, catalog)
            or _read_other(words, tokens, catalog)
        )
        tokens = tokens[used:]
    # A provider that only introduced a surface of its own ("claude code") is not meant as a whole.
    named = {provider_of(catalog, s) for s in (*words.surfaces, *words.plus, *words.minus)}
    words.providers = [p for p in dict.fromkeys(words.providers) if p not in named]
    for several in (words.surfaces, words.plus, words.minus):
        several[:] = dict.fromkeys(several)
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


# After these a "why" is a question about the provider, not about this channel.
_BEING = frozenset({"is", "are", "was", "were", "isnt", "arent"}) | frozenset(
    {"does", "do", "did", "has", "have", "cant", "wont"}
)


def _find_command(tokens: list[str]) -> tuple[Command | None, int]:
    """The first word, or an unmistakable one anywhere: "opus subscribe".

    Questions in plain English that begin with a verb, or mean one without naming it, are told
    apart first. The place is -1 where no word is the verb itself.
    """
    plain = [_plain(token) for token in tokens]
    if plain[:1] == ["why"] and plain[1:2] and plain[1] in _BEING:
        return command_of("ask"), -1
    alone = {("just", "me"), ("only", "me"), ("just", "us"), ("only", "us")}
    if alone & set(pairwise(plain)) and not {"or", "everyone", "everybody"} & set(plain):
        return command_of("justme"), -1
    for index, token in enumerate(tokens):
        command = command_of(token)
        if command and (index == 0 or token.casefold() in command.anywhere):
            return command, index
    return None, -1


_WHAT = frozenset({"what", "whats", "why", "when", "how", "which", "who", "where", "should"})
_WORKS = frozenset({"back", "fine", "fixed", "ok", "okay", "up", "work", "works", "working"})
_FAILS = frozenset({"broken", "doesnt", "dont", "down", "fail", "failing", "isnt", "not"})


def _question(plain: Sequence[str]) -> Question:
    """Return the sense of a sentence: "is it back?" is the opposite of "is it down?"."""
    if not _WHAT.isdisjoint(plain[:2]):
        return Question.OPEN
    return Question.UP if _WORKS & set(plain) and not _FAILS & set(plain) else Question.DOWN


def _plain(token: str) -> str:
    """In lower case and without an apostrophe: "What's" is "whats"."""
    return re.sub(r"['’]", "", token).casefold()


def _read_option(words: ParsedCommand, tokens: list[str]) -> int:
    """Take what is no name from the front. Returns how many words it was."""
    token = tokens[0].casefold()
    if token in _EVERYTHING:
        words.everything = True
        return 1
    if token in _SHARE:
        words.share, takes = True, Takes.SHARE
    elif token in _THREAD_ONLY:
        words.thread_only, takes = _THREAD_ONLY[token], Takes.THREAD_ONLY
    elif token in _NO_MENTION:
        words.no_mention, takes = True, Takes.MENTION
    elif mention := _MENTION.fullmatch(tokens[0]):
        # Several are one text; each platform reads its own.
        named = [*(words.mention or "").split(), f"<{mention[1]}>"]
        words.mention, takes = " ".join(dict.fromkeys(named)), Takes.MENTION
    elif (
        # In "@oncall from major" the severity is the mention's, not the subscription's.
        (token == "mention-from" or (token == "from" and words.mention is not None))  # noqa: S105 (no secret)
        and len(tokens) > 1
        and tokens[1].casefold() in SEVERITIES
    ):
        words.mention_from = SEVERITIES[tokens[1].casefold()]
        words.given.append((Takes.MENTION, " ".join(tokens[:2])))
        return 2
    elif _EVERYBODY.fullmatch(token):
        words.everybody, takes = True, Takes.MENTION
    else:
        return _read_measure(words, tokens)
    words.given.append((takes, tokens[0]))
    return 1


def _read_measure(words: ParsedCommand, tokens: list[str]) -> int:
    """Take a severity, a length or a target from the front, perhaps of two words ("2 hours")."""
    token = tokens[0].casefold()
    used = 1
    if token in SEVERITIES:
        words.severity, takes = SEVERITIES[token], Takes.SEVERITY
        if words.verb == "ask":
            return used  # a question about an outage: how bad it is, is the answer
    elif length := length_of(token):
        words.length, takes = length, Takes.LENGTH
    elif len(tokens) > 1 and (length := length_of(token + tokens[1].casefold())):
        words.length, takes, used = length, Takes.LENGTH, 2
    elif token in _TARGET and len(tokens) > 1 and (target := share_of(tokens[1])):
        words.target, takes, used = target, Takes.TARGET, 2
    else:
        return 0
    words.given.append((takes, " ".join(tokens[:used])))
    return used


def _read_name(words: ParsedCommand, tokens: list[str], catalog: Catalog) -> int:
    """Take the longest name from the front."""
    sign, first = _sign(tokens[0])
    found, count = longest_name(catalog, [first, *tokens[1:]])
    everyday = count == 1 and not sign and words.verb in _QUESTIONS and _plain(first) in FILLER
    if everyday or not (found.provider or found.exact):
        return 0
    surfaces = {"": words.surfaces, "+": words.plus, "-": words.minus}[sign]
    # Of a page that was never read nothing is known to add: the command says so.
    known = of_provider(catalog, found.provider) if found.provider else []
    if found.provider and sign and (known or len(catalog.providers) == 1):
        surfaces.extend(known)
    elif found.provider:
        words.providers.append(found.provider)
    else:
        surfaces.extend(found.surfaces)
    if found.version:
        words.versions[found.surfaces[0]] = found.version
    if not found.provider or len(catalog.providers) > 1:  # the only one is everything
        takes = Takes.SIGNED if sign == "-" else Takes.SURFACES
        words.given.append((takes, " ".join(tokens[:count])))
    return count


# An everyday word in them is one, though a surface may be called so (issues).
_QUESTIONS = frozenset({"ask", "justme"})


def _read_other(words: ParsedCommand, tokens: list[str], catalog: Catalog) -> int:
    """Pass over a word that only makes a sentence of it; keep any other as a doubt."""
    _, first = _sign(tokens[0])
    if _plain(first) in FILLER or not any(letter.isalnum() for letter in first):
        words.is_sentence = True
        return 1
    provider, count = unwatched(catalog, [first, *tokens[1:]])
    if provider:
        words.doubts.append(Ambiguous(" ".join([first, *tokens[1:count]]), unwatched=provider))
        return count
    found, _ = longest_name(catalog, [first])
    meanings = found.surfaces or (found.close if len(found.close) > 1 else ())
    close = found.close[0] if found.close else ""
    if not meanings and not (words.verb == "ask" and words.is_sentence):
        known = verb_words() | {name: name for name in SEVERITIES}
        meant = get_close_matches(first.casefold(), known, n=1, cutoff=LIKENESS)
        close = known[meant[0]] if meant else close
    words.doubts.append(Ambiguous(first, meanings, "" if meanings else close))
    return 1


def _sign(token: str) -> tuple[str, str]:
    return (token[0], token[1:]) if token[:1] in {"+", "-"} and len(token) > 1 else ("", token)
