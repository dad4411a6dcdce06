"""The table of commands. One row each: words, options, one line of help, what answers it.

The parser, the help, what platforms list, the completion at the prompt and the table of
`docs/using.md` are made of it.
"""

from __future__ import annotations

from bot.commands import muting, queries, reports, taking
from bot.commands.channel_rows import CHANNEL_COMMANDS
from bot.commands.types import (
    Answer,
    Command,
    Option,
    ParsedCommand,
    Request,
    Services,
    Takes,
)
from bot.messages.help import command_message, help_message

_SURFACE = Option("surface", Takes.SURFACE, "Only this: api, code, opus …")


async def _help(_services: Services, _request: Request, words: ParsedCommand) -> Answer:
    about = next((found for word in words.arguments if (found := command_of(word))), None)
    if about is None:
        return Answer(help_message(help_lines()))
    lines = [(about.example, about.help), *about.also]
    options = [(option.name, option.help) for option in about.options]
    return Answer(command_message(about.words, lines, options))


COMMANDS: tuple[Command, ...] = (
    Command(
        "ask",
        "(nothing)",
        "is it Claude, or is it me? Add a surface (api, code, opus …), or share",
        queries.ask,
        aliases=("status", "check"),
        options=(
            Option("surface", Takes.SURFACES, "Only this: api, code, opus …"),
            Option("share", Takes.SHARE, "Show it to everybody"),
        ),
        personal=True,
    ),
    *CHANNEL_COMMANDS,
    Command(
        "history",
        "history api 7d",
        "what happened",
        queries.history,
        aliases=("log", "past"),
        options=(
            Option("surface", Takes.SURFACES, "Only this: api, code, opus …"),
            Option("length", Takes.LENGTH, "7d, 24h, 30d …"),
            Option("share", Takes.SHARE, "Show it to everybody"),
        ),
        anywhere=("history",),
    ),
    Command(
        "uptime",
        "uptime api 90d slo 99.9",
        "how much of the time it was up, by the page and by our own evidence",
        queries.uptime,
        aliases=("availability",),
        options=(
            Option("surface", Takes.SURFACES, "Only this: api, code, opus …"),
            Option("length", Takes.LENGTH, "90d, 30d, 24h …"),
            Option("slo", Takes.TARGET, "A target in per cent: 99.9"),
            Option("share", Takes.SHARE, "Show it to everybody"),
        ),
        anywhere=("uptime",),
    ),
    Command(
        "incident",
        "incident <id>",
        "one incident in full; history lists the ids",
        queries.incident,
        aliases=("details",),
        options=(
            Option("id", Takes.INCIDENT, "Its id, as history shows it", required=True),
            Option("report", Takes.REPORT, "In figures as Markdown, for a post-mortem"),
        ),
        also=(("incident <id> report", "the same in figures as Markdown, for a post-mortem"),),
    ),
    Command(
        "why",
        "why",
        "why this channel was, or was not, told",
        queries.why,
        options=(Option("incident", Takes.INCIDENT, "An incident's id; else the last ones"),),
    ),
    Command(
        "on-it",
        "on-it",
        "you take the incident that goes on; its thread shows your name",
        taking.on_it,
        aliases=("onit",),
        options=(Option("incident", Takes.INCIDENT, "Its id, where several go on"),),
    ),
    Command(
        "handover",
        "handover @ada",
        "somebody else takes it from here",
        taking.handover,
        options=(Option("name", Takes.TEXT, "Who takes it: a person, or a name"),),
    ),
    Command(
        "escalate",
        "escalate after 15m to @oncall",
        "call somebody if nobody takes a major outage",
        taking.escalate,
        options=(Option("words", Takes.TEXT, "after 15m to @oncall; or off"),),
        changes=True,
    ),
    Command(
        "test",
        "test",
        "a clearly marked example, here only",
        muting.example,
        aliases=("example",),
        changes=True,
    ),
    Command(
        "report",
        "report code 529 again",
        "say that you have trouble; counted, nobody is named",
        reports.report,
        options=(
            Option("surface", Takes.SURFACE, "What does not work: api, code …", required=True),
            Option("text", Takes.TEXT, "In your words"),
        ),
    ),
    Command(
        "justme",
        "justme code",
        "is it only me? A private comparison",
        reports.just_me,
        aliases=("just-me",),
        options=(_SURFACE,),
        personal=True,
    ),
    Command(
        "back",
        "back code",
        "one message to you when it is back",
        reports.back,
        options=(Option("surface", Takes.SURFACES, "Only this: api, code, opus …"),),
        personal=True,
    ),
    Command(
        "explain",
        "explain <pasted error>",
        "theirs, yours, or unclear",
        reports.explain,
        options=(Option("error", Takes.TEXT, "An error as it was shown to you", required=True),),
        personal=True,
    ),
    Command(
        "scoreboard",
        "scoreboard",
        "how far ahead of the status page, or wrong, we were",
        reports.scoreboard,
        aliases=("score",),
    ),
    Command(
        "help",
        "help subscribe",
        "more about one of them; alone, this list",
        _help,
        aliases=("?", "commands", "usage", "--help", "-h"),
        options=(Option("command", Takes.TEXT, "One of them in full"),),
        anywhere=("help",),
    ),
)


def command_of(word: str) -> Command | None:
    """The command that this word means, in any case."""
    folded = word.casefold()
    return next((command for command in COMMANDS if folded in command.words), None)


def command_named(verb: str) -> Command:
    return next(command for command in COMMANDS if command.verb == verb)


def verb_words() -> dict[str, str]:
    """Every word that means a command → its verb."""
    return {word: command.verb for command in COMMANDS for word in command.words}


def help_lines() -> list[tuple[str, str]]:
    """Return what is typed, and what it does, in the order of the table."""
    return [
        line for command in COMMANDS for line in ((command.example, command.help), *command.also)
    ]
