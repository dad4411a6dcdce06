"""Calls the hook of the LiteLLM callback; runs in LiteLLM's own environment.

Standard input: one JSON object a line, `{"verdicts": …, "age": seconds, "deployments": […],
"times": n}`. Last line of the standard output: a JSON list of lists, how many deployments were
offered each time. A line with `heads` asks a server once for each of them, which answers with that
head and one verdict; its list is whether each was understood. (LiteLLM prints lines of its own.)
"""

import asyncio
import importlib.util
import json
import sys
import time
from typing import Any


async def offered(module: Any, case: dict[str, Any]) -> list[int]:
    """Return the length of the list that the hook gave, call by call."""
    handler = module.IsClaudeDown("http://127.0.0.1:1", None)
    if case["verdicts"] is not None:
        taken = time.monotonic() - case["age"]
        handler.snapshot = module.read_verdicts({"verdicts": case["verdicts"]}, taken)
    found = []
    for _ in range(case["times"]):
        left = await handler.async_filter_deployments(
            model="smart",
            healthy_deployments=case["deployments"],
            messages=None,
            request_kwargs=case.get("request"),
            parent_otel_span=None,
        )
        found.append(len(left))
    return found


async def understood(module: Any, heads: list[str]) -> list[bool]:
    """Return after each answer whether it counts, and whether it still says what to use."""
    verdict = {"surface": "api", "severity": "major_outage", "retry": {"use": ["openai/api"]}}
    body = json.dumps({"verdicts": [verdict]}).encode()
    left = iter(heads)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = next(left).encode()
        said = b"" if b" 304 " in head else body
        writer.write(b"%s\r\nConnection: close\r\n" % head)
        writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(said), said))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    handler = module.IsClaudeDown(f"http://127.0.0.1:{port}", None)
    found = []
    async with module.httpx.AsyncClient(base_url=handler.url, trust_env=False) as http:
        for _ in heads:
            try:
                await handler._ask(http)
                found.append(handler.snapshot.use == {"openai/api"})
            except ValueError:
                found.append(False)
    server.close()
    return found


def main() -> None:
    """Load the callback as LiteLLM does, and answer each line."""
    spec = importlib.util.spec_from_file_location("isclaudedown_litellm", sys.argv[1])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = []
    for line in sys.stdin:
        case = json.loads(line)
        work = understood(module, case["heads"]) if "heads" in case else offered(module, case)
        found.append(asyncio.run(work))
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
