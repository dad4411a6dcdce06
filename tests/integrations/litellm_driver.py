"""Calls the hook of the LiteLLM callback; runs in LiteLLM's own environment.

Standard input: one JSON object a line, `{"verdicts": …, "age": seconds, "deployments": […],
"times": n}`. Last line of the standard output: a JSON list of lists, how many deployments were
offered each time. (LiteLLM prints lines of its own.)
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


def main() -> None:
    """Load the callback as LiteLLM does, and answer each line."""
    spec = importlib.util.spec_from_file_location("isclaudedown_litellm", sys.argv[1])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = [asyncio.run(offered(module, json.loads(line))) for line in sys.stdin]
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
