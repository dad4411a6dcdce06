"""Help, and answers to words that were not understood: never a bare error."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from bot.catalog.catalog import Catalog
from bot.catalog.names import Ambiguous, spoken_list
from bot.domain.message import Line, Lines, Message, Note, Text
from bot.messages.settings import notice

_COMMANDS = (
    ("(nothing)", "is it Claude, or is it me? Add a surface (api, code, opus …), or share"),
    ("subscribe api code partial", "tell this channel; no surface means everything"),
    ("subscribe +opus -mobile", "adjust what it gets"),
    ("unsubscribe", "end it"),
    ("subscriptions", "what this channel gets"),
    ("mute 2h", "no news for a while; unmute ends it"),
    ("history api 7d", "what happened; incident <id> for one of them"),
    ("why", "why this channel was, or was not, told"),
    ("test", "a clearly marked example, here only"),
)


# Listed where the bot was given them (see `Commands`).
_MORE = (
    ("report", "report code 529 again", "say that you have trouble; counted, nobody is named"),
    ("justme", "justme code", "is it only me? A private comparison"),
    ("back", "back code", "one message to you when it is back"),
    ("explain", "explain <pasted error>", "theirs, yours, or unclear"),
    ("scoreboard", "scoreboard", "how far ahead of the status page, or wrong, we were"),
)


def help_message(more: Collection[str] = ()) -> Message:
    """All commands; `more` are the verbs known besides the usual ones."""
    listed = [*_COMMANDS, *((typed, meaning) for verb, typed, meaning in _MORE if verb in more)]
    lines: tuple[Line, ...] = tuple(
        (Text(command, code=True), Text(f"  {meaning}")) for command, meaning in listed
    )
    note = Note((Text("Severities: degraded, partial, major, maintenance, all."),))
    return Message(
        "What you can ask me",
        "Type nothing to ask; or: subscribe, unsubscribe, subscriptions, mute, history, "
        "incident, why, test.",
        blocks=(Lines(lines), note),
    )


def short_help() -> Line:
    return (
        Text("I know: "),
        Text(
            "subscribe, unsubscribe, subscriptions, mute, history, incident, why, test", code=True
        ),
        Text(", or a surface alone. "),
        Text("help", code=True),
        Text(" says more."),
    )


def unknown_message(
    unconfirmed: Sequence[Ambiguous], catalog: Catalog, *, changing: bool
) -> Message:
    """Ask back: the candidates of an ambiguous name, or the nearest match of an unknown one."""
    lines: list[Line] = []
    for doubt in unconfirmed[:5]:
        if doubt.meanings:
            candidates = spoken_list([catalog.label(s) for s in doubt.meanings], "or")
            lines.append((Text(f"“{doubt.word}” may be {candidates}. Which one?"),))
        elif doubt.close:
            close = catalog.label(doubt.close)
            lines.append(
                (
                    Text(f"I don't know “{doubt.word}”. Did you mean "),
                    Text(close, code=True),
                    Text("?"),
                )
            )
        else:
            lines.append((Text(f"I don't know “{doubt.word}”."),))
    title = "Which one?" if all(d.meanings for d in unconfirmed) else "I didn't get that"
    if changing:
        title += " (nothing was changed)"
    return notice(title, *lines, short_help(), emoji="❓")


_LATER = {
    "report": "Reporting trouble",
    "affected": "Reporting trouble",
    "back": "Telling you when it is back",
    "explain": "Explaining an error",
}


def later_message(verb: str) -> Message:
    what = _LATER.get(verb, "That")
    return notice(f"{what} comes in a later version", short_help(), emoji="🕓")
