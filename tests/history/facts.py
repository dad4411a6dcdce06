"""Real incidents rebuilt from their facts (`claude_2026.txt`), without a word of their texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

_COMPONENTS = {
    "A": ("rwppv331jlwc", "claude.ai"),
    "P": ("0qbwn08sd68x", "Claude Console (platform.claude.com)"),
    "K": ("k8w3r06qmzrp", "Claude API (api.anthropic.com)"),
    "C": ("yyzkbfz2thpt", "Claude Code"),
    "W": ("bpp5gb3hpjcl", "Claude Cowork"),
}
_STATES = ("operational", "degraded_performance", "partial_outage", "major_outage")


def claude_2026() -> dict[str, Any]:
    """An `incidents.json` of them: updates newest first, as the page gives them."""
    incidents: list[dict[str, Any]] = []
    for line in (Path(__file__).parent / "claude_2026.txt").read_text().splitlines():
        if line.startswith("  "):
            incidents[-1]["incident_updates"].insert(0, _update(line.split()))
        elif line and not line.startswith("#"):
            incidents.append(_incident(line.split()))
    for incident in incidents:
        incident["status"] = incident["incident_updates"][0]["status"]
    return {"page": {"id": "tymt9n04zgry", "name": "Claude"}, "incidents": incidents}


def _incident(words: list[str]) -> dict[str, Any]:
    names = ("id", "impact", "created_at", "started_at", "resolved_at", "updated_at")
    return {
        **dict(zip(names, words, strict=True)),
        "name": "Elevated errors",
        "incident_updates": [],
    }


def _update(words: list[str]) -> dict[str, Any]:
    id_, phase, created, displayed, *moves = words
    return {
        "id": id_,
        "status": phase,
        "body": f"words of {id_}",
        "created_at": created,
        "display_at": created if displayed == "-" else displayed,
        "affected_components": [_move(move) for move in moves] or None,
    }


def _move(move: str) -> dict[str, str]:
    name, _, states = move.partition(":")
    before, _, after = states.partition(">")
    code, title = _COMPONENTS[name]
    return {
        "code": code,
        "name": title,
        "old_status": _STATES[int(before)],
        "new_status": _STATES[int(after)],
    }
