"""The slash commands: `/isclaudedown` asks, `/claudeinfo` looks up, `/claudewatch` changes.

A command with subcommands cannot be called bare on Discord, and permissions belong to a command
with all its subcommands: hence three. Their options are turned into the words that the core reads
on every platform.
"""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import Any, Final

import discord
from discord import app_commands

from adapters.discord.command_names import ASK, EXPLAIN, INFO, MANAGE, subcommand
from adapters.discord.interaction import DiscordInteraction
from adapters.discord.options import (
    SEVERITIES,
    TYPES,
    PickedChannel,
    WritableChannel,
    mention_problem,
    words_of,
)
from adapters.discord.responder import DiscordResponder, log
from adapters.discord.suggestions import suggest_incidents, suggest_lengths, suggest_surfaces
from bot.commands import Answer, table
from bot.commands.types import Command, Takes
from bot.domain.message import Message, Note, Text
from bot.domain.subscription import Channel

_ANYWHERE: Final = app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True)

_ELSEWHERE: Final = "Another channel than this one"


def build_tree(client: discord.Client, responder: DiscordResponder) -> app_commands.CommandTree:
    """Return the tree of all commands for a client."""
    tree = app_commands.CommandTree(client)
    add_ask(tree, responder)
    info = app_commands.Group(
        name=INFO,
        description="What happened, and what is known here about Claude",
        allowed_contexts=_ANYWHERE,
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
    )
    watch = app_commands.Group(
        name=MANAGE,
        description="What this server's channels are told about Claude",
        # In a conversation with the bot everybody manages their own subscription.
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True),
        allowed_installs=app_commands.AppInstallationType(guild=True),
        default_permissions=discord.Permissions(manage_guild=True),
    )
    for command in table.COMMANDS:
        if not command.personal:
            watch.add_command(subcommand_of(command, responder))
        if not command.changes and command.verb != "ask":
            info.add_command(subcommand_of(command, responder))
    tree.add_command(info)

    @watch.command(name="settings", description="See and change what a channel gets")
    @app_commands.describe(channel=_ELSEWHERE)
    async def settings(raw: discord.Interaction, channel: WritableChannel | None = None) -> None:
        await responder.serve_settings(DiscordInteraction.of(raw).to(_picked(raw, channel)))

    tree.add_command(watch)

    @tree.context_menu(name=EXPLAIN)
    @app_commands.allowed_installs(guilds=True, users=True)
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=True)
    async def explain(raw: discord.Interaction, message: discord.Message) -> None:
        """Explain the error that somebody pasted: Discord sends the message that was chosen."""
        await serve_words(responder, DiscordInteraction.of(raw), f"explain {message.content}")

    @tree.error
    async def on_error(raw: discord.Interaction, error: app_commands.AppCommandError) -> None:
        # Of another version of the commands, or options that Discord could not resolve.
        log.warning("discord.command_not_read", error=type(error).__name__)
        sorry = "I did not understand that; the commands may just have changed. Try again."

        async def apologize() -> Answer:
            return Answer(Message(sorry, sorry))

        await responder.serve(DiscordInteraction.of(raw), apologize)

    return tree


def add_ask(tree: app_commands.CommandTree, responder: DiscordResponder) -> None:
    """Add the question that everybody may ask, anywhere."""

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
        raw: discord.Interaction,
        surface: str | None = None,
        share: bool = False,
        just_me: bool = False,
        explain: str | None = None,
    ) -> None:
        interaction = DiscordInteraction.of(raw)
        if explain:
            await serve_words(responder, interaction, f"explain {explain}")
        elif just_me:
            await serve_words(responder, interaction, f"justme {surface or ''}")
        else:
            words = f"{surface or ''} share" if share else surface or ""
            await serve_words(responder, interaction, words, shared=share)

    ask.autocomplete("surface")(suggest_surfaces(responder))


def subcommand_of(
    command: Command, responder: DiscordResponder
) -> app_commands.Command[app_commands.Group, ..., None]:
    """Return a row of the table of commands as a subcommand."""

    async def run(raw: discord.Interaction, **given: Any) -> None:  # noqa: ANN401 - see TYPES
        words = [
            words_of(option.takes, given[option.name], raw.guild_id)
            for option in command.options
            if given.get(option.name) is not None
        ]
        await serve_words(
            responder,
            DiscordInteraction.of(raw).to(_picked(raw, given.get("channel"))),
            " ".join(filter(None, [command.verb, *words])),
            shared=bool(given.get("share")),
            note=mention_problem(given.get("mention"), raw),
            may_manage=command.changes,
        )

    run.__signature__ = signature_of(command)  # type: ignore[attr-defined]  # read by discord.py
    descriptions = {option.name: option.help for option in command.options}
    if command.elsewhere:
        descriptions["channel"] = _ELSEWHERE
    app_commands.describe(**descriptions)(run)
    measured = {Takes.SEVERITY, Takes.MENTION_FROM}
    severities = [option.name for option in command.options if option.takes in measured]
    app_commands.choices(**dict.fromkeys(severities, SEVERITIES))(run)
    made: app_commands.Command[app_commands.Group, ..., None] = app_commands.Command(
        name=subcommand(command),
        description=command.help[:1].upper() + command.help[1:],
        callback=run,
    )
    for option in command.options:
        match option.takes:
            case Takes.SURFACE | Takes.SURFACES | Takes.SIGNED:
                made.autocomplete(option.name)(suggest_surfaces(responder))
            case Takes.LENGTH | Takes.MUTE:
                made.autocomplete(option.name)(suggest_lengths)
            case Takes.INCIDENT:
                made.autocomplete(option.name)(suggest_incidents(responder))
    return made


def signature_of(command: Command) -> inspect.Signature:
    """Return the signature from which discord.py reads the options of a command."""
    types: dict[str, Any] = {
        option.name: str if option.required else TYPES.get(option.takes, str | None)
        for option in command.options
    }
    if command.elsewhere:
        types["channel"] = WritableChannel | None
    parameter, empty = inspect.Parameter, inspect.Parameter.empty
    where = parameter.POSITIONAL_OR_KEYWORD
    options = [
        parameter(name, where, annotation=kind, default=empty if kind is str else None)
        for name, kind in types.items()
    ]
    return inspect.Signature([parameter("raw", where, annotation=discord.Interaction), *options])


async def serve_words(
    responder: DiscordResponder,
    interaction: DiscordInteraction,
    words: str,
    *,
    shared: bool = False,
    note: str = "",
    may_manage: bool = False,
) -> None:
    """Answer as if these words had been typed.

    `may_manage`: Discord decided who may call this (`default_member_permissions`, and what the
    server's own settings say instead), so we do not decide again.
    """
    request = interaction.request(words.strip())
    request = replace(request, may_manage=may_manage or request.may_manage)

    async def work() -> Answer:
        answer = await responder.commands.answer(request)
        if not note:
            return answer
        blocks = (*answer.message.blocks, Note((Text(note),)))
        return replace(answer, message=replace(answer.message, blocks=blocks))

    await responder.serve(interaction, work, shared=shared)


def _picked(raw: discord.Interaction, channel: PickedChannel | None) -> Channel | None:
    if channel is None or raw.guild_id is None:
        return None
    return Channel("discord", str(raw.guild_id), str(channel.id))
