"""Encrypts what may not lie in Redis as it is: tokens of installed workspaces."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from bot.domain.errors import SettingsError, TenantPaused

LEAST_CHARACTERS = 16
# A fixed salt: the key must be the same at every start, and one secret serves one bot.
_SALT = b"isclaudedown/slack/installations"


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
        self._keys = MultiFernet([_key(part) for part in secrets])

    def __repr__(self) -> str:
        return "Vault()"

    def lock(self, plain: bytes) -> bytes:
        return self._keys.encrypt(plain)

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


def _key(secret: str) -> Fernet:
    try:
        return Fernet(secret)
    except ValueError:
        derived = hashlib.scrypt(secret.encode(), salt=_SALT, n=2**14, r=8, p=1, dklen=32)
        return Fernet(base64.urlsafe_b64encode(derived))
