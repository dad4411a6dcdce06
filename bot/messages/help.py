"""Help, an example alert, and answers to words that were not understood."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.catalog.catalog import Catalog
from bot.catalog.names import Ambiguous, spoken_list
from bot.catalog.parts import REGION
from bot.catalog.providers import Provider
from bot.domain.message import (
    EMOJI,
    Button,
    Line,
    Lines,
    Message,
    Note,
    Quote,
    Row,
    Rows,
    Text,
    Time,
)
from bot.domain.page import Severity
from bot.messages.text import notice, short

_WORD = 60  # letters of a word that is repeated


def help_message(commands: Sequence[tuple[str, str]]) -> Message:
    """All commands: what is typed, and what it does."""
    lines: tuple[Line, ...] = tuple(
        (Text(typed, code=True), Text(f"  {meaning}")) for typed, meaning in commands
    )
    note = Note((Text("Severities: degraded, partial, major, maintenance, all."),))
    return Message(
        "What you can ask me",
        "Type nothing to ask; or: subscribe, unsubscribe, subscriptions, mute, history, "
        "incident, why, test.",
        blocks=(Lines(lines), note),
        buttons=(
            Button("details", "Is it down?"),
            Button("justme", "Just me?"),
            Button("subscribe", "Subscribe this channel"),
        ),
    )


def command_message(
    words: Sequence[str], lines: Sequence[tuple[str, str]], options: Sequence[tuple[str, str]]
) -> Message:
    """One command in full: how it is typed, what it takes, what else it is called."""
    said: list[Line] = [(Text(typed, code=True), Text(f"  {meaning}")) for typed, meaning in lines]
    said += [(Text(f"• {name.replace('_', ' ')}: {meaning}"),) for name, meaning in options]
    if len(words) > 1:
        said.append((Text("Also: "), Text(", ".join(words[1:]), code=True)))
    return notice(f"About {words[0]}", *said)


def not_taken_message(
    verb: str, typed: Sequence[str], options: Sequence[tuple[str, str]], *, changing: bool
) -> Message:
    """Words that were understood and mean nothing to this command: nothing is done without them."""
    words = spoken_list([f"“{short(word, _WORD)}”" for word in typed[:5]])
    title = f"{verb} does nothing with {words}" + (" (nothing was changed)" if changing else "")
    takes = "; ".join(f"{name.replace('_', ' ')}: {meaning}" for name, meaning in options)
    line = f"It takes {takes}" if takes else "It takes no more words"
    more = (Text("help", code=True), Text(" lists all commands."))
    return notice(title, (Text(f"{line}."),), more, emoji="❓")


def passed_over(words: Sequence[str]) -> Note:
    """Name the words of a question that were not understood; it was answered without."""
    unknown = spoken_list([f"“{short(word, _WORD)}”" for word in words[:5]])
    return Note((Text(f"Answered without {unknown}, which I don't know."),))


def short_help(verbs: Sequence[str]) -> Line:
    known = ", ".join(verb for verb in verbs if verb not in {"ask", "help"})
    return (
        Text("I know: "),
        Text(known, code=True),
        Text(", or a surface alone. "),
        Text("help", code=True),
        Text(" says more."),
    )


def not_watched(provider: Provider) -> str:
    """Say in one sentence how whoever runs the bot switches a provider on."""
    name, surfaces = provider.id, provider.surfaces
    if surfaces and all(REGION in surface.id for surface in surfaces):
        name += f" with a region, as in {provider.id}/eu-west-1,"
    return (
        f"{provider.label} is not watched here: whoever runs me switches it on by adding {name} "
        "to ISCLAUDEDOWN_PROVIDERS"
    )


def unknown_message(
    doubts: Sequence[Ambiguous], catalog: Catalog, verbs: Sequence[str], *, changing: bool
) -> Message:
    """Ask back: the candidates of an ambiguous name, or the nearest match of an unknown one.

    `verbs`: what else may be typed. `changing`: it was to change something, which it did not.
    """
    lines: list[Line] = []
    for doubt in doubts[:5]:
        if doubt.meanings:
            candidates = spoken_list([catalog.label(s) for s in doubt.meanings], "or")
            lines.append((Text(f"“{short(doubt.word, _WORD)}” may be {candidates}. Which one?"),))
        elif doubt.unwatched:
            lines.append((Text(f"{not_watched(doubt.unwatched)}."),))
        elif doubt.close:
            close = catalog.label(doubt.close)
            lines.append(
                (
                    Text(f"I don't know “{short(doubt.word, _WORD)}”. Did you mean "),
                    Text(close, code=True),
                    Text("?"),
                )
            )
        else:
            lines.append((Text(f"I don't know “{short(doubt.word, _WORD)}”."),))
    title = "I didn't get that"
    if all(doubt.meanings for doubt in doubts):
        title = "Which one?"
    understood = all(doubt.unwatched for doubt in doubts)
    if understood:
        title = "I don't watch that"
    else:
        lines.append(short_help(verbs))
    if changing:
        title += " (nothing was changed)"
    return notice(title, *lines, emoji="❓")


def example_message(catalog: Catalog, now: datetime) -> Message:
    """Return an example of an alert, marked at its beginning and its end."""
    surface = catalog.surfaces()[0].label if catalog.surfaces() else "a surface"
    began = now - timedelta(minutes=4)
    return Message(
        title=f"EXAMPLE, nothing is wrong · {surface} unavailable · major outage",
        plain=f"This is only an example of an alert; {surface} is not affected.",
        severity=Severity.MAJOR,
        emoji="🧪",
        blocks=(
            Rows((Row(Severity.MAJOR, surface, Severity.MAJOR.words, began, "example"),)),
            Lines(((Text("Investigating · started "), Time(began, "date")),)),
            Quote(
                "Here you would read the provider's own words, word for word.",
                (Time(began, "clock"), Text(" investigating (example)")),
            ),
            Note(
                (
                    Text(f"{EMOJI[Severity.UP]} This was an example, asked for with "),
                    Text("test", code=True),
                    Text(". A real one is edited as things change; updates come in its thread."),
                )
            ),
        ),
    )
