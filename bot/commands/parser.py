"""Text that a person typed → `ParsedCommand`. Total; what was not understood is kept.

The order is forgiving (`opus subscribe` is `subscribe opus`), case and commas do not matter, and
words that only make a sentence of it ("is the api down?") are passed over.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches

from bot.catalog.catalog import Catalog
from bot.catalog.names import Ambiguous, NameMatch, find, is_model, provider_of
from bot.commands import table
from bot.domain.incident import EventKind
from bot.domain.page import Severity


@dataclass(slots=True)
class ParsedCommand:
    """What was understood. `plus` and `minus` adjust what there is, `surfaces` replace it.

    `providers` are those named as a whole.
    """

    verb: str = "ask"
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
    thread_only: frozenset[EventKind] | None = None
    rest: str = ""  # everything after the verb, as typed
    doubts: list[Ambiguous] = field(default_factory=list)


def parse(text: str, catalog: Catalog) -> ParsedCommand:
    """Read a line that somebody typed after the command's name."""
    tokens = tokenise(text)
    verb, at = _find_verb(tokens)
    words = ParsedCommand(verb or "ask", rest=text.strip())
    if verb is not None:
        del tokens[at]
        if at == 0:
            words.rest = " ".join(text.split()[_command_words(text) + 1 :])
    if words.verb in table.TAKES_TEXT:
        return words
    tokens = tokens[: table.MAX_WORDS]
    while tokens:
        used = _read_option(words, tokens) or _read_name(words, tokens, catalog)
        tokens = tokens[used:]
    _settle_providers(words, catalog)
    return words


def tokenise(text: str) -> list[str]:
    """Words without what only decorates them. The command's own name in front is dropped."""
    # NFKC makes full-width letters and signs plain.
    plain = unicodedata.normalize("NFKC", text).translate(table.SIGNS)
    tokens = [t.strip("`'\"“”‘’()[]!.?…") or t for t in re.split(r"[\s,;]+", plain) if t]
    return tokens[_command_words(plain) :]


def _command_words(text: str) -> int:
    first = text.split(maxsplit=1)[:1]
    return int(bool(first) and first[0].casefold().lstrip("/") in table.OWN_NAMES)


def _find_verb(tokens: list[str]) -> tuple[str | None, int]:
    """The first word, or an unmistakable verb anywhere: "opus subscribe"."""
    for index, token in enumerate(tokens):
        word = token.casefold()
        if word in table.VERB_OF and (index == 0 or word in table.UNMISTAKABLE):
            return table.VERB_OF[word], index
    return None, -1


def _read_option(words: ParsedCommand, tokens: list[str]) -> int:
    """Take what is no name from the front. Returns how many words it was."""
    token = tokens[0].casefold()
    if token in table.SHARE:
        words.share = True
    elif token in table.EVERYTHING:
        words.everything = True
    elif token in table.SEVERITIES:
        words.severity = table.SEVERITIES[token]
    elif length := read_duration(token):
        words.duration = length
    elif token in table.NO_MENTION:
        words.no_mention = True
    elif token in table.THREAD_ONLY:
        words.thread_only = table.THREAD_ONLY[token]
    elif mention := table.MENTION.fullmatch(tokens[0]):
        words.mention = f"<{mention[1]}>"
    elif table.EVERYBODY.fullmatch(token):
        words.everybody = True
    elif len(tokens) > 1 and (length := read_duration(token + tokens[1].casefold())):
        words.duration = length
        return 2
    else:
        return 0
    return 1


def read_duration(token: str) -> timedelta | None:
    """Read "2h", "30m", "7d", "1h30m". None: it is no length of time, or an empty one."""
    if not re.fullmatch(rf"(?:{table.DURATION.pattern})+", token):
        return None
    seconds = sum(int(number) * table.UNITS[unit] for number, unit in table.DURATION.findall(token))
    return timedelta(seconds=seconds) if seconds else None


def _read_name(words: ParsedCommand, tokens: list[str], catalog: Catalog) -> int:
    """Take the longest name from the front, or the word as a doubt, or nothing but a filler."""
    sign, first = _sign(tokens[0])
    for count in range(min(table.LONGEST_NAME, len(tokens)), 0, -1):
        found = find(catalog, " ".join([first, *tokens[1:count]]))
        if found.provider:
            words.providers.append(found.provider)
            return count
        if len(found.surfaces) == 1 and _belongs(tokens, count, found.surfaces[0], catalog):
            _list_of(words, sign).append(found.surfaces[0])
            return count
    if first.casefold() not in table.FILLER:
        words.doubts.append(_doubt(first, found))
    return 1


def _belongs(tokens: list[str], count: int, surface: str, catalog: Catalog) -> bool:
    """A number belongs to a name only as a model's version: "opus 4.6", not "opus 7d"."""
    last = tokens[count - 1].casefold()
    if count == 1 or not last[0].isdigit():
        return True
    unit = tokens[count].casefold() if count < len(tokens) else ""
    return is_model(catalog, surface) and not (read_duration(last) or read_duration(last + unit))


def _sign(token: str) -> tuple[str, str]:
    return (token[0], token[1:]) if token[:1] in {"+", "-"} and len(token) > 1 else ("", token)


def _list_of(words: ParsedCommand, sign: str) -> list[str]:
    return {"": words.surfaces, "+": words.plus, "-": words.minus}[sign]


def _doubt(word: str, found: NameMatch) -> Ambiguous:
    if found.surfaces:
        return Ambiguous(word, found.surfaces)
    known = {**table.VERB_OF, **{name: name for name in table.SEVERITIES}}
    meant = get_close_matches(word.casefold(), known, n=1, cutoff=0.7)
    return Ambiguous(word, close=known[meant[0]] if meant else found.close)


def _settle_providers(words: ParsedCommand, catalog: Catalog) -> None:
    """Drop a provider that only introduced a surface of its own ("claude code")."""
    named = {provider_of(catalog, s) for s in (*words.surfaces, *words.plus, *words.minus)}
    words.providers = [p for p in dict.fromkeys(words.providers) if p not in named]
    for several in (words.surfaces, words.plus, words.minus):
        several[:] = list(dict.fromkeys(several))
