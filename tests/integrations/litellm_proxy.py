"""LiteLLM's own proxy with our callback, two deployments, and isclaudedown beside it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.end_to_end.harness import Program, environment, started
from tests.integrations.other_sides import LITELLM, ROOT, installed
from tests.servers.models import ModelServer, model_server
from tests.servers.page import PageServer, page_server
from tests.servers.redis import free_ports

CALLBACK = ROOT / "integrations" / "litellm" / "isclaudedown_litellm.py"
TOKEN = "t0ken"
KEY = f"sk-{'0123456789abcdef' * 4}"  # the proxy does not start without a long one
STARTING = 150.0  # seconds; it needs 10 of a processor of its own
PATIENCE = 90.0  # seconds; the proxy alone can keep two processors busy
CONFIG = """
model_list:
  - model_name: smart
    litellm_params: {{model: anthropic/claude-opus-4-6, api_base: "{claude}", api_key: k}}
  - model_name: smart
    litellm_params: {{model: openai/gpt-5, api_base: "{other}/v1", api_key: k}}
  - model_name: only-claude
    litellm_params: {{model: anthropic/claude-opus-4-6, api_base: "{claude}", api_key: k}}
router_settings: {{disable_cooldowns: true, num_retries: 2, retry_after: 0}}
litellm_settings: {{callbacks: ["isclaudedown_litellm.handler"]}}
"""
QUESTION = {"messages": [{"role": "user", "content": "Is it you?"}]}


@dataclass
class Gateway:
    """The proxy as it runs, with what stands behind it and beside it."""

    proxy: Program
    http: httpx.AsyncClient
    claude: ModelServer
    other: ModelServer
    page: PageServer
    bot: Program
    verdicts: httpx.AsyncClient

    async def ask(self, times: int, model: str = "smart") -> list[int]:
        """Send requests, four at a time. Returns the status of each."""
        slots = asyncio.Semaphore(4)

        async def one() -> int:
            async with slots:
                body = QUESTION | {"model": model}
                return (await self.http.post("/v1/chat/completions", json=body)).status_code

        return await asyncio.gather(*(one() for _ in range(times)))

    async def logs(self, text: str) -> None:
        """Wait until the proxy logged this since the last call."""
        async with asyncio.timeout(PATIENCE):
            while text not in self.proxy.out + self.proxy.err:
                assert self.proxy.process.returncode is None, str(self.proxy)
                # The callback asks beside the requests, but begins with the first one.
                await self.ask(1)
                await asyncio.sleep(0.1)

    async def suspects(self, surface: str) -> None:
        """Wait, while requests go on, until isclaudedown suspects trouble."""
        async with asyncio.timeout(PATIENCE):
            while True:
                await self.ask(5)
                answer = await self.verdicts.get(f"/v1/verdict/{surface}")
                if answer.json()["verdicts"][0]["suspected"]:
                    return

    async def uses_claude(self, least: int, most: int) -> None:
        """Wait until Claude's deployment gets so many of 60 requests.

        LiteLLM tells a callback how requests ended later than it answers them.
        """
        async with asyncio.timeout(PATIENCE):
            while True:
                before = self.claude.requests
                assert set(await self.ask(60)) == {200}
                if least <= self.claude.requests - before <= most:
                    return

    def forget(self) -> None:
        """Count and read from here on."""
        self.claude.requests = self.other.requests = 0
        self.proxy.out = self.proxy.err = ""


@contextlib.asynccontextmanager
async def gateway(folder: Path, canary_every: int = 200) -> AsyncIterator[Gateway]:
    """Start everything; it is all up."""
    async with contextlib.AsyncExitStack() as running:
        enter = running.enter_async_context
        page, claude, other = (
            await enter(page_server()),
            await enter(model_server()),
            await enter(model_server()),
        )
        api = {"ISCLAUDEDOWN_HTTP_PORT": "0", "ISCLAUDEDOWN_HTTP_TOKEN": TOKEN}
        bot = await enter(started(folder, page.url, **api))
        await bot.logs("http.listening")
        line = next(line for line in bot.err.splitlines() if "http.listening" in line)
        url = f"http://127.0.0.1:{json.loads(line)['port']}"
        verdicts = await enter(httpx.AsyncClient(base_url=url, trust_env=False))
        (folder / "config.yaml").write_text(CONFIG.format(claude=claude.url, other=other.url))
        callback = CALLBACK.read_text()
        assert callback.count("CANARY_EVERY = 200") == 1
        callback = callback.replace("CANARY_EVERY = 200", f"CANARY_EVERY = {canary_every}")
        (folder / CALLBACK.name).write_text(callback)
        proxy, proxy_url = await _proxy(folder, url)
        running.push_async_callback(_end, proxy)
        headers = {"Authorization": f"Bearer {KEY}"}
        http = await enter(
            httpx.AsyncClient(base_url=proxy_url, headers=headers, timeout=60, trust_env=False)
        )
        async with asyncio.timeout(STARTING):
            while not await _alive(http, proxy):  # noqa: ASYNC110  # it has no event of ours
                await asyncio.sleep(0.2)
        yield Gateway(proxy, http, claude, other, page, bot, verdicts)


async def _proxy(folder: Path, url: str) -> tuple[Program, str]:
    (port,) = free_ports(1)
    process = await asyncio.create_subprocess_exec(
        *(str(installed(LITELLM)), "--config", "config.yaml"),
        *("--host", "127.0.0.1", "--port", str(port)),
        cwd=folder,
        env=environment(folder, "")
        | {
            "LITELLM_LOCAL_MODEL_COST_MAP": "True",  # else it waits for a price list
            "LITELLM_MASTER_KEY": KEY,
            "ISCLAUDEDOWN_URL": url,
            "ISCLAUDEDOWN_HTTP_TOKEN": TOKEN,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    proxy = Program(process)
    proxy.listen()
    return proxy, f"http://127.0.0.1:{port}"


async def _alive(http: httpx.AsyncClient, proxy: Program) -> bool:
    assert proxy.process.returncode is None, f"the proxy did not start: {proxy}"
    with contextlib.suppress(httpx.TransportError):
        return (await http.get("/health/liveliness")).status_code == httpx.codes.OK
    return False


async def _end(proxy: Program) -> None:
    if proxy.process.returncode is None:
        await proxy.kill()
