"""The slash commands: `/isclaudedown` for everybody, `/claudewatch` for who manages the server.

A command with subcommands cannot be called bare on Discord, hence two. Their options are turned
into the words that the core reads on every platform.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any, Final

import discord
from discord import app_commands
from discord.app_commands import AppCommandChannel, AppCommandThread, Choice

from adapters.discord.responder import Responder, asked_by, log
from adapters.discord.settings_form import show_settings
from adapters.discord.words import ASK, MANAGE
from bot.commands import Answer
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
    _add_subscribing(watch, responder)
    _add_muting(watch, responder)
    _add_looking(watch, responder)
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


def _add_subscribing(watch: app_commands.Group, responder: Responder) -> None:
    @watch.command(name="subscribe", description="Tell a channel when something breaks")
    @app_commands.describe(
        surfaces="api code opus …; +opus or -mobile adjusts; nothing means everything",
        severity="From which severity up",
        channel="Another channel than this one",
        mention="Whom to call when it opens and when it gets worse",
        thread_only="Keep worse and resolved in the thread as well",
    )
    @app_commands.choices(severity=SEVERITIES)
    async def subscribe(
        interaction: Interaction,
        surfaces: str | None = None,
        severity: Choice[str] | None = None,
        channel: SpeakingChannel | None = None,
        mention: Mention | None = None,
        thread_only: bool | None = None,
    ) -> None:
        words = ["subscribe", surfaces or "", severity.value if severity else ""]
        words.append(address_of(mention, interaction.guild_id))
        if thread_only is not None:
            words.append("thread-only" if thread_only else "in-channel")
        note = _not_mentionable(mention, interaction)
        text = " ".join(filter(None, words))
        await _typed(responder, interaction, text, channel=channel, note=note, manages=True)

    subscribe.autocomplete("surfaces")(_surfaces(responder))

    @watch.command(name="unsubscribe", description="Tell a channel nothing any more")
    @app_commands.describe(channel="Another channel than this one")
    async def unsubscribe(interaction: Interaction, channel: SpeakingChannel | None = None) -> None:
        await _typed(responder, interaction, "unsubscribe", channel=channel, manages=True)

    @watch.command(name="settings", description="See and change what a channel gets")
    @app_commands.describe(channel="Another channel than this one")
    async def settings(interaction: Interaction, channel: SpeakingChannel | None = None) -> None:
        asked = asked_by(interaction).to(_chosen(interaction, channel))
        await show_settings(responder, asked)

    @watch.command(name="list", description="What this channel gets, and whether it can be told")
    async def list_(interaction: Interaction) -> None:
        await _typed(responder, interaction, "subscriptions")


def _add_muting(watch: app_commands.Group, responder: Responder) -> None:
    @watch.command(name="mute", description="No news here for a while")
    @app_commands.describe(length="30m, 2h, 7d …")
    async def mute(interaction: Interaction, length: str) -> None:
        await _typed(responder, interaction, f"mute {length}", manages=True)

    @watch.command(name="unmute", description="News again")
    async def unmute(interaction: Interaction) -> None:
        await _typed(responder, interaction, "unmute", manages=True)

    @watch.command(name="test", description="A clearly marked example, here only")
    async def test(interaction: Interaction) -> None:
        await _typed(responder, interaction, "test", manages=True)


def _add_looking(watch: app_commands.Group, responder: Responder) -> None:
    @watch.command(name="history", description="What happened lately")
    @app_commands.describe(surface="Only this: api, code, opus …", length="7d, 24h, 30d …")
    async def history(
        interaction: Interaction, surface: str | None = None, length: str | None = None
    ) -> None:
        await _typed(responder, interaction, f"history {surface or ''} {length or ''}")

    history.autocomplete("surface")(_surfaces(responder))

    @watch.command(name="incident", description="One incident, whole")
    @app_commands.describe(id="Its id, as history shows it")
    async def incident(interaction: Interaction, id: str) -> None:  # noqa: A002 - the option's name
        await _typed(responder, interaction, f"incident {id}")

    @watch.command(name="report", description="Say that something does not work for you")
    @app_commands.describe(surface="What does not work: api, code …", text="In your words")
    async def report(interaction: Interaction, surface: str, text: str | None = None) -> None:
        await _typed(responder, interaction, f"report {surface} {text or ''}")

    report.autocomplete("surface")(_surfaces(responder))

    @watch.command(name="why", description="Why this channel was, or was not, told")
    @app_commands.describe(incident="An incident's id; else the last ones")
    async def why(interaction: Interaction, incident: str | None = None) -> None:
        await _typed(responder, interaction, f"why {incident or ''}")

    @watch.command(name="scoreboard", description="How early, late or wrong our suspicions were")
    async def scoreboard(interaction: Interaction) -> None:
        await _typed(responder, interaction, "scoreboard")

    @watch.command(name="help", description="What you can ask me")
    async def help_(interaction: Interaction) -> None:
        await _typed(responder, interaction, "help")


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
    blocks = (*answer.card.blocks, Note((Text(note),)))
    return replace(answer, card=replace(answer.card, blocks=blocks))


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
