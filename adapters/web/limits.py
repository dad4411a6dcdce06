"""Errors in one shape, and what protects us: size, rate and tokens."""

from __future__ import annotations

import hmac

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from adapters.client_rate import ClientRate


class ErrorDetail(BaseModel):
    """`code` is for programs, `message` for people."""

    code: str
    message: str


class Error(BaseModel):
    """The body of every refusal and failure."""

    error: ErrorDetail


class RequestRefused(HTTPException):
    """A request that we do not serve. `code` is for programs, `message` for people."""

    def __init__(
        self, status: int, code: str, message: str, *, retry_after: int | None = None
    ) -> None:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        super().__init__(status, message, headers)
        self.code = code


def refusal(_: Request, error: Exception) -> Response:
    """Draw an error: `{"error": {"code": …, "message": …}}`."""
    if not isinstance(error, HTTPException):
        raise error
    code = (
        error.code if isinstance(error, RequestRefused) else error.detail.lower().replace(" ", "_")
    )
    body = Error(error=ErrorDetail(code=code, message=error.detail)).model_dump()
    return JSONResponse(body, error.status_code, headers=error.headers)


def broken(_: Request, __: Exception) -> Response:
    """Our own fault: said without any detail."""
    body = {"error": {"code": "internal", "message": "something went wrong here; it is logged"}}
    return JSONResponse(body, 500)


class Rate(ClientRate):
    """The rate at which one client may ask the HTTP application."""

    def take(self, request: Request) -> None:
        """Raises: RequestRefused (429) with the seconds to wait."""
        wait = self.wait(request.client.host if request.client else "?")
        if wait:
            raise RequestRefused(429, "too_many_requests", "slow down", retry_after=wait)


async def body_of(request: Request, most: int) -> bytes:
    """Read the body, and no more than `most` bytes of it. Raises: RequestRefused (413, 400)."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > most:
        raise _too_large(most)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                raise _too_large(most)
    except ClientDisconnect:
        raise RequestRefused(400, "gone", "the client went away") from None
    return bytes(body)


def _too_large(most: int) -> RequestRefused:
    return RequestRefused(413, "too_large", f"at most {most} bytes are taken")


def check_token(request: Request, token: str | None) -> None:
    """Writing needs the token. Raises: RequestRefused (401, or 403 if writing is switched off)."""
    if token is None:
        raise RequestRefused(
            403, "switched_off", "writing is switched off: set ISCLAUDEDOWN_HTTP_TOKEN to allow it"
        )
    if not carries(request.headers.get("authorization", ""), token):
        raise RequestRefused(
            401, "unauthorized", "send the token as: Authorization: Bearer <token>"
        )


def carries(authorization: str, token: str) -> bool:
    """Whether an Authorization header brings the token."""
    scheme, _, credentials = authorization.partition(" ")
    return scheme.lower() == "bearer" and same(credentials.strip(), token)


def same(given: str, wanted: str) -> bool:
    """Compare in a time that tells nothing."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())
