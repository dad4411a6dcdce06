"""A provider of models: answers Anthropic's and OpenAI's requests, or 529 while it is `dead`.

    async with model_server() as server:
        server.url         # api_base of a deployment
        server.dead = True
        server.requests    # how many came

Anybody's key is taken.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from aiohttp import web

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-opus-4-6",
    "content": [{"type": "text", "text": "Yes."}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 1},
}
COMPLETION = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "Yes."},
        }
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 1, "total_tokens": 4},
}
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}


class ModelServer:
    """Counts requests and answers them."""

    def __init__(self) -> None:
        self.url = ""
        self.dead = False
        self.requests = 0

    async def messages(self, _: web.Request) -> web.Response:
        return self._answer(MESSAGE)

    async def completions(self, _: web.Request) -> web.Response:
        return self._answer(COMPLETION)

    def _answer(self, body: object) -> web.Response:
        self.requests += 1
        if self.dead:
            return web.json_response(OVERLOADED, status=529)
        return web.json_response(body)


@contextlib.asynccontextmanager
async def model_server() -> AsyncIterator[ModelServer]:
    """Serve on this machine, on any free port."""
    server = ModelServer()
    app = web.Application()
    app.router.add_post("/v1/messages", server.messages)
    app.router.add_post("/v1/chat/completions", server.completions)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()
