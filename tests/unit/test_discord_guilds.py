"""The table of guilds: what was told of a channel is found, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from adapters.chat.http import Json
from adapters.discord.guilds import ChannelFacts, GuildTable, shard_of
from adapters.discord.permissions import usable
from tests.servers.discord import payloads
from tests.servers.discord.permissions import BITS, mask
from tests.servers.discord.world import Overwrite, Role, World

GUILD, ME = 1, "2"
VIEW, SEND = 1 << 10, 1 << 11
IDS = st.integers(0, 2**64 - 1)


def channel(number: int, type_: int = 0, deny: int = 0) -> Json:
    return {
        "id": str(number),
        "guild_id": str(GUILD),
        "type": type_,
        "permission_overwrites": [{"id": str(GUILD), "allow": "0", "deny": str(deny)}],
    }


def guild(number: int, *channels: Json) -> Json:
    return {
        "id": str(number),
        "owner_id": "9",
        "roles": [{"id": str(number), "permissions": str(VIEW | SEND)}],
        "members": [{"user": {"id": ME}, "roles": []}],
        "channels": list(channels),
    }


@given(st.sets(IDS), st.lists(IDS), st.lists(IDS))
def test_what_was_told_of_a_channel_is_found(
    first: set[int], added: list[int], dropped: list[int]
) -> None:
    table = GuildTable()
    table.put(guild(GUILD, *(channel(number) for number in first)), ME)
    for number in added:
        table.put_channel(channel(number, deny=SEND))
    for number in dropped:
        table.drop_channel(GUILD, number)
    for number in {*first, *added, *dropped, 5}:
        held = VIEW if number in added else VIEW | SEND
        known = number in first.union(added) - set(dropped)
        expected = ChannelFacts(0, held, is_open=True) if known else None
        assert table.facts(GUILD, number) == expected


@given(st.sets(IDS, min_size=1), st.integers(1, 16))
def test_only_guilds_of_the_shard_are_forgotten(guilds: set[int], shards: int) -> None:
    table = GuildTable()
    for number in guilds:
        table.put(guild(number), ME)
    kept, *_ = sorted(guilds)
    table.keep({str(kept)}, 0, shards)
    for number in guilds:
        is_there = number == kept or shard_of(number, shards) != 0
        assert (table.guild(number) is not None) == is_there


@given(data=st.data())
def test_the_permissions_in_a_channel_are_those_that_discord_documents(data: st.DataObject) -> None:
    """The local Discord computes them on its own."""
    world = World(lambda: datetime(2026, 1, 1, tzinfo=UTC), token="t")
    home = world.new_guild("g")
    masks = st.lists(st.sampled_from(sorted(BITS))).map(lambda names: mask(*names))
    for number in (1, 2):
        home.roles[number] = Role(number, "", data.draw(masks))
    home.roles[home.id].permissions = data.draw(masks)
    home.members[world.bot.id] = data.draw(st.lists(st.sampled_from([1, 2]), unique=True))
    place = world.new_channel(home, "c")
    for target in (home.id, 1, 2, world.bot.id):
        allow, deny = data.draw(masks), data.draw(masks)
        is_member = target == world.bot.id
        place.overwrites[target] = Overwrite(target, is_member, allow, deny & ~allow)
    table = GuildTable()
    table.put(payloads.guild_create(world, home), str(world.bot.id))
    told, held = table.facts(home.id, place.id), world.may(place)
    assert told is not None
    assert told.held & mask(*BITS) == usable(held) & mask(*BITS)


def test_categories_are_no_channels_to_write_in() -> None:
    table = GuildTable()
    table.put(guild(GUILD, channel(7, type_=4)), ME)
    assert table.facts(GUILD, 7) is None
