"""Text that a person typed → `ParsedCommand`. Total; what was not understood is kept.

The order is forgiving (`opus subscribe` is `subscribe opus`), case and commas do not matter, and
words that only make a sentence of it ("is the api down?") are passed over.
"""

from __future__ import annotations

import re
import unicodedata
from difflib import get_close_matches

from bot.catalog.catalog import Catalog
from bot.catalog.names import (
    FILLER,
    LONGEST_NAME,
    SEVERITIES,
    Ambiguous,
    NameMatch,
    find,
    is_model,
    length_of,
    provider_of,
)
from bot.commands.table import command_of, verb_words
from bot.commands.types import Command, ParsedCommand, Takes
from bot.domain.incident import CHANNEL_KINDS, EventKind

# The platforms' own addresses of a person, a user group or a role.
_MENTION = re.compile(r"<(@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|@[&!]?\d{5,25})(?:\|[^<>]*)?>")
_EVERYBODY = re.compile(r"<!(?:channel|here|everyone)[^>]*>|@(?:channel|here|everyone)\b")
_SIGNS = str.maketrans({"＋": "+", "–": "-", "—": "-", "−": "-", "－": "-"})
_OWN_NAMES = frozenset({"isclaudedown", "claudewatch"})
_EVERYTHING = frozenset({"everything", "anything"})
_SHARE = frozenset({"share", "public"})
_NO_MENTION = frozenset({"nomention", "no-mention", "-mention"})
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
        del tokens[at]
        if at == 0:
            words.rest = " ".join(text.split()[_command_words(text) + 1 :])
        if command.takes(Takes.TEXT):
            return words
    words.arguments = tokens[:_MAX_WORDS]
    tokens = words.arguments
    while tokens:
        used = _read_option(words, tokens) or _read_name(words, tokens, catalog)
        tokens = tokens[used:]
    _settle_providers(words, catalog)
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


def _find_command(tokens: list[str]) -> tuple[Command | None, int]:
    """The first word, or an unmistakable one anywhere: "opus subscribe"."""
    for index, token in enumerate(tokens):
        command = command_of(token)
        if command and (index == 0 or token.casefold() in command.anywhere):
            return command, index
    return None, -1


def _read_option(words: ParsedCommand, tokens: list[str]) -> int:
    """Take what is no name from the front. Returns how many words it was."""
    token = tokens[0].casefold()
    if token in _SHARE:
        words.share = True
    elif token in _EVERYTHING:
        words.everything = True
    elif token in SEVERITIES:
        words.severity = SEVERITIES[token]
    elif length := length_of(token):
        words.length = length
    elif token in _NO_MENTION:
        words.no_mention = True
    elif token in _THREAD_ONLY:
        words.thread_only = _THREAD_ONLY[token]
    elif mention := _MENTION.fullmatch(tokens[0]):
        words.mention = f"<{mention[1]}>"
    elif _EVERYBODY.fullmatch(token):
        words.everybody = True
    elif len(tokens) > 1 and (length := length_of(token + tokens[1].casefold())):
        words.length = length
        return 2
    else:
        return 0
    return 1


def _read_name(words: ParsedCommand, tokens: list[str], catalog: Catalog) -> int:
    """Take the longest name from the front, or the word as a doubt, or nothing but a filler."""
    sign, first = _sign(tokens[0])
    for count in range(min(LONGEST_NAME, len(tokens)), 0, -1):
        found = find(catalog, " ".join([first, *tokens[1:count]]))
        if found.provider:
            words.providers.append(found.provider)
            return count
        if len(found.surfaces) == 1 and _belongs(tokens, count, found.surfaces[0], catalog):
            _list_of(words, sign).append(found.surfaces[0])
            return count
    if first.casefold() not in FILLER:
        words.doubts.append(_doubt(first, found))
    return 1


def _belongs(tokens: list[str], count: int, surface: str, catalog: Catalog) -> bool:
    """A number belongs to a name only as a model's version: "opus 4.6", not "opus 7d"."""
    last = tokens[count - 1].casefold()
    if count == 1 or not last[0].isdigit():
        return True
    unit = tokens[count].casefold() if count < len(tokens) else ""
    return is_model(catalog, surface) and not (length_of(last) or length_of(last + unit))


def _sign(token: str) -> tuple[str, str]:
    return (token[0], token[1:]) if token[:1] in {"+", "-"} and len(token) > 1 else ("", token)


def _list_of(words: ParsedCommand, sign: str) -> list[str]:
    return {"": words.surfaces, "+": words.plus, "-": words.minus}[sign]


def _doubt(word: str, found: NameMatch) -> Ambiguous:
    if found.surfaces:
        return Ambiguous(word, found.surfaces)
    known = verb_words()
    known |= {name: name for name in SEVERITIES}
    meant = get_close_matches(word.casefold(), known, n=1, cutoff=0.7)
    return Ambiguous(word, close=known[meant[0]] if meant else found.close)


def _settle_providers(words: ParsedCommand, catalog: Catalog) -> None:
    """Drop a provider that only introduced a surface of its own ("claude code")."""
    named = {provider_of(catalog, s) for s in (*words.surfaces, *words.plus, *words.minus)}
    words.providers = [p for p in dict.fromkeys(words.providers) if p not in named]
    for several in (words.surfaces, words.plus, words.minus):
        several[:] = list(dict.fromkeys(several))
