"""The gate for CI: the shell script, the GitHub action and the GitLab job, run as they would be."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from ruamel.yaml import YAML

from tests.integrations.ci import (
    ACTION,
    SCRIPT,
    Instance,
    action,
    instance,
    run,
    script,
    use_action,
)
from tests.integrations.other_sides import ROOT, tool
from tests.servers.redis import free_ports
from tests.servers.statuspage import API

GITLAB = ROOT / "integrations" / "gitlab" / "isclaudedown.gitlab-ci.yml"
UP = {"verdict": "up", "reason": "", "retry-after": "0", "exit-code": "0", "go": "true"}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Instance]:
    (tmp_path / "bot").mkdir()
    async with instance(tmp_path / "bot") as one:
        yield one


@contextlib.asynccontextmanager
async def answering(say: Callable[[], tuple[int, object]]) -> AsyncIterator[str]:
    """A server that answers everything with this status and this JSON."""

    async def answer(_: web.Request) -> web.Response:
        status, body = say()
        return web.json_response(body, status=status)

    app = web.Application()
    app.router.add_route("*", "/{any:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def nobody() -> str:
    (port,) = free_ports(1)
    return f"http://127.0.0.1:{port}"


async def test_up_goes_on_in_every_mode(running: Instance, tmp_path: Path) -> None:
    for mode in ("wait", "skip", "fail", "warn"):
        ran = await script(tmp_path, running.url, mode, "api", "claude code")
        assert (ran.code, ran.outputs, ran.err) == (0, UP, "")


async def test_down_stops_skips_fails_or_warns(running: Instance, tmp_path: Path) -> None:
    running.page.page.open("::error::<b>Injected\n$(touch x)", {API: "major_outage"})
    await running.says("api", "major_outage")

    seen = {}
    for mode in ("wait", "skip", "fail", "warn"):
        ran = await script(tmp_path, running.url, mode, "--at-most", "0s")
        seen[mode] = (ran.code, ran.outputs["go"])
        assert ran.outputs["verdict"] == "down"
        assert ran.outputs["exit-code"] == "20"
        assert ran.outputs["reason"].startswith("api major_outage since 2")
        assert int(ran.outputs["retry-after"]) >= 60
        assert "Injected" not in ran.out + ran.err, "titles come from outside"
    assert seen == {
        "wait": (20, "false"),
        "skip": (0, "false"),
        "fail": (20, "false"),
        "warn": (0, "true"),
    }


async def test_waiting_ends_when_all_may_be_retried(tmp_path: Path) -> None:
    def says(code: int, severity: str, do: str) -> dict[str, Any]:
        retry = {"do": do, "retry_after": 60}
        return {
            "exit_code": code,
            "verdicts": [{"surface": "api", "severity": severity, "retry": retry}],
        }

    answers = [
        says(20, "major_outage", "stop"),
        says(10, "degraded", "back_off"),
        says(0, "up", "back_off"),  # it was down a moment ago, and everybody tries again
        says(0, "up", "retry_now"),
    ]
    async with answering(lambda: (200, answers.pop(0))) as url:
        ran = await script(tmp_path, url, "wait", "--at-most", "2h", "--", "api")
    assert (ran.code, ran.outputs, answers) == (0, UP, [])
    assert ran.err.count("waiting") == 3


@pytest.mark.parametrize("mode", ["wait", "skip", "fail", "warn"])
async def test_unreachable_is_unknown_and_stops_only_if_you_say_so(
    mode: str, tmp_path: Path
) -> None:
    ran = await script(tmp_path, nobody(), mode)
    assert (ran.code, ran.outputs["verdict"], ran.outputs["go"]) == (0, "unknown", "true")
    assert "unknown: no answer" in ran.err

    ran = await script(tmp_path, nobody(), mode, "--unknown", "stop", "--at-most", "0s")
    assert ran.outputs["verdict"] == "unknown"
    stops = mode in {"wait", "fail"}
    assert (ran.code, ran.outputs["go"]) == (
        30 if stops else 0,
        "true" if mode == "warn" else "false",
    )


NONSENSE: dict[str, tuple[int, object]] = {
    "a 503": (503, {"error": {"code": "store_away"}}),
    "a 404 of somebody else": (404, {}),
    "an empty object": (200, {}),
    "no verdicts": (200, {"exit_code": 0, "verdicts": []}),
    "no exit code": (200, {"verdicts": [{"surface": "api", "severity": "up"}]}),
    "a list": (200, []),
    "a new exit code": (200, {"exit_code": 7, "verdicts": [{"surface": "api", "severity": "up"}]}),
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_what_cannot_be_understood_is_never_up(name: str, tmp_path: Path) -> None:
    async with answering(lambda: NONSENSE[name]) as url:
        ran = await script(tmp_path, url, "skip", "--unknown", "stop")
    assert (ran.outputs["verdict"], ran.outputs["go"]) == ("unknown", "false")


async def test_wrong_words_are_told(running: Instance, tmp_path: Path) -> None:
    for words, told in (
        (["halt"], "wait, skip, fail, warn or after-failure, not 'halt'"),
        (["fail", "apiary"], "no surface that"),
        (["wait", "--at-most", "a while"], "90s, 30m or 2h"),
        (["wait", "--at-most"], "90s, 30m or 2h"),
        (["fail", "--unknown", "maybe"], "go or stop, not 'maybe'"),
        (["fail", "--sometimes", "api"], "no option --sometimes"),
        (["after-failure", "nowhere"], "a file that can be read, not 'nowhere'"),
    ):
        ran = await script(tmp_path, running.url, *words)
        assert (ran.code, ran.out) == (2, "")
        assert told in ran.err


async def test_the_action_gives_its_outputs(running: Instance, tmp_path: Path) -> None:
    ran = await use_action(tmp_path, url=running.url, mode="fail", surfaces="api, opus\ncode")
    assert (ran.code, ran.outputs) == (0, UP)

    running.page.page.open("Errors", {API: "partial_outage"})
    await running.says("api", "partial_outage")
    ran = await use_action(tmp_path, url=running.url, mode="skip")
    assert (ran.code, ran.outputs["go"], ran.outputs["exit-code"]) == (0, "false", "20")
    assert "::warning title=isclaudedown::down: api partial_outage" in ran.err
    ran = await use_action(tmp_path, url=running.url, mode="fail")
    assert ran.code == 20
    assert "::error title=isclaudedown::down: api partial_outage" in ran.err


@pytest.mark.parametrize("evil", ['$(touch "$HOME/x")', "'; touch x; '", "x\n::error::y", "-o x"])
async def test_an_input_of_the_action_runs_nothing(evil: str, tmp_path: Path) -> None:
    for name in ("url", "mode", "surfaces", "at_most", "unknown", "file"):
        inputs = {"url": nobody(), "mode": "after-failure" if name == "file" else "skip"}
        ran = await use_action(tmp_path, **(inputs | {name: evil}))
        assert not (tmp_path / "x").exists()
        assert "\n::error::y" not in ran.err + ran.out


def test_no_input_is_written_into_a_script() -> None:
    for step in action()["runs"]["steps"]:
        assert "${{" not in step["run"]


async def test_after_a_failure_it_says_whose_fault_it_was(
    running: Instance, tmp_path: Path
) -> None:
    log = tmp_path / "build.log"
    log.write_text(
        "line\n" * 30_000
        + 'API Error: 529 {"type":"error","error":{"type":"overloaded_error"}} s3cret\n'
        + "    at step (file.js:1:2)\n" * 300
    )
    ran = await use_action(tmp_path, url=running.url, mode="after-failure", file=str(log))
    assert (ran.code, ran.outputs["verdict"]) == (0, "theirs")
    assert ran.outputs["reason"].startswith("probably theirs: ")

    log.write_text("Your credit balance is too low to access the API")
    ran = await script(tmp_path, running.url, "after-failure", str(log))
    assert (ran.code, ran.outputs["verdict"]) == (0, "yours")

    log.write_text("make: *** [all] Error 2")
    ran = await script(tmp_path, running.url, "after-failure", str(log))
    assert (ran.code, ran.outputs["verdict"]) == (0, "unclear")

    ran = await script(tmp_path, nobody(), "after-failure", str(log))
    assert (ran.code, ran.outputs["verdict"]) == (0, "unknown")
    assert "s3cret" not in running.bot.err + running.bot.out + ran.out


EVIL = "x\nBASH_ENV=/tmp/x\n::error::y"
SAID = {"side": EVIL, "title": EVIL, "advice": EVIL + "\x1b[2J", "unseen": [EVIL]}


@pytest.mark.parametrize("answer", [SAID, SAID | {"side": "theirs"}, [EVIL], EVIL])
async def test_whatever_answers_writes_no_line_of_its_own(answer: object, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("API Error: 529")
    async with answering(lambda: (200, answer)) as url:
        ran = await script(tmp_path, url, "after-failure", "log")
    assert {line.split("=")[0] for line in ran.out.splitlines()} == {"verdict", "reason"}
    assert ran.outputs["verdict"] in {"theirs", "unknown"}
    assert "\x1b" not in ran.out


async def test_the_gitlab_jobs_hand_on_what_was_found(running: Instance, tmp_path: Path) -> None:
    jobs: dict[str, Any] = YAML(typ="safe").load(GITLAB)
    (tmp_path / "isclaudedown.sh").symlink_to(SCRIPT)
    (tmp_path / "nightly-batch.sh").write_text("#!/bin/sh\necho the batch ran\n")
    (tmp_path / "nightly-batch.sh").chmod(0o755)

    async def pipeline() -> str:
        asked = jobs["isclaudedown"]
        variables = asked["variables"] | {"ISCLAUDEDOWN_URL": running.url}
        first = await run("sh", "-ec", "\n".join(asked["script"]), cwd=tmp_path, **variables)
        assert first.code == 0, first.err
        written = (tmp_path / asked["artifacts"]["reports"]["dotenv"]).read_text().splitlines()
        handed_on = dict(line.split("=", 1) for line in written)
        script_of_job = "\n".join(jobs["nightly-batch"]["script"])
        return (await run("sh", "-ec", script_of_job, cwd=tmp_path, **handed_on)).out

    assert await pipeline() == "the batch ran\n"
    running.page.page.open("Errors", {API: "major_outage"})
    await running.says("api", "major_outage")
    assert (await pipeline()).startswith("skipped, api major_outage since ")


def test_the_action_is_one_for_github() -> None:
    checker = [
        sys.executable,
        "-m",
        "check_jsonschema",
        "--builtin-schema",
        "vendor.github-actions",
    ]
    checked = subprocess.run(
        [*checker, str(ACTION / "action.yml")], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_script_is_clean_shell() -> None:
    checked = subprocess.run(
        [tool("shellcheck"), str(SCRIPT)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout
