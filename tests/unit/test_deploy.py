"""What deploys the bot says the same as the project: versions, settings, users, secrets."""

import json
import re
import runpy
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot import __version__
from tests.unit.test_readme import settings

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "helm" / "isclaudedown"
PLAIN = ROOT / "deploy" / "kubernetes" / "isclaudedown.yaml"
UNIT = ROOT / "deploy" / "systemd" / "isclaudedown.service"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
FORMS = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
# What a file of GitHub's must look like, by the schema that check-jsonschema brings along.
SCHEMAS = {
    **dict.fromkeys((ROOT / ".github" / "workflows").glob("*.yml"), "vendor.github-workflows"),
    **{path: "vendor.github-issue-forms" for path in FORMS if path.name != "config.yml"},
    ROOT / ".github" / "ISSUE_TEMPLATE" / "config.yml": "vendor.github-issue-config",
    ROOT / ".github" / "dependabot.yml": "vendor.dependabot",
}


def objects() -> dict[str, Any]:
    return {one["kind"]: one for one in YAML(typ="safe").load_all(PLAIN.read_text())}


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = objects()["Deployment"]["spec"]["template"]["spec"]
    return spec


@pytest.mark.parametrize("file", SCHEMAS, ids=lambda file: file.name)
def test_what_github_runs_follows_githubs_schema(file: Path) -> None:
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[file]]
    checked = subprocess.run([*checker, str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_ci_tries_every_python_that_the_package_accepts() -> None:
    tests = YAML(typ="safe").load(ROOT / ".github" / "workflows" / "tests.yml")
    assert tests["jobs"]["tests"]["strategy"]["matrix"]["python"] == [
        "3.11",
        "3.12",
        "3.13",
        "3.14",
    ]


def test_no_workflow_may_do_more_than_its_jobs_ask_for() -> None:
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        assert YAML(typ="safe").load(path)["permissions"] == {}, path.name


def test_the_chart_and_the_manifests_are_of_the_projects_version() -> None:
    chart = YAML(typ="safe").load(CHART / "Chart.yaml")

    assert chart["version"] == chart["appVersion"] == VERSION
    assert pod()["containers"][0]["image"].endswith(f":{VERSION}")


def test_the_program_tells_the_packages_version_and_the_changelog_what_is_in_it() -> None:
    notes = runpy.run_path(str(ROOT / "scripts" / "release_notes.py"))["notes"]

    assert __version__ == VERSION
    assert notes((ROOT / "CHANGELOG.md").read_text(), VERSION)


def test_every_setting_that_a_deployment_gives_exists() -> None:
    given = {one["name"] for one in pod()["containers"][0]["env"]}
    given |= set(re.findall(r"\bISCLAUDEDOWN_[A-Z_]+", UNIT.read_text()))
    given |= set(re.findall(r"(?m)^#?([A-Z_]+)=", (ROOT / ".env.example").read_text()))

    assert given - {"REDIS_PASSWORD"} <= settings()


def test_manifests_take_secrets_by_reference_and_keep_nothing_on_a_volume() -> None:
    container = pod()["containers"][0]

    assert objects().keys() == {"Deployment", "PodDisruptionBudget", "Service"}
    assert container["envFrom"] == [{"secretRef": {"name": "isclaudedown"}}]
    assert [list(volume) for volume in pod()["volumes"]] == [["name", "emptyDir"]]


def test_a_pod_runs_as_the_images_user_and_may_write_nowhere() -> None:
    container = pod()["containers"][0]
    user = pod()["securityContext"]["runAsUser"]

    assert f"USER {user}:{user}" in (ROOT / "Dockerfile").read_text()
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_kubernetes_sets_no_variable_that_the_bot_would_refuse() -> None:
    # With service links a Service called isclaudedown sets ISCLAUDEDOWN_PORT, no setting of ours.
    assert pod()["enableServiceLinks"] is False


def test_probes_ask_what_the_http_api_answers() -> None:
    container = pod()["containers"][0]
    paths = {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness")}

    assert paths == {"/health"}
    assert container["readinessProbe"]["httpGet"]["path"] == "/ready"


def test_every_value_of_the_chart_has_a_schema() -> None:
    values = YAML(typ="safe").load(CHART / "values.yaml")
    schema = json.loads((CHART / "values.schema.json").read_text())

    assert values.keys() <= schema["properties"].keys()


def test_the_unit_ends_the_bot_before_its_embedded_server() -> None:
    assert "KillMode=mixed" in UNIT.read_text().splitlines()


def test_release_notes_are_the_text_of_one_version() -> None:
    notes = runpy.run_path(str(ROOT / "scripts" / "release_notes.py"))["notes"]
    changelog = (
        "# Changes\n\n## Unreleased\n\n- c\n\n## 1.1.0 (2026-01-02)\n\n- b\n- b2\n\n"
        "## 1.0.0 (2026-01-01)\n\n- a\n"
    )

    assert notes(changelog, "1.1.0") == "- b\n- b2"
    assert notes(changelog, "1.0.0") == "- a"
    assert notes(changelog, "1.0") == notes(changelog, "2.0.0") == ""
