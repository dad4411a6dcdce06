"""What a test does to this Discord besides using it: build, forbid, delete, break.

Every method also works over HTTP (`POST /_control/<method>` with the arguments
as JSON), so ids go in and plain values come out.
"""

from typing import Any

from tests.servers.discord import payloads
from tests.servers.discord.api import Api, thread_event
from tests.servers.discord.faults import Fault, Faults
from tests.servers.discord.interactions import Users
from tests.servers.discord.permissions import mask
from tests.servers.discord.world import Channel, Guild, Kind, Message, Overwrite, Role, Tag


class Director:
    """Changes the world and tells the gateway, as Discord's other users do."""

    def __init__(self, api: Api, faults: Faults) -> None:
        self.api = api
        self.faults = faults
        self.users = Users(api)

    # building -------------------------------------------------------------

    async def add_guild(self, name: str = "guild") -> int:
        """Make a guild with the bot in it, as after an invitation."""
        guild = self.api.world.new_guild(name)
        await self._guild_create(guild, joined=True)
        return guild.id

    async def _guild_create(self, guild: Guild, *, joined: bool = False) -> None:
        data = payloads.guild_create(self.api.world, guild)
        if joined:
            # By this discord.py tells a join from a guild that is available again.
            del data["unavailable"]
        await self.api.gateway.dispatch("GUILD_CREATE", data, guild=guild.id)

    async def add_channel(
        self,
        guild: int,
        name: str = "general",
        kind: str = "TEXT",
        tags: tuple[str, ...] = (),
        require_tag: bool = False,
    ) -> int:
        home = self.api.world.guilds[guild]
        channel = self.api.world.new_channel(home, name, Kind[kind])
        channel.tags = [Tag(self.api.world.new_id(), tag) for tag in tags]
        channel.require_tag = require_tag
        await self._channel_event(channel, "CHANNEL_CREATE")
        return channel.id

    async def add_channels(self, guild: int, count: int) -> list[int]:
        return [await self.add_channel(guild, f"channel-{n}") for n in range(count)]

    async def add_dm(self, user: int) -> int:
        channel = Channel(self.api.world.new_id(), Kind.DM, "", None, recipient=user)
        self.api.world.channels[channel.id] = channel
        return channel.id

    async def _channel_event(self, channel: Channel, name: str) -> None:
        guild = self.api.world.guilds[channel.guild or 0]
        await self.api.gateway.guild_event(guild, name, payloads.channel(self.api.world, channel))

    async def update_channel(self, channel: int) -> None:
        """Tell of a channel that the test has changed."""
        await self._channel_event(self.api.world.channels[channel], "CHANNEL_UPDATE")

    # permissions ----------------------------------------------------------

    async def deny(self, channel: int, *names: str) -> None:
        """Take permissions away from the bot in one channel."""
        overwrite = self._overwrite(channel)
        overwrite.deny |= mask(*names)
        overwrite.allow &= ~mask(*names)
        await self._channel_event(self.api.world.channels[channel], "CHANNEL_UPDATE")

    async def allow(self, channel: int, *names: str) -> None:
        """Give permissions (back) to the bot in one channel."""
        overwrite = self._overwrite(channel)
        overwrite.deny &= ~mask(*names)
        overwrite.allow |= mask(*names)
        await self._channel_event(self.api.world.channels[channel], "CHANNEL_UPDATE")

    def _overwrite(self, channel: int) -> Overwrite:
        bot = self.api.world.bot.id
        overwrites = self.api.world.channels[channel].overwrites
        return overwrites.setdefault(bot, Overwrite(bot, is_member=True))

    async def set_role(self, guild: int, *names: str) -> None:
        """Replace what the bot's own role may do in a guild."""
        home = self.api.world.guilds[guild]
        role = home.roles[home.members[self.api.world.bot.id][0]]
        role.permissions = mask(*names)
        data = {"guild_id": str(guild), "role": payloads.role(role)}
        await self.api.gateway.guild_event(home, "GUILD_ROLE_UPDATE", data)

    async def give_role(self, guild: int, number: int, *names: str) -> None:
        """Make a role of this id with these permissions, and give it to the bot."""
        world = self.api.world
        home = world.guilds[guild]
        role = Role(number, "more", mask(*names))
        home.roles[role.id] = role
        told = {"guild_id": str(guild), "role": payloads.role(role)}
        await self.api.gateway.guild_event(home, "GUILD_ROLE_CREATE", told)
        home.members[world.bot.id].append(role.id)
        who = payloads.member(world, home, world.bot.id, world.clock())
        data = {"guild_id": str(guild), **who}
        await self.api.gateway.guild_event(home, "GUILD_MEMBER_UPDATE", data)

    # losing things --------------------------------------------------------

    async def delete_channel(self, channel: int) -> None:
        gone = self.api.world.channels.pop(channel)
        home = self.api.world.guilds[gone.guild or 0]
        if gone.is_thread:
            home.threads.pop(channel)
            data = {
                "id": str(channel),
                "guild_id": str(home.id),
                "parent_id": str(gone.parent),
                "type": int(gone.kind),
            }
            await self.api.gateway.guild_event(home, "THREAD_DELETE", data)
            return
        home.channels.pop(channel)
        for thread in [t for t in home.threads.values() if t.parent == channel]:
            home.threads.pop(thread.id)
            self.api.world.channels.pop(thread.id)
        await self._channel_event(gone, "CHANNEL_DELETE")

    async def delete_message(self, channel: int, message: int) -> None:
        place = self.api.world.channels[channel]
        del place.messages[message]
        place.deleted_messages.add(message)

    async def archive_thread(self, thread: int, locked: bool = False) -> None:
        place = self.api.world.channels[thread]
        place.archived, place.locked = True, locked
        place.archived_at = self.api.world.clock()
        await thread_event(self.api, place, "THREAD_UPDATE")

    async def guild_unavailable(self, guild: int) -> None:
        """An outage of Discord hits this guild: the bot is still in it."""
        home = self.api.world.guilds[guild]
        home.unavailable = True
        data = {"id": str(guild), "unavailable": True}
        await self.api.gateway.dispatch("GUILD_DELETE", data, guild=guild)

    async def guild_available(self, guild: int) -> None:
        home = self.api.world.guilds[guild]
        home.unavailable = False
        await self._guild_create(home)

    async def kick_bot(self, guild: int) -> None:
        self.api.world.guilds[guild].bot_is_in = False
        await self.api.gateway.dispatch("GUILD_DELETE", {"id": str(guild)}, guild=guild)

    async def invite_bot(self, guild: int) -> None:
        home = self.api.world.guilds[guild]
        home.bot_is_in = True
        home.joined = self.api.world.clock()
        await self._guild_create(home, joined=True)

    # breaking -------------------------------------------------------------

    async def fault(self, **rule: Any) -> None:
        self.faults.add(Fault(**rule))

    async def heal(self) -> None:
        self.faults.clear()

    async def gateway_drop(self, code: int | None = None) -> None:
        await self.api.gateway.drop(code=code)

    async def gateway_reconnect(self) -> None:
        await self.api.gateway.ask_to_reconnect()

    async def gateway_invalidate(self, resumable: bool = False) -> None:
        await self.api.gateway.invalidate(resumable=resumable)

    # reading --------------------------------------------------------------

    async def messages(self, channel: int | None = None) -> list[dict[str, Any]]:
        found = self.api.world.all_messages()
        return [_plain(m) for m in found if channel is None or m.channel == channel]

    async def threads(self, guild: int | None = None) -> list[dict[str, Any]]:
        homes = [g for g in self.api.world.guilds.values() if guild in (None, g.id)]
        return [payloads.thread(self.api.world, t) for g in homes for t in g.threads.values()]

    async def counts(self) -> dict[str, int]:
        world = self.api.world
        return {
            "messages": sum(len(c.messages) for c in world.channels.values()),
            "threads": sum(len(g.threads) for g in world.guilds.values()),
            "connected": self.api.gateway.connected,
            "identifies": self.api.gateway.identifies,
            "resumes": self.api.gateway.resumes,
            "commands": len(world.commands),
            "command_writes": world.command_writes,
        }

    async def slash(
        self, name: str, channel: int, sub: str | None = None, options: dict[str, Any] | None = None
    ) -> str:
        """Call a command as the owner; returns the token to read the answer by."""
        world = self.api.world
        made = await self.users.slash(
            name, world.channels[channel], world.owner, sub=sub, **(options or {})
        )
        return made.token

    async def answer(self, token: str) -> dict[str, Any]:
        record = self.api.interactions[token]
        return {"complete": record.complete, "ephemeral": record.ephemeral, "text": record.text}


def _plain(message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "channel": message.channel,
        "author": message.author.name,
        "at": message.at.isoformat(),
        "nonce": message.nonce,
        "body": message.body,
        "versions": message.versions,
        "published": message.published,
        "pinged": message.pinged,
    }
