"""The slash commands: `/isclaudedown` for everybody, `/claudewatch` for who manages the server.

A command with subcommands cannot be called bare on Discord, hence two. Their options are turned
into the words that the core reads on every platform.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import AppCommandChannel, AppCommandThread, Choice

from adapters.discord.responder import Responder, asked_by, log
from adapters.discord.settings_form import show_settings
from adapters.discord.words import ASK, MANAGE, subcommand
from bot.commands import Answer, table
from bot.commands.types import Command, Option, Takes
from bot.domain.message import Message, Note, Text
from bot.domain.subscription import Channel

Interaction = discord.Interaction
Mention = discord.Role | discord.Member

Found = AppCommandChannel | AppCommandThread


class _Speaking(app_commands.Transformer):
    """A channel that a bot can speak in. As given: the cache need not know it."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        kinds = discord.ChannelType
        return [kinds.text, kinds.news, kinds.forum, kinds.voice, kinds.stage_voice]

    async def transform(self, _interaction: Interaction, value: Found) -> Found:
        return value


SpeakingChannel = app_commands.Transform[Found, _Speaking]

MOST_CHOICES: Final = 25
_CHOICE_TEXT: Final = 100
SEVERITIES: Final = [
    Choice(name="degraded and worse", value="degraded"),
    Choice(name="partial outages and worse", value="partial"),
    Choice(name="major outages only", value="major"),
    Choice(name="maintenance as well", value="maintenance"),
    Choice(name="every notice", value="all"),
]


def build_tree(client: discord.Client, responder: Responder) -> app_commands.CommandTree:
    """Make the tree of both commands for a client."""
    tree = app_commands.CommandTree(client)
    _add_ask(tree, responder)
    watch = app_commands.Group(
        name=MANAGE,
        description="What this server's channels are told about Claude",
        guild_only=True,
        allowed_contexts=app_commands.AppCommandContext(guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
        default_permissions=discord.Permissions(manage_guild=True),
    )
    for command in table.COMMANDS:
        if not command.personal:
            watch.add_command(_subcommand(command, responder))
    _add_settings(watch, responder)
    tree.add_command(watch)

    @tree.error
    async def on_error(interaction: Interaction, error: app_commands.AppCommandError) -> None:
        # Of another version of the commands, or options that Discord could not resolve.
        log.warning("discord.command_not_read", error=type(error).__name__)
        sorry = "I did not understand that; the commands may just have changed. Try again."
        await responder.serve(asked_by(interaction), _constant(sorry))

    return tree


def _add_ask(tree: app_commands.CommandTree, responder: Responder) -> None:
    @tree.command(name=ASK, description="Is it Claude, or is it me?")
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    @app_commands.describe(
        surface="Only this: api, code, opus …",
        share="Show it to everybody",
        just_me="Is it only me? Compare with the page, our probes and others here",
        explain="An error as it was shown to you: theirs, yours or unclear?",
    )
    async def ask(
        interaction: Interaction,
        surface: str | None = None,
        share: bool = False,
        just_me: bool = False,
        explain: str | None = None,
    ) -> None:
        if explain:
            await _typed(responder, interaction, f"explain {explain}")
        elif just_me:
            await _typed(responder, interaction, f"justme {surface or ''}")
        else:
            words = f"{surface or ''} share" if share else surface or ""
            await _typed(responder, interaction, words, shared=share)

    ask.autocomplete("surface")(_surfaces(responder))


def _add_settings(watch: app_commands.Group, responder: Responder) -> None:
    @watch.command(name="settings", description="See and change what a channel gets")
    @app_commands.describe(channel=_ELSEWHERE)
    async def settings(interaction: Interaction, channel: SpeakingChannel | None = None) -> None:
        asked = asked_by(interaction).to(_chosen(interaction, channel))
        await show_settings(responder, asked)


_ELSEWHERE: Final = "Another channel than this one"
# What Discord asks for, by what an option takes; all others are text.
_KINDS: Final[Mapping[Takes, Any]] = {
    Takes.SEVERITY: Choice[str] | None,
    Takes.MENTION: Mention | None,
    Takes.THREAD_ONLY: bool | None,
    Takes.SHARE: bool | None,
}


def _subcommand(
    command: Command, responder: Responder
) -> app_commands.Command[app_commands.Group, ..., None]:
    """A row of the table of commands, as Discord calls it.

    discord.py reads a command's options from its function's signature, so one is made.
    """
    elsewhere = command.changes and command.takes(Takes.SIGNED)

    async def run(interaction: Interaction, **given: Any) -> None:  # noqa: ANN401 - see _KINDS
        channel = given.pop("channel", None)
        mention = given.get("mention")
        words = [
            _typed_words(option.takes, given[option.name], interaction)
            for option in command.options
            if given.get(option.name) is not None
        ]
        await _typed(
            responder,
            interaction,
            " ".join(filter(None, [command.verb, *words])),
            channel=channel,
            shared=bool(given.get("share")),
            note=_not_mentionable(mention, interaction),
            manages=command.changes,
        )

    parameters = [_parameter("interaction", Interaction, required=True)]
    parameters += [
        _parameter(option.name, _kind(option), required=option.required)
        for option in command.options
    ]
    if elsewhere:
        parameters.append(_parameter("channel", SpeakingChannel | None, required=False))
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    descriptions = {option.name: option.help for option in command.options}
    if elsewhere:
        descriptions["channel"] = _ELSEWHERE
    app_commands.describe(**descriptions)(run)
    severities = [option.name for option in command.options if option.takes is Takes.SEVERITY]
    app_commands.choices(**dict.fromkeys(severities, SEVERITIES))(run)
    help_ = command.help[:1].upper() + command.help[1:]
    made: app_commands.Command[app_commands.Group, ..., None] = app_commands.Command(
        name=subcommand(command), description=help_, callback=run
    )
    for option in command.options:
        if option.takes in {Takes.SURFACE, Takes.SURFACES, Takes.SIGNED}:
            made.autocomplete(option.name)(_surfaces(responder))
    return made


def _kind(option: Option) -> object:
    return str if option.required else _KINDS.get(option.takes, str | None)


def _parameter(name: str, kind: object, *, required: bool) -> inspect.Parameter:
    """One option; those that are not required have None as their default."""
    where = inspect.Parameter.POSITIONAL_OR_KEYWORD
    if required:
        return inspect.Parameter(name, where, annotation=kind)
    return inspect.Parameter(name, where, annotation=kind, default=None)


def _typed_words(takes: Takes, value: Any, interaction: Interaction) -> str:  # noqa: ANN401 - see _KINDS
    """What would have been typed for this value of an option."""
    match takes:
        case Takes.SEVERITY:
            return str(value.value)
        case Takes.MENTION:
            return address_of(value, interaction.guild_id)
        case Takes.THREAD_ONLY:
            return "thread-only" if value else "in-channel"
        case Takes.SHARE:
            return "share" if value else ""
        case _:
            return str(value)


async def _typed(
    responder: Responder,
    interaction: Interaction,
    words: str,
    *,
    channel: SpeakingChannel | None = None,
    shared: bool = False,
    note: str = "",
    manages: bool = False,
) -> None:
    """Answer as if these words had been typed.

    `manages`: Discord decided who may call this (`default_member_permissions`, and what the
    server's own settings say instead), so we do not decide again.
    """
    asked = asked_by(interaction).to(_chosen(interaction, channel))
    request = asked.request(words.strip())
    request = replace(request, may_manage=manages or request.may_manage)

    async def work() -> Answer:
        answer = await responder.commands.answer(request)
        return _noted(answer, note) if note else answer

    await responder.serve(asked, work, shared=shared)


def _chosen(interaction: Interaction, channel: Found | None) -> Channel | None:
    if channel is None or interaction.guild_id is None:
        return None
    return Channel("discord", str(interaction.guild_id), str(channel.id))


def address_of(mention: Mention | None, guild: int | None) -> str:
    """The address of a role or a person. The role of everybody is said as what it is."""
    if mention is None:
        return ""
    if mention.id == guild:
        return "@everyone"
    return f"<@&{mention.id}>" if isinstance(mention, discord.Role) else f"<@{mention.id}>"


def _not_mentionable(mention: Mention | None, interaction: Interaction) -> str:
    """What to do where a mention of this role would notify nobody."""
    if not isinstance(mention, discord.Role) or mention.id == interaction.guild_id:
        return ""
    if mention.mentionable or interaction.app_permissions.mention_everyone:
        return ""
    return (
        f"A mention of {mention.name} notifies nobody yet: in the role's settings, switch on "
        "“Allow anyone to @mention this role”."
    )


def _noted(answer: Answer, note: str) -> Answer:
    blocks = (*answer.message.blocks, Note((Text(note),)))
    return replace(answer, message=replace(answer.message, blocks=blocks))


def _constant(words: str) -> Callable[[], Awaitable[Answer]]:
    async def work() -> Answer:
        return Answer(Message(words, words))

    return work


def _surfaces(
    responder: Responder,
) -> Callable[[Interaction, str], Coroutine[Any, Any, list[Choice[str]]]]:
    """Suggest surfaces for the last word that is being typed."""

    async def suggest(_interaction: Interaction, typed: str) -> list[Choice[str]]:
        before, _, last = typed.replace(",", " ").rpartition(" ")
        sign = last[:1] if last[:1] in {"+", "-"} else ""
        found = responder.commands.suggest(last[len(sign) :])
        lead = f"{before.strip()} " if before.strip() else ""
        choices = [(f"{lead}{sign}{one.label}", f"{lead}{sign}{one.value}") for one in found]
        fitting = [pair for pair in choices if max(map(len, pair)) <= _CHOICE_TEXT]
        return [Choice(name=name, value=value) for name, value in fitting[:MOST_CHOICES]]

    return suggest
