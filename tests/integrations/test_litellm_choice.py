"""Which deployments the LiteLLM callback offers, asked of the hook itself in LiteLLM's Python."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.integrations.litellm_proxy import CALLBACK
from tests.integrations.other_sides import LITELLM, ROOT, installed

DOWN = {"surface": "api", "severity": "major_outage"}
OPUS_DOWN = [
    {"surface": "api", "severity": "up"},
    {"surface": "opus", "severity": "partial_outage"},
]


def deployment(id_: str, model: str, **more: object) -> dict[str, Any]:
    return {
        "model_name": "smart",
        "litellm_params": {"model": model, **more},
        "model_info": {"id": id_},
    }


OPUS = deployment("1", "anthropic/claude-opus-4-6")
HAIKU = deployment("2", "anthropic/claude-haiku-4-5")
BEDROCK = deployment("3", "bedrock/anthropic.claude-opus-4-6-v1:0")
BARE = deployment("4", "claude-opus-4-6", custom_llm_provider="anthropic")
NONSENSE = deployment("5", "nobody-knows-this")
PAIR = [OPUS, BEDROCK]
FRANKFURT = deployment("6", "bedrock/claude", aws_region_name="eu-central-1")
VERTEX = deployment("7", "vertex_ai/claude-opus-4-6", vertex_location="europe-west1")
GPT = deployment("8", "gpt-5", custom_llm_provider="openai")
RETRY = {"litellm_metadata": {"attempted_retries": 1}}


def case(
    verdicts: object, deployments: object, *, age: float = 0, times: int = 1, request: object = None
) -> dict[str, object]:
    return {
        "verdicts": verdicts,
        "age": age,
        "deployments": deployments,
        "times": times,
        "request": request,
    }


NOTHING_NEW = "HTTP/1.1 304 Not Modified"
CASES: dict[str, tuple[dict[str, object], list[object]]] = {
    "of what is left, what works comes first": (
        case([DOWN | {"retry": {"use": ["openai/api"]}}], [OPUS, NONSENSE, GPT]),
        [1],
    ),
    "nothing that works is among what is left": (
        case([DOWN | {"retry": {"use": ["mistral/api"]}}], [OPUS, NONSENSE, GPT]),
        [2],
    ),
    "nothing was heard yet": (case(None, PAIR), [2]),
    "up": (case([DOWN | {"severity": "up"}], PAIR), [2]),
    "unknown is not down": (case([DOWN | {"severity": "unknown"}], PAIR), [2]),
    "degraded, says the page": (case([DOWN | {"severity": "degraded"}], PAIR), [2]),
    "degraded, as we suspect": (
        case([DOWN | {"severity": "degraded", "suspected": True}], PAIR),
        [1],
    ),
    "down": (case([DOWN], PAIR), [1]),
    "a key that we do not know": (case([DOWN | {"schema": 2}], PAIR), [1]),
    "a provider named apart": (case([DOWN], [BARE, BEDROCK]), [1]),
    "another provider": (case([DOWN | {"surface": "openai/api"}], [GPT, OPUS]), [1]),
    "a region": (
        case([DOWN | {"surface": "bedrock/eu-central-1"}], [FRANKFURT, BEDROCK, OPUS]),
        [2],
    ),
    "another region": (
        case([DOWN | {"surface": "bedrock/eu-west-1"}], [FRANKFURT, BEDROCK, OPUS]),
        [3],
    ),
    "a region of Google's": (
        case([DOWN | {"surface": "gemini/europe-west1"}], [VERTEX, OPUS]),
        [1],
    ),
    "one model only": (case(OPUS_DOWN, [OPUS, HAIKU]), [1]),
    "never the last ones": (case([DOWN], [OPUS, HAIKU]), [2]),
    "a list of one": (case([DOWN], [OPUS]), [1]),
    "an empty list is LiteLLM's": (case([DOWN], []), [0]),
    "not heard for ten seconds": (case([DOWN], PAIR, age=10.5), [2]),
    "a provider that nobody knows": (case([DOWN], [*PAIR, NONSENSE]), [2]),
    "not what we expect": (case([DOWN], [*PAIR, {"strange": 1}]), [3]),
    # The canary is one request of 200 and goes to the one that is left out, so one is offered.
    "one canary of 200": (case([DOWN], [*PAIR, NONSENSE], times=400), [*[2] * 199, 1] * 2),
    "an answer that cannot be confirmed, and one that is": (
        {
            "heads": [
                'HTTP/1.1 200 OK\r\nETag: "\u00e9"',
                'HTTP/1.1 200 OK\r\nETag: "a"',
                NOTHING_NEW,
            ]
        },
        [True, True, True],
    ),
    "an answer packed without being asked for is not unpacked": (
        {"heads": ["HTTP/1.1 200 OK\r\nContent-Encoding: gzip"]},
        [True],
    ),
    "no retry is a canary": (
        case([DOWN], [*PAIR, NONSENSE], times=400, request=RETRY),
        [2] * 400,
    ),
}


@pytest.mark.timeout(240)
def test_what_is_offered() -> None:
    python = installed(LITELLM).with_name("python")
    driver = ROOT / "tests" / "integrations" / "litellm_driver.py"
    ran = subprocess.run(
        [str(python), str(driver), str(CALLBACK)],
        input="".join(json.dumps(asked) + "\n" for asked, _ in CASES.values()),
        env={"LITELLM_LOCAL_MODEL_COST_MAP": "True", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found = dict(zip(CASES, json.loads(ran.stdout.splitlines()[-1]), strict=True))
    assert found == {name: expected for name, (_, expected) in CASES.items()}
    assert "could not choose (KeyError): list unchanged" in ran.stderr
