"""Requests to the outside by httpx: no cookies, and bodies read within a limit.

The limit counts what is unpacked.

One encoding is asked for and only that one is taken: a body of 281 bytes in three layers of gzip
would unpack to gigabytes before anybody could measure it. Used by everything that asks the
outside by httpx, which unpacks whole chunks by itself and only then lets them be counted.
"""

from __future__ import annotations

import re
import ssl
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx

# Sent with every request; httpx would also offer deflate, br and zstd.
ACCEPT_ENCODING = {"Accept-Encoding": "gzip"}
# What httpx raises where nothing can be had. It reads the address that a redirect leads to even
# where none is followed, and a name that no host can have (`http://xn--a/`) is a UnicodeError.
UNANSWERED = (httpx.HTTPError, httpx.InvalidURL, UnicodeError)
_WHOLE_GZIP = 16 + zlib.MAX_WBITS
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=\"?([0-9]{1,9})")


def no_cookies() -> CookieJar:
    """Return a jar that takes none. With one that no client can send back (a letter that is not
    ASCII suffices) every later request would fail, until the program is started again.
    """
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


def certificate_refused(error: BaseException) -> str:
    """Return why a certificate is not accepted; empty: something else went wrong."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not accepted: {cause.verify_message}"
        cause = cause.__cause__ or cause.__context__
    return ""


class BodyError(Exception):
    """The body cannot be taken; the sentence says why."""


async def read_body(response: httpx.Response, limit: int, *, cut: bool = False) -> bytes:
    """Return the body of a streamed answer, at most `limit` bytes of it.

    `cut`: what is longer is cut at the limit instead of refused.

    Raises:
        BodyError: longer than the limit, packed in another way than gzip, or packed badly.
        httpx.HTTPError: the connection ended before the body did.
    """
    encoding = response.headers.get("content-encoding", "").strip().lower()
    if encoding not in {"", "identity", "gzip"}:
        raise BodyError("it is packed in a way that was not asked for")
    unpack = zlib.decompressobj(_WHOLE_GZIP) if encoding == "gzip" else None
    body = bytearray()
    async for chunk in response.aiter_raw():
        room = limit + 1 - len(body)
        try:
            body += unpack.decompress(chunk, room) if unpack else chunk[:room]
        except zlib.error:
            raise BodyError("it is packed badly") from None
        if len(body) > limit:
            if cut:
                return bytes(body[:limit])
            raise BodyError(f"it sent more than {limit // 1_000_000} MB")
    if unpack and not unpack.eof and not cut:
        raise BodyError("it was cut off")
    return bytes(body)


def cached_for(headers: Mapping[str, str]) -> tuple[float, float]:
    """Return the seconds that an answer lay in caches, and those for which it still holds.

    By `Age` and `Cache-Control: max-age` (RFC 9111, 5.1 and 5.2.2.1); what is no number is 0.
    """
    age = headers.get("age", "").strip()
    waited = float(age) if age.isascii() and age.isdecimal() and len(age) < 10 else 0.0
    policy = headers.get("cache-control", "").lower()
    promised = _MAX_AGE.search(policy)
    if promised is None or "no-cache" in policy or "no-store" in policy:
        return waited, 0.0
    return waited, max(0.0, float(promised[1]) - waited)


def seconds_to_wait(retry_after: str | None, now: datetime) -> float | None:
    """Read a Retry-After header: seconds, or a date (RFC 9110, 10.2.3). None if it says nothing."""
    if not retry_after:
        return None
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
