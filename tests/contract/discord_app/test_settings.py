"""The settings of a channel on Discord: menus, and a modal for what is typed."""

from __future__ import annotations

import pytest

from bot.domain.page import Severity
from tests.contract.discord_app.kit import MANAGER, MEMBER, Room
from tests.delivery_kit import until
from tests.servers.discord import Interaction

TIMES = "Quiet hours and digest"


async def settings_of(room: Room) -> Interaction:
    await room.watch("subscribe", surfaces="api")
    shown = await room.watch("settings")
    assert shown.original is not None
    return shown


async def opened(room: Room, shown: Interaction) -> Interaction:
    assert shown.original is not None
    pressed = await room.server.users.press(shown.original, TIMES, room.user, None, MANAGER)
    return await pressed.answered()


async def sent(
    room: Room, shown: Interaction, form: Interaction, by: int = MANAGER, **typed: str
) -> str:
    """What the settings say once the modal was sent."""
    assert shown.original is not None
    before = len(shown.original.versions)
    made = await room.server.users.submit(form, typed, by)
    await made.answered()
    await until(lambda: bool(shown.original and len(shown.original.versions) > before))
    return shown.text


async def test_menus_obey_the_servers_integration_settings(room: Room) -> None:
    await room.watch("subscribe", surfaces="api")
    shown = await room.watch("settings")
    assert shown.original is not None
    world = room.server.world
    (watch,) = (c for c in world.commands if c["name"] == "claudewatch")

    async def choose(severity: str, **rules: dict[int, bool]) -> Severity:
        given = {int(target.strip("_")): rule for target, rule in rules.items()}
        world.command_permissions[room.guild] = given
        assert shown.original is not None
        before = len(shown.original.versions)
        pressed = await room.server.users.press(
            shown.original, "From which severity up", room.user, [severity], MEMBER
        )
        await pressed.answered()
        await until(lambda: bool(shown.original and len(shown.original.versions) > before))
        return (await room.subscription()).severity

    command, app = f"_{watch['id']}", f"_{world.application}"
    person, everyone = room.user.id, room.guild
    assert await choose("major_outage") is Severity.DEGRADED
    assert await choose("major_outage", **{app: {person: True}}) is Severity.MAJOR
    assert await choose("degraded", **{app: {person: True}, command: {person: False}}) is (
        Severity.MAJOR
    )
    assert await choose("degraded", **{command: {everyone: True}}) is Severity.DEGRADED


async def test_the_menus_of_settings_change_what_a_channel_gets(room: Room) -> None:
    await room.watch("subscribe", surfaces="api")
    shown = await room.watch("settings")
    assert shown.original is not None
    pressed = await room.server.users.press(
        shown.original, "From which severity up", room.user, ["major_outage"], MANAGER
    )
    await pressed.answered()
    await until(lambda: bool(shown.original and shown.original.versions))
    kept = await room.subscription()
    assert (kept.surfaces, kept.severity) == (frozenset({"api"}), Severity.MAJOR)

    refused = await room.server.users.press(
        shown.original, "From which severity up", room.user, ["degraded"], MEMBER
    )
    await refused.answered()
    await until(lambda: len(shown.original.versions if shown.original else ()) >= 2)
    assert (await room.subscription()).severity is Severity.MAJOR


async def test_quiet_hours_and_a_digest_are_typed_into_a_modal_and_shown_in_it(room: Room) -> None:
    shown = await settings_of(room)
    form = await opened(room, shown)
    said = await sent(room, shown, form, quiet="22-7 Europe/Berlin", digest="weekly mon 9:00")
    kept = await room.subscription()

    assert kept.quiet is not None
    assert kept.quiet.words == "22:00-07:00 Europe/Berlin"
    assert kept.digest is not None
    assert kept.digest.words == "weekly mon 09:00 Europe/Berlin"
    assert kept.digest.since is not None
    assert kept.surfaces == {"api"}
    assert "quiet 22:00-07:00 Europe/Berlin" in said

    again = await opened(room, shown)
    await sent(room, shown, again, digest="")
    kept = await room.subscription()
    assert kept.digest is None
    assert kept.quiet is not None


@pytest.mark.parametrize(
    ("field", "typed", "says"),
    [
        ("quiet", "22-7 Berlin", "Quiet hours: “Berlin”: write the zone in full"),
        ("digest", "weekly Europe/Berlin", "Digest: I need the time"),
    ],
)
async def test_what_cannot_be_read_in_the_modal_is_named_and_changes_nothing(
    room: Room, field: str, typed: str, says: str
) -> None:
    shown = await settings_of(room)
    said = await sent(room, shown, await opened(room, shown), MANAGER, **{field: typed})
    kept = await room.subscription()

    assert says in said
    assert "Nothing was changed" in said
    assert (kept.quiet, kept.digest) == (None, None)


async def test_the_modal_changes_nothing_for_a_member_who_may_not_manage(room: Room) -> None:
    shown = await settings_of(room)
    form = await opened(room, shown)
    said = await sent(room, shown, form, MEMBER, quiet="22-7 Europe/Berlin")
    assert "may not" in said
    assert (await room.subscription()).quiet is None


async def test_where_the_subscription_has_ended_meanwhile_no_modal_opens(room: Room) -> None:
    shown = await settings_of(room)
    await room.watch("unsubscribe")
    pressed = await opened(room, shown)
    await until(lambda: "not subscribed" in shown.text)
    assert pressed.modal is None
    assert shown.original is not None
    assert TIMES not in str(shown.original.body["components"])
