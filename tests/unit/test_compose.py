"""What the Dockerfile and docker-compose.yml promise, checked without an engine."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = ROOT / "docker-compose.yml"


def services(text: str = "") -> dict[str, Any]:
    read: dict[str, Any] = YAML(typ="safe").load(text or COMPOSE.read_text())
    found: dict[str, Any] = read["services"]
    return found


def with_http_published() -> str:
    """Return the compose file with its one commented setting switched on."""
    text, changed = re.subn(r"(?m)^    # (ports: .*)$", r"    \1", COMPOSE.read_text())
    assert changed == 1
    return text


@pytest.mark.parametrize("published", [False, True])
def test_the_compose_file_follows_the_compose_specification(
    tmp_path: Path, *, published: bool
) -> None:
    file = tmp_path / "docker-compose.yml"
    file.write_text(with_http_published() if published else COMPOSE.read_text())
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run([*checker, str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_one_commented_line_publishes_http_and_metrics_on_the_loopback() -> None:
    bot = services(with_http_published())["bot"]
    port = bot["environment"]["ISCLAUDEDOWN_HTTP_PORT"]

    assert bot["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert bot["environment"]["ISCLAUDEDOWN_HTTP_HOST"] == "0.0.0.0"
    assert "ports" not in services()["bot"]


@pytest.mark.parametrize("name", ["bot", "redis"])
def test_a_container_can_do_no_more_than_it_must(name: str) -> None:
    one = services()[name]
    limits = one["deploy"]["resources"]["limits"]

    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert limits.keys() == {"cpus", "memory", "pids"}


def test_redis_asks_for_a_password_and_is_reached_by_the_bot_alone() -> None:
    bot, redis = services()["bot"], services()["redis"]
    networks = YAML(typ="safe").load(COMPOSE.read_text())["networks"]
    options = redis["command"]

    assert options[options.index("--requirepass") + 1] == "${REDIS_PASSWORD}"
    assert redis["environment"]["REDISCLI_AUTH"] == "${REDIS_PASSWORD}"
    assert re.match(r"redis://:\$\{REDIS_PASSWORD:\?", bot["environment"]["REDIS_URL"])
    assert "ports" not in redis
    assert redis["networks"] == ["store"]
    assert networks["store"]["internal"] is True


def test_the_example_of_an_environment_file_holds_every_variable_that_compose_asks_for() -> None:
    asked = set(re.findall(r"\$\{([A-Z_]+)", COMPOSE.read_text()))
    given = re.findall(r"(?m)^#?([A-Z_]+)=", (ROOT / ".env.example").read_text())

    assert asked <= set(given)


def test_the_environment_file_is_never_committed() -> None:
    assert ".env" in (ROOT / ".gitignore").read_text().splitlines()


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
    assert bot["environment"]["REDIS_URL"].endswith("@redis:6379/0")
    assert bot["stop_grace_period"] == "30s"
    assert bot["env_file"] == [{"path": ".env", "required": False}]


def test_the_image_runs_as_nobody_in_particular_and_says_how_it_is() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    last_stage = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM")) :]

    assert "USER 10001:10001" in last_stage  # a name could not be checked by Kubernetes
    assert any(line.startswith("HEALTHCHECK") for line in last_stage)


def test_every_image_is_of_a_named_version() -> None:
    bases = re.findall(r"(?m)^FROM (\S+)", (ROOT / "Dockerfile").read_text())

    for image in [*bases, services()["redis"]["image"]]:
        assert re.search(r":\d", image), image


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
