"""What the Dockerfile and docker-compose.yml promise, checked without an engine."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]


def services() -> dict[str, Any]:
    read: dict[str, Any] = YAML(typ="safe").load(ROOT / "docker-compose.yml")
    found: dict[str, Any] = read["services"]
    return found


def test_the_compose_file_follows_the_compose_specification() -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run(
        [*checker, str(ROOT / "docker-compose.yml")], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_redis_keeps_everything_and_evicts_nothing() -> None:
    redis = services()["redis"]
    given = redis["command"][1:]
    options = dict(zip(given[::2], given[1::2], strict=True))

    assert options["--appendonly"] == "yes"
    assert options["--appendfsync"] == "always"
    assert options["--maxmemory-policy"] == "noeviction"
    assert redis["volumes"] == ["redis:/data"]
    assert redis["healthcheck"]["test"]


def test_the_bot_waits_for_redis_and_may_finish_what_is_in_flight() -> None:
    bot = services()["bot"]

    assert bot["depends_on"]["redis"]["condition"] == "service_healthy"
    assert bot["environment"]["REDIS_URL"] == "redis://redis:6379/0"
    assert bot["stop_grace_period"] == "30s"
    assert bot["env_file"] == [{"path": ".env", "required": False}]


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_is() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    last_stage = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM")) :]

    assert "USER isclaudedown" in last_stage
    assert any(line.startswith("HEALTHCHECK") for line in last_stage)


def test_everything_that_the_image_copies_is_let_through_by_dockerignore() -> None:
    let_through = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    copied = {
        name
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY") and "--from" not in line
        for name in line.split()[1:-1]
    }
    assert copied == let_through
