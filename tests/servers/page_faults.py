"""Ways in which a status page fails, and lies. Each was seen on a real one, or fits through a wire.

A fault takes the request and the body that a healthy page would have sent.
"""

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from functools import cache

from aiohttp import web

Fault = Callable[[web.Request, bytes], Awaitable[web.StreamResponse]]

JSON = "application/json"
HUGE = 64 * 1024 * 1024
CHUNK = b"x" * 256 * 1024
APOLOGY = "<!DOCTYPE html><html><body><h1>We will be right back</h1></body></html>"


@cache
def bomb_body() -> bytes:
    """Pack it once; who measures a time asks for it beforehand."""
    return gzip.compress(b" " * HUGE, compresslevel=9)


async def method_not_allowed(request: web.Request, body: bytes) -> web.StreamResponse:
    """405, as real pages answer now and then."""
    return web.Response(status=405, text="Method Not Allowed")


async def html(request: web.Request, body: bytes) -> web.StreamResponse:
    """A friendly page of HTML, with 200."""
    return web.Response(text=APOLOGY, content_type="text/html")


async def html_as_json(request: web.Request, body: bytes) -> web.StreamResponse:
    """The same, and the header lies as well."""
    return web.Response(text=APOLOGY, content_type=JSON)


async def wrong_type(request: web.Request, body: bytes) -> web.StreamResponse:
    """The right body under the wrong name."""
    return web.Response(body=body, content_type="text/html")


async def error(request: web.Request, body: bytes) -> web.StreamResponse:
    """A plain 500."""
    return web.Response(status=500, text="Internal Server Error")


async def bad_gateway(request: web.Request, body: bytes) -> web.StreamResponse:
    """A 502 with HTML in it."""
    return web.Response(status=502, text=APOLOGY, content_type="text/html")


async def unavailable(request: web.Request, body: bytes) -> web.StreamResponse:
    """A 503 that asks for seven seconds."""
    return web.Response(status=503, headers={"Retry-After": "7"}, text="busy")


async def too_many(request: web.Request, body: bytes) -> web.StreamResponse:
    """A 429 that asks for two minutes."""
    return web.Response(status=429, headers={"Retry-After": "120"}, text="slow down")


async def empty(request: web.Request, body: bytes) -> web.StreamResponse:
    """Nothing, with 200."""
    return web.Response(body=b"", content_type=JSON)


async def half_json(request: web.Request, body: bytes) -> web.StreamResponse:
    """Half the body, as if it were all of it."""
    return web.Response(body=body[: len(body) // 2], content_type=JSON)


async def half(request: web.Request, body: bytes) -> web.StreamResponse:
    """Half of the announced body, then the connection ends."""
    answer = web.StreamResponse(headers={"Content-Type": JSON, "Content-Length": str(len(body))})
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2])
    _hang_up(request)
    return answer


async def drop(request: web.Request, body: bytes) -> web.StreamResponse:
    """The connection ends without a word."""
    _hang_up(request)
    return web.Response()


async def hang(request: web.Request, body: bytes) -> web.StreamResponse:
    """No answer for as long as anybody waits."""
    await asyncio.Event().wait()
    return web.Response()


async def drip(request: web.Request, body: bytes) -> web.StreamResponse:
    """A byte every fifth of a second: always something, never all of it."""
    answer = web.StreamResponse(headers={"Content-Type": JSON, "Content-Length": str(len(body))})
    await answer.prepare(request)
    for byte in body:
        await answer.write(bytes([byte]))
        await asyncio.sleep(0.2)
    return answer


async def huge(request: web.Request, body: bytes) -> web.StreamResponse:
    """A string in JSON that does not end."""
    answer = web.StreamResponse(headers={"Content-Type": JSON})
    await answer.prepare(request)
    await answer.write(b'["')
    for _ in range(HUGE // len(CHUNK)):
        await answer.write(CHUNK)
    return answer


async def bomb(request: web.Request, body: bytes) -> web.StreamResponse:
    """A few kilobytes that unpack to far more."""
    return web.Response(body=bomb_body(), content_type=JSON, headers={"Content-Encoding": "gzip"})


async def layers(request: web.Request, body: bytes) -> web.StreamResponse:
    """Packed three times over, which nobody asked for: some hundred bytes, gigabytes inside."""
    packed = gzip.compress(gzip.compress(bomb_body()))
    return web.Response(
        body=packed, content_type=JSON, headers={"Content-Encoding": "gzip, gzip, gzip"}
    )


async def half_packed(request: web.Request, body: bytes) -> web.StreamResponse:
    """The packed body without its end, under a length that fits."""
    packed = gzip.compress(body)[:-20]
    return web.Response(body=packed, content_type=JSON, headers={"Content-Encoding": "gzip"})


async def badly_packed(request: web.Request, body: bytes) -> web.StreamResponse:
    """Said to be gzip, and is not."""
    return web.Response(body=body, content_type=JSON, headers={"Content-Encoding": "gzip"})


async def odd_etag(request: web.Request, body: bytes) -> web.StreamResponse:
    """A good answer under an ETag that no client can send back."""
    return web.Response(body=body, content_type=JSON, headers={"ETag": 'W/"caf\u00e9"'})


async def loop(request: web.Request, body: bytes) -> web.StreamResponse:
    """A redirect to itself."""
    return web.Response(status=302, headers={"Location": request.path})


async def bad_port(request: web.Request, body: bytes) -> web.StreamResponse:
    """A redirect to a port that there is not."""
    return web.Response(status=302, headers={"Location": f"http://{request.url.host}:99999/"})


async def bad_name(request: web.Request, body: bytes) -> web.StreamResponse:
    """A redirect to a name in punycode that says nothing, which httpx itself cannot read."""
    return web.Response(status=302, headers={"Location": "http://xn--a/"})


async def nonsense(request: web.Request, body: bytes) -> web.StreamResponse:
    """Good JSON that is no status page."""
    return web.Response(body=b'{"hello": ["world"]}', content_type=JSON)


def _hang_up(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        method_not_allowed,
        html,
        html_as_json,
        wrong_type,
        error,
        bad_gateway,
        unavailable,
        too_many,
        empty,
        half_json,
        half,
        drop,
        hang,
        drip,
        huge,
        bomb,
        layers,
        half_packed,
        badly_packed,
        odd_etag,
        loop,
        bad_port,
        bad_name,
        nonsense,
    )
}
