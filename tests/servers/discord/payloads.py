"""The world in the shapes that Discord sends."""

import zlib
from datetime import UTC, datetime
from typing import Any

from tests.servers.discord.permissions import BITS
from tests.servers.discord.world import Channel, Guild, Json, Kind, Message, Role, User, World

LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)
EMBED_EXTRAS = {"type": "rich"}


def user(value: User) -> Json:
    return {
        "id": str(value.id),
        "username": value.name,
        "avatar": None,
        "discriminator": "0",
        "public_flags": 0,
        "flags": 0,
        "bot": value.bot,
        "global_name": None,
        "primary_guild": None,
    }


def me(world: World) -> Json:
    own = user(world.bot)
    return {**own, "mfa_enabled": True, "locale": "en-US", "verified": True, "email": None}


def application(world: World) -> Json:
    return {
        "id": str(world.application),
        "name": "isclaudedown",
        "icon": None,
        "description": "",
        "type": None,
        "bot": user(world.bot),
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "flags_new": "0",
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user(world.owner),
        "approximate_guild_count": sum(g.bot_is_in for g in world.guilds.values()),
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
        "integration_types_config": {"0": {}, "1": {}},
    }


def role(value: Role) -> Json:
    return {
        "id": str(value.id),
        "name": value.name,
        "permissions": str(value.permissions),
        "position": 0,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": False,
        "mentionable": value.mentionable,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    }


def channel(world: World, value: Channel) -> Json:
    if value.is_thread:
        return thread(world, value)
    shape: Json = {
        "id": str(value.id),
        "type": int(value.kind),
        "flags": 16 if value.require_tag else 0,
        "last_message_id": str(value.last_message) if value.last_message else None,
    }
    if value.kind is Kind.DM:
        who = world.users[value.recipient or world.owner.id]
        return {**shape, "recipients": [user(who)]}
    shape |= {
        "guild_id": str(value.guild),
        "name": value.name,
        "parent_id": None,
        "position": 0,
        "permission_overwrites": [
            {"id": str(o.id), "type": int(o.is_member), "allow": str(o.allow), "deny": str(o.deny)}
            for o in value.overwrites.values()
        ],
        "nsfw": False,
        "rate_limit_per_user": 0,
    }
    if value.kind in (Kind.VOICE, Kind.STAGE):
        shape |= {"bitrate": 64000, "user_limit": 0, "rtc_region": None}
    if value.kind is Kind.FORUM:
        shape |= {
            "topic": None,
            "available_tags": [_tag(t) for t in value.tags],
            "default_reaction_emoji": None,
            "default_sort_order": None,
            "default_forum_layout": 0,
        }
    elif value.kind in (Kind.TEXT, Kind.ANNOUNCEMENT):
        shape["topic"] = None
    return shape


def _tag(tag: Any) -> Json:
    return {
        "id": str(tag.id),
        "name": tag.name,
        "moderated": tag.moderated,
        "emoji_id": None,
        "emoji_name": None,
    }


def thread(world: World, value: Channel) -> Json:
    at = value.archived_at or value.created or world.clock()
    return {
        "id": str(value.id),
        "type": int(value.kind),
        "flags": 0,
        "last_message_id": str(value.last_message) if value.last_message else None,
        "guild_id": str(value.guild),
        "name": value.name,
        "parent_id": str(value.parent),
        "rate_limit_per_user": 0,
        "owner_id": str(value.owner),
        "thread_metadata": {
            "archived": value.archived,
            "archive_timestamp": at.isoformat(),
            "auto_archive_duration": value.auto_archive,
            "locked": value.locked,
            "create_timestamp": (value.created or at).isoformat(),
        },
        "message_count": min(value.sent, 50),
        "member_count": 1,
        "total_message_sent": value.sent,
        "applied_tags": [str(tag) for tag in value.applied_tags],
    }


def member(world: World, guild: Guild, user_id: int, at: datetime) -> Json:
    return {
        "user": user(world.users[user_id]),
        "nick": None,
        "avatar": None,
        "banner": None,
        "roles": [str(r) for r in guild.members.get(user_id, ())],
        "joined_at": at.isoformat(),
        "premium_since": None,
        "communication_disabled_until": None,
        "deaf": False,
        "mute": False,
        "pending": False,
        "flags": 0,
    }


def guild(world: World, value: Guild) -> Json:
    """Return the guild as REST gives it; GUILD_CREATE adds channels and the rest."""
    system = str(value.system_channel) if value.system_channel else None
    empty = (
        "icon description home_header splash discovery_splash banner application_id "
        "afk_channel_id widget_channel_id max_presences vanity_url_code rules_channel_id "
        "safety_alerts_channel_id public_updates_channel_id incidents_data"
    )
    zero = (
        "system_channel_flags verification_level default_message_notifications mfa_level "
        "explicit_content_filter premium_tier premium_subscription_count nsfw_level"
    )
    return {
        **dict.fromkeys(empty.split()),
        **dict.fromkeys(zero.split(), 0),
        "id": str(value.id),
        "name": value.name,
        "features": [],
        "owner_id": str(value.owner),
        "region": "deprecated",
        "afk_timeout": 300,
        "system_channel_id": system,
        "widget_enabled": False,
        "roles": [role(r) for r in value.roles.values()],
        "max_members": 500000,
        "max_stage_video_channel_users": 50,
        "max_video_channel_users": 25,
        "preferred_locale": "en-US",
        "premium_progress_bar_enabled": False,
        "nsfw": False,
        "emojis": [],
        "stickers": [],
    }


def guild_create(world: World, value: Guild) -> Json:
    joined = value.joined or LONG_AGO
    active = [t for t in value.threads.values() if not t.archived]
    visible = [t for t in active if world.may(t) & BITS["view_channel"]]
    return {
        **guild(world, value),
        "joined_at": joined.isoformat(),
        "large": False,
        "unavailable": False,
        "member_count": len(value.members),
        "members": [member(world, value, world.bot.id, joined)],
        "channels": [channel(world, c) for c in value.channels.values()],
        "threads": [thread(world, t) for t in visible],
        "voice_states": [],
        "presences": [],
        "stage_instances": [],
        "guild_scheduled_events": [],
        "soundboard_sounds": [],
    }


def message(world: World, value: Message, *, nonce: bool = False) -> Json:
    """Return a message; its nonce only in the answer to its creation, as Discord does."""
    components = value.body.get("components") or []
    shape: Json = {
        "id": str(value.id),
        "type": _type_of(value),
        "channel_id": str(value.channel),
        "content": value.body.get("content") or "",
        "author": user(value.author),
        "mentions": [
            user(world.users[int(p[1:])])
            for p in value.pinged
            if p.startswith("@") and p[1:].isdigit() and int(p[1:]) in world.users
        ],
        "mention_roles": [p[1:] for p in value.pinged if p.startswith("&")],
        "mention_everyone": "@everyone" in value.pinged,
        "attachments": value.body.get("attachments") or [],
        "embeds": [_embed(e) for e in value.body.get("embeds") or []],
        "components": _numbered(components, [0]),
        "timestamp": value.at.isoformat(),
        "edited_timestamp": value.edited.isoformat() if value.edited else None,
        "flags": value.flags,
        "pinned": value.pinned is not None,
        "tts": False,
    }
    if value.reference:
        shape["message_reference"] = {
            "type": 0,
            "channel_id": str(value.channel),
            **value.reference,
        }
    if value.webhook:
        shape |= {"webhook_id": str(value.webhook), "application_id": str(value.webhook)}
    if nonce and value.nonce is not None:
        shape["nonce"] = value.nonce
    if value.id in world.channels and value.id != value.channel:
        shape["thread"] = thread(world, world.channels[value.id])
        shape["flags"] |= 32
    return shape


def _type_of(value: Message) -> int:
    if value.is_pin_notice:
        return 6
    return 19 if value.reference else 20 if value.webhook else 0


def _embed(embed: Json) -> Json:
    shape = {k: v for k, v in embed.items() if v is not None} | EMBED_EXTRAS
    if "fields" in shape:
        shape["fields"] = [{"inline": False, **f} for f in shape["fields"]]
    return shape


def _numbered(components: list[Json], counter: list[int]) -> list[Json]:
    """Give every component the integer id that Discord adds, and its defaults."""
    out = []
    for one in components:
        counter[0] += 1
        shape = {k: v for k, v in one.items() if v is not None}
        shape["id"] = one.get("id") or counter[0]
        if one["type"] in (3, 5, 6, 7, 8):
            shape = {"min_values": 1, "max_values": 1, **shape}
        if one["type"] == 17:
            shape = {"accent_color": None, "spoiler": False, **shape}
        if "components" in one:
            shape["components"] = _numbered(one["components"], counter)
        if "accessory" in one:
            shape["accessory"] = _numbered([one["accessory"]], counter)[0]
        out.append(shape)
    return out


def command_id(name: str, base: int) -> int:
    """Return an id that a command keeps when it is written again."""
    return base + 1 + zlib.crc32(name.encode()) % 100_000
