"""Alerts and dashboard, read by Prometheus's own tool, against what the program measures."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.end_to_end.harness import until
from tests.integrations.ci import instance
from tests.integrations.other_sides import ROOT, tool

ALERTS = ROOT / "integrations" / "prometheus" / "alerts.yml"
ALERT_TESTS = ROOT / "tests" / "integrations" / "prometheus_alerts_test.yml"
DASHBOARD = ROOT / "integrations" / "grafana" / "dashboard.json"


def promtool(*words: str, where: Path, given: str = "") -> None:
    ran = subprocess.run(
        [tool("promtool"), *words],
        cwd=where,
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def rules() -> list[dict[str, Any]]:
    read = YAML(typ="safe").load(ALERTS)
    return [rule for group in read["groups"] for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return read


def queries() -> list[str]:
    return [target["expr"] for panel in dashboard()["panels"] for target in panel["targets"]]


def test_each_alert_comes_when_it_should_and_not_otherwise(tmp_path: Path) -> None:
    shutil.copy(ALERTS, tmp_path / "alerts.yml")
    shutil.copy(ALERT_TESTS, tmp_path / "test.yml")
    promtool("check", "rules", "alerts.yml", where=tmp_path)
    promtool("test", "rules", "test.yml", where=tmp_path)


def test_each_alert_has_a_test() -> None:
    told = YAML(typ="safe").load(ALERT_TESTS)
    tested = {
        case["alertname"]
        for group in told["tests"]
        for case in group["alert_rule_test"]
        if case["exp_alerts"]
    }
    assert tested == {rule["alert"] for rule in rules()}


async def test_alerts_and_dashboard_ask_for_what_is_measured(tmp_path: Path) -> None:
    asked = [*queries(), *(rule["expr"] for rule in rules())]
    # One probe of an address that nobody listens on, so that there is a result.
    probe = tmp_path / "probes.toml"
    probe.write_text(
        '[[claude.probe]]\nname = "nobody"\nurl = "http://127.0.0.1:9/"\nkind = "api"\n'
        'surfaces = ["api"]\n'
    )
    more = {"ISCLAUDEDOWN_PROBES": "on", "ISCLAUDEDOWN_PROBE_FILE": str(probe)}
    async with instance(tmp_path, ISCLAUDEDOWN_PROBE_SECONDS="0.2", **more) as running:

        async def probed() -> bool:
            return "isclaudedown_probe_success{" in (await running.http.get("/metrics")).text

        await until(probed)
        measured = (await running.http.get("/metrics")).text
    await asyncio.to_thread(promtool, "check", "metrics", where=tmp_path, given=measured)
    for expression in asked:
        known = {"instance", "job"}  # Prometheus adds these
        for name, chosen in re.findall(r"\b((?:isclaudedown|process)_\w+)(\{[^}]*\})?", expression):
            samples = re.findall(rf"^{name}(?:\{{.*\}})? \S+$", measured, re.MULTILINE)
            assert samples, f"{name} is not measured"
            labels = set(re.findall(r'(\w+)=~?"', chosen))
            assert labels <= set(re.findall(r'(\w+)="', samples[0])), expression
            known |= set(re.findall(r'(\w+)="', samples[0]))
        grouped = set(re.findall(r"\w+", " ".join(re.findall(r"by \(([^)]*)\)", expression))))
        assert grouped <= known, f"{expression}: grouped by what no sample has"
    outcomes = set(re.findall(r'isclaudedown_deliveries_total\{.*outcome="(\w+)"', measured))
    assert {"failed", "refused"} <= outcomes


def test_every_query_of_the_dashboard_can_be_read(tmp_path: Path) -> None:
    known = {"$__rate_interval": "5m", "$provider": ".*"}
    rows = []
    for number, query in enumerate(queries()):
        for variable, value in known.items():
            query = query.replace(variable, value)  # noqa: PLW2901
        assert "$" not in query, "a variable that the dashboard does not have"
        rows.append({"record": f"q{number}", "expr": query})
    told = json.dumps({"groups": [{"name": "dashboard", "rules": rows}]})
    (tmp_path / "queries.json").write_text(told)
    promtool("check", "rules", "queries.json", where=tmp_path)


def test_the_dashboard_loads_without_edits() -> None:
    board = dashboard()
    assert board["id"] is None
    assert "__inputs" not in board, "those would be asked for at import"
    (source, provider) = board["templating"]["list"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    assert provider["datasource"] == chosen
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["datasource"] == chosen
        assert all(target["datasource"] == chosen for target in panel["targets"])
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    for one, other in combinations((panel["gridPos"] for panel in panels), 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, (one, other)
