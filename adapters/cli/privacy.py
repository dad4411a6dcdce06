"""Erases what is stored of people and workspaces, and encrypts secrets anew."""

from __future__ import annotations

from typing import TextIO

from cryptography.fernet import InvalidToken

from adapters.cli.stored import stored_data
from adapters.redis import keys
from adapters.redis.evidence import RedisReports
from adapters.redis.forget import forget_person, forget_tenant
from adapters.redis.scripts import REPLACE
from adapters.slack.installations import TokenCipher
from bot.domain.errors import SettingsError, WrongWords
from bot.settings import Settings


async def forget(settings: Settings, whom: str, out: TextIO) -> None:
    """Erase what is stored of `platform/workspace` or `platform/workspace/person`.

    Raises:
        WrongWords: it names neither.
        StoreError: Redis did not answer.
    """
    platform, _, rest = whom.partition("/")
    tenant, _, person = rest.partition("/")
    if not tenant or "/" in person or whom.endswith("/"):
        raise WrongWords(
            "name a workspace or a person in it, as in slack/T0123 or slack/T0123/U0456 "
            "(`isclaudedown doctor` and the log show such ids)"
        )
    async with stored_data(settings) as database:
        if person:
            secret = settings.secret_key
            reports = RedisReports(database, secret.get_secret_value().encode() if secret else None)
            erased = await forget_person(database, reports, platform, tenant, person)
        else:
            erased = await forget_tenant(database, platform, tenant)
    things = "1 thing that was" if erased == 1 else f"{erased} things that were"
    out.write(
        f"Erased {things} stored of {whom}.\n" if erased else f"Nothing is stored of {whom}.\n"
    )


async def rotate_keys(settings: Settings, out: TextIO) -> None:
    """Encrypt every stored installation with the first of the secrets.

    Raises:
        SettingsError: there is no secret, or none of them decrypts what is stored.
        StoreError: Redis did not answer; running it again goes on.
    """
    if settings.secret_key is None:
        raise SettingsError(
            "ISCLAUDEDOWN_SECRET_KEY is not set. Give the new secret first and the old one after a "
            "comma, as in new,old"
        )
    cipher = TokenCipher(settings.secret_key.get_secret_value())
    renewed = 0
    async with stored_data(settings) as database:
        found = await database.call("HGETALL", keys.SLACK_INSTALLATIONS)
        for tenant, locked in found.items():
            try:
                anew = cipher.relock(locked)
            except InvalidToken:
                raise SettingsError(
                    f"the installation of {tenant.decode()} was encrypted with a secret that "
                    "ISCLAUDEDOWN_SECRET_KEY does not name; add it after a comma"
                ) from None
            # One that was installed anew meanwhile is encrypted with the first secret already.
            await database.run(REPLACE, keys.SLACK_INSTALLATIONS, tenant, locked, anew)
            renewed += 1
    out.write(f"{renewed} encrypted with the first secret; the others may be removed now.\n")
