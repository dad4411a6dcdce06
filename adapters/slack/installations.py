"""Installed workspaces in Redis: bolt's installation store, tokens encrypted.

One record a tenant: a workspace, or an organisation where the app is installed for all of it.
Only the bot's token is kept; the person who installed it has none with us.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from slack_bolt.error import BoltError
from slack_sdk.oauth.installation_store import Bot, Installation
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore

from adapters.redis import keys
from adapters.redis.database import Database
from adapters.slack.client import Workspace
from bot.domain.errors import SettingsError, StoreError, TenantGone, TenantPaused

QUIET = logging.getLogger("adapters.slack.oauth")
QUIET.setLevel(logging.CRITICAL)
CACHE_SECONDS = 60.0
# How long the cache waits for Redis once it is old, and how soon it asks again.
REFRESH_SECONDS, AGAIN_SECONDS = 1.0, 5.0
_KEPT = (
    "app_id", "enterprise_id", "enterprise_name", "enterprise_url", "team_id", "team_name",
    "bot_token", "bot_id", "bot_user_id", "bot_scopes", "bot_refresh_token",
    "bot_token_expires_at", "user_id", "is_enterprise_install", "token_type", "installed_at",
)  # fmt: skip

LEAST_CHARACTERS = 16
# A fixed salt: the key must be the same at every start, and one secret serves one bot.
_SALT = b"isclaudedown/slack/installations"

Saved = Callable[[str], Awaitable[None]]


class TokenCipher:
    """`secret` is one or more secrets separated by commas; the first encrypts, all decrypt.

    Each is a Fernet key, or any text of at least 16 characters from which one is derived.

    Raises:
        SettingsError: a secret is too short to protect anything.
    """

    def __init__(self, secret: str) -> None:
        secrets = [part.strip() for part in secret.split(",") if part.strip()]
        if not secrets or any(len(part) < LEAST_CHARACTERS for part in secrets):
            raise SettingsError(
                f"ISCLAUDEDOWN_SECRET_KEY must have at least {LEAST_CHARACTERS} characters; "
                "make one with: openssl rand -base64 32"
            )
        keys = []
        for part in secrets:
            try:
                keys.append(Fernet(part))
            except ValueError:
                raw = hashlib.scrypt(part.encode(), salt=_SALT, n=2**14, r=8, p=1, dklen=32)
                keys.append(Fernet(base64.urlsafe_b64encode(raw)))
        self._keys = MultiFernet(keys)

    def __repr__(self) -> str:
        return "TokenCipher()"

    def lock(self, plain: bytes) -> bytes:
        return self._keys.encrypt(plain)

    def relock(self, locked: bytes) -> bytes:
        """Encrypt anew with the first secret.

        Raises:
            InvalidToken: none of the secrets decrypts it.
        """
        return self._keys.rotate(locked)

    def unlock(self, locked: bytes) -> bytes:
        """Decrypt.

        Raises:
            TenantPaused: it was encrypted with a secret that is no longer given.
        """
        try:
            return self._keys.decrypt(locked)
        except InvalidToken:
            raise TenantPaused(
                "the stored token cannot be read: ISCLAUDEDOWN_SECRET_KEY is another one"
            ) from None


class RedisInstallations(AsyncInstallationStore):
    """bolt's interface, and ours (`find`) beside it. `monotonic` gives seconds for the cache."""

    def __init__(
        self, database: Database, cipher: TokenCipher, monotonic: Callable[[], float]
    ) -> None:
        self._database = database
        self._cipher = cipher
        self._monotonic = monotonic
        self._cache: dict[str, tuple[Workspace, float]] = {}
        self._on_saved: list[Saved] = []

    def when_saved(self, callback: Saved) -> None:
        """`callback` gets the tenant after every installation."""
        self._on_saved.append(callback)

    @property
    def logger(self) -> logging.Logger:
        return QUIET

    async def find(self, tenant: str) -> Workspace:
        """See `Workspaces.find`.

        Raises:
            TenantGone: not installed there.
            TenantPaused: its token cannot be decrypted.
            StoreError: Redis did not answer.
        """
        cached = self._cache.get(tenant)
        if cached is not None and cached[1] > self._monotonic():
            return cached[0]
        try:
            async with asyncio.timeout(None if cached is None else REFRESH_SECONDS):
                found = await self._read(tenant)
        except (StoreError, TimeoutError):
            if cached is None:
                raise
            # Slack waits for three seconds: what we knew a minute ago still opens the door.
            self._cache[tenant] = (cached[0], self._monotonic() + AGAIN_SECONDS)
            return cached[0]
        if found is None or not found.bot_token:
            self._cache.pop(tenant, None)
            raise TenantGone("not installed there")
        workspace = Workspace(
            tenant=tenant,
            token=found.bot_token,
            bot_user=found.bot_user_id or "",
            name=found.team_name or found.enterprise_name or "",
            org=bool(found.is_enterprise_install),
            scopes=frozenset(found.bot_scopes) if found.bot_scopes else None,
        )
        self._cache[tenant] = (workspace, self._monotonic() + CACHE_SECONDS)
        return workspace

    async def async_save(self, installation: Installation) -> None:
        tenant = tenant_of_installation(installation)
        record = {name: getattr(installation, name) for name in _KEPT}
        locked = self._cipher.lock(orjson.dumps(record))
        try:
            await self._database.call("HSET", keys.SLACK_INSTALLATIONS, tenant, locked)
            self._cache.pop(tenant, None)
            for callback in self._on_saved:
                await callback(tenant)
        except StoreError as error:
            raise BoltError(str(error)) from error

    async def async_save_bot(self, bot: Bot) -> None:
        """Replace the token of what is installed (token rotation)."""
        tenant = _tenant(bot.enterprise_id, bot.team_id, bot.is_enterprise_install)
        known = await self._read(tenant)
        if known is None:
            return
        for name in ("bot_token", "bot_scopes", "bot_refresh_token", "bot_token_expires_at"):
            setattr(known, name, getattr(bot, name))
        await self.async_save(known)

    async def async_find_bot(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        is_enterprise_install: bool | None = False,
    ) -> Bot | None:
        found = await self.async_find_installation(
            enterprise_id=enterprise_id,
            team_id=team_id,
            is_enterprise_install=is_enterprise_install,
        )
        return found.to_bot() if found else None

    async def async_find_installation(
        self,
        *,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None = None,
        is_enterprise_install: bool | None = False,
    ) -> Installation | None:
        """The workspace's own installation, else that of its organisation."""
        del user_id
        found = None
        if not is_enterprise_install and team_id:
            found = await self._read(team_id)
        if found is None and enterprise_id:
            found = await self._read(enterprise_id)
        return found

    async def async_delete_bot(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await self.async_delete_all(enterprise_id=enterprise_id, team_id=team_id)

    async def async_delete_installation(
        self, *, enterprise_id: str | None, team_id: str | None, user_id: str | None = None
    ) -> None:
        """A person's token ended: we keep none, so nothing is to be done."""

    async def async_delete_all(self, *, enterprise_id: str | None, team_id: str | None) -> None:
        await self.forget(_tenant(enterprise_id, team_id, not team_id))

    async def ended(self, tenant: str, at: float) -> bool:
        """Forget what was installed before `at` (seconds since the epoch, Slack counts whole ones).

        False: it was installed anew since, and stays. Raises: StoreError.
        """
        try:
            known = await self._read(tenant)
        except TenantPaused:
            known = None  # no longer readable, so no longer of use
        if known is not None and int(known.installed_at) > at:
            return False
        await self.forget(tenant)
        return True

    async def forget(self, tenant: str) -> None:
        self._cache.pop(tenant, None)
        await self._database.call("HDEL", keys.SLACK_INSTALLATIONS, tenant)

    async def _read(self, tenant: str) -> Installation | None:
        locked = await self._database.call("HGET", keys.SLACK_INSTALLATIONS, tenant)
        if locked is None:
            return None
        record: dict[str, Any] = orjson.loads(self._cipher.unlock(locked))
        return Installation(**record)


def tenant_of_installation(installation: Installation) -> str:
    """Return the workspace, or the organisation where the app is installed for all of it."""
    org = installation.is_enterprise_install
    return _tenant(installation.enterprise_id, installation.team_id, org)


def _tenant(enterprise_id: str | None, team_id: str | None, org: bool | None) -> str:
    return str(enterprise_id if org else team_id or enterprise_id or "")
