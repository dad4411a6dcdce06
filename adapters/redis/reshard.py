"""Moves all destinations into another number of shards, while no program runs on this Redis.

`keys.SHARDS_KEY` says how far it is, so that running it again after a crash goes on there:

    8             eight shards, nothing is being moved
    16<8 copying  all shards are sealed; those of the eight hold, those of the sixteen may lack some
    16<8 erasing  those of the sixteen hold; what the eight hold is being deleted

While it says more than a number no program starts. One that runs nevertheless (it was cut off from
Redis, say) writes nothing: the seals of the old shards stay, and every script of the queue heeds
them. Until all is copied nothing is deleted, so that for a while Redis needs the room twice.

A claim is moved as it is and ends by itself: whoever takes the channel next looks on the platform
before sending, as after a crash.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass

from adapters.redis import keys
from adapters.redis.codec import pairs
from adapters.redis.database import Answer, Argument, Call, Database
from adapters.redis.keys import Shards
from adapters.redis.scripts import ERASE, READ_PAGE, SEAL, WRITE_PAGES, Script
from bot.domain.errors import StoreError

TOGETHER = 256  # keys in one round trip
PAGE = 500  # elements of one key
# What every destination of the old shards must have in the new ones, with the command that counts.
COUNTED = {
    "subscriptions": "HLEN",
    "reminders": "HLEN",
    "paused": "HLEN",
    "appointments": "ZCARD",
    "ready": "ZCARD",
    "later": "ZCARD",
}
STATE = "{new}<{old} {phase}"


async def reshard(database: Database, count: int) -> Counter[str]:
    """Move everything into `count` shards a platform. Returns how many of what were counted.

    Raises:
        StoreError: a program runs, another move is unfinished, or Redis did not do it. In any case
            nothing is lost, and running it again goes on.
    """
    stored = await database.stored_shards()
    if not stored.isdigit():
        new, _, rest = stored.partition("<")
        if int(new) != count:
            raise StoreError(
                f"a move into {new} shards is unfinished: run `isclaudedown reshard {new}` first"
            )
        old, _, phase = rest.partition(" ")
    elif int(stored) == count:
        return Counter()
    else:
        old, phase = stored, "new"
    platforms = await database.call("SMEMBERS", keys.PLATFORMS_KEY)
    names = sorted(platform.decode() for platform in platforms)
    move = Move(database, names, Shards(int(old)), Shards(count))
    if phase == "new":
        await refuse_while_in_use(database)
        await move.erase(move.new)  # what was left there, by whomever
        await move.enter("copying")
    if phase != "erasing":
        await move.copy()
        await move.enter("erasing")
    found = await move.counted(move.new)
    await move.erase(move.old)
    await move.unseal()
    await database.call("SET", keys.SHARDS_KEY, count)
    return found


async def refuse_while_in_use(database: Database) -> None:
    """Raises: StoreError: a program holds the lease of a provider."""
    async for key in database.keys_like("icd:{*}:lease"):
        provider = key.decode().removeprefix("icd:{").removesuffix("}:lease")
        raise StoreError(
            f"a program watches {provider} on this Redis: stop all of them, and if one was killed "
            f"wait {keys.LEASE_MS // 1000} seconds"
        )


@dataclass(frozen=True, slots=True)
class Move:
    """One move of everything from `old` to `new`."""

    database: Database
    platforms: Sequence[str]
    old: Shards
    new: Shards

    async def enter(self, phase: str) -> None:
        stored = STATE.format(new=self.new.count, old=self.old.count, phase=phase)
        await self.database.call("SET", keys.SHARDS_KEY, stored)

    async def copy(self) -> None:
        """Seal all shards, and write what the old ones hold to the new ones.

        Raises:
            StoreError: Redis did not do it, or lost some of it meanwhile.
        """
        bases = [base for shards in (self.old, self.new) for base in self._bases(shards)]
        await self._run(SEAL, [(base, ()) for base in bases])
        batch = []
        async for base, name in self._names(self.old):
            if name in {"server", "sealed"}:
                continue
            batch.append((base, name, b"0"))
            if len(batch) == TOGETHER:
                await self._copy_keys(batch)
                batch = []
        await self._copy_keys(batch)
        await self.copy_servers()
        before, after = await self.counted(self.old), await self.counted(self.new)
        if not before <= after:
            raise StoreError(f"{dict(before)} became {dict(after)}; nothing is lost, run it again")

    async def counted(self, shards: Shards) -> Counter[str]:
        found: Counter[str] = Counter()
        for base in self._bases(shards):
            for name, command in COUNTED.items():
                found[name] += await self.database.call(command, f"{base}:{name}")
        return found

    async def erase(self, shards: Shards) -> None:
        """Delete all that the shards hold, but for their seals."""
        names: dict[str, list[str]] = defaultdict(list)
        async for base, name in self._names(shards):
            if name == "sealed":
                continue
            names[base].append(name)
            if len(names[base]) == TOGETHER:
                await self.database.run(ERASE, base, *names.pop(base))
        await self._run(ERASE, list(names.items()))

    async def unseal(self) -> None:
        await self._run(ERASE, [(base, ("sealed",)) for base in self._bases(self.new)])

    async def _copy_keys(self, pages: Sequence[tuple[str, str, bytes]]) -> None:
        """Copy keys: a page of each (base, name, cursor) at a time, until none has another."""
        platforms = self._bases(self.old)
        while pages:
            calls: list[Call] = [(base, (name, cursor, PAGE)) for base, name, cursor in pages]
            answers = await self._run(READ_PAGE, calls)
            written: dict[str, list[Argument]] = defaultdict(list)
            following = []
            for (base, name, _), answer in zip(pages, answers, strict=True):
                kind, left, cursor, elements = answer
                parts = by_shard(self.new, platforms[base], name, kind, elements)
                for target, part in parts.items():
                    written[target] += [name, kind, left, len(part), *part]
                if cursor != b"0":
                    following.append((base, name, cursor))
            await self._run(WRITE_PAGES, list(written.items()))
            pages = following

    async def copy_servers(self) -> None:
        """Tell the new shards what the old ones know of their Redis."""
        for platform in self.platforms:
            servers = [
                dict(pairs(await self.database.call("HGETALL", f"{base}:server")))
                for base in self.old.of_platform(platform)
            ]
            flat = [part for pair in merged_servers(servers).items() for part in pair]
            page: Sequence[Argument] = ("server", "hash", -1, len(flat), *flat)
            await self._run(WRITE_PAGES, [(base, page) for base in self.new.of_platform(platform)])

    def _bases(self, shards: Shards) -> dict[str, str]:
        """Return the platform of each base."""
        return {base: name for name in self.platforms for base in shards.of_platform(name)}

    async def _names(self, shards: Shards) -> AsyncIterator[tuple[str, str]]:
        """Walk over all keys of the shards: base, and name in it; some may be shown twice."""
        bases = self._bases(shards)
        async for key in self.database.keys_like("icd:{*.*}:*"):
            base, _, name = key.decode().partition("}:")
            if f"{base}}}" in bases:
                yield f"{base}}}", name

    async def _run(self, script: Script, calls: Sequence[Call]) -> list[Answer]:
        answers = await self.database.run_many(script, calls) if calls else []
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return answers


def by_shard(
    shards: Shards, platform: str, name: str, kind: bytes, elements: Sequence[bytes]
) -> Mapping[str, Sequence[bytes]]:
    """Return the elements of a key by the base that they belong to. `kind`: as Redis names it."""
    about, _, rest = name.partition(":")
    if about == "tenants":
        return dict.fromkeys(shards.of_platform(platform), elements)
    if about in {"entry", "thread"}:
        return {shards.of(keys.channel_of(platform, rest.partition(":")[0])): elements}
    parts: dict[str, list[bytes]] = defaultdict(list)
    width = 2 if kind in {b"hash", b"zset"} else 1  # each with its value, or its score
    for at in range(0, len(elements), width):
        member = elements[at].decode().partition("|")[0]  # a reminder's field goes on after it
        base = shards.of(keys.channel_of(platform, member))
        parts[base] += elements[at : at + width]
    return parts


def merged_servers(servers: Iterable[Mapping[bytes, bytes]]) -> Mapping[bytes, bytes]:
    """Return what a shard made of several knows of its Redis: the longest loss of theirs.

    A run id is left where Redis changed since the last claim (see seal.lua): that must be noticed.
    """
    merged: dict[bytes, bytes] = {}
    for server in servers:
        is_lost = int(server.get(b"changed_at", 0)) > 0
        for field, found in server.items():
            if field in {b"lost_since", b"changed_at"} and not is_lost:
                continue
            latest = max if field == b"changed_at" else min
            merged[field] = latest(found, merged.get(field, found))
    return merged
