"""Recordings as a test writes them, and what is read back of them."""

import json
from pathlib import Path
from typing import Any

from adapters.providers.recording import Observation, open_recording
from bot.catalog.catalog_file import load_catalog
from bot.domain.page import Snapshot

CATALOG = load_catalog()
PAGE = {"id": "tymt9n04zgry", "name": "Claude", "updated_at": "2026-07-01T12:00:00Z"}
API = {"id": "k8w3r06qmzrp", "name": "Claude API (api.anthropic.com)", "status": "operational"}
SUMMARY = {"page": PAGE, "components": [API], "incidents": [], "scheduled_maintenances": []}


def said(id_: str, at: str, phase: str, before: str = "", after: str = "") -> dict[str, Any]:
    moved = [{"code": API["id"], "name": API["name"], "old_status": before, "new_status": after}]
    return {
        "id": id_,
        "status": phase,
        "body": id_,
        "created_at": f"2026-07-01T{at}Z",
        "display_at": f"2026-07-01T{at}Z",
        "affected_components": moved if before else None,
    }


def incident(id_: str, *updates: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Updates newest first, as on the page."""
    return {
        "id": id_,
        "name": "Trouble",
        "status": updates[0]["status"],
        "impact": "major",
        "created_at": updates[-1]["created_at"],
        "updated_at": "2026-07-20T10:00:00Z",
        "resolved_at": updates[0]["created_at"] if updates[0]["status"] == "resolved" else None,
        "page_id": PAGE["id"],
        "incident_updates": list(updates),
        "components": [],
    } | more


OVER = incident(
    "i",
    said("u2", "12:30:00", "resolved"),
    said("u1", "12:00:00", "investigating", "operational", "partial_outage"),
)


def polls(path: Path, *lines: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def poll(minute: int, body: object = None, **more: Any) -> dict[str, Any]:
    line = {
        "observed_at": f"2026-07-01T12:{minute:02}:00Z",
        "body": SUMMARY if body is None else body,
    }
    return line | more


def seen(path: Path) -> list[Observation]:
    return list(open_recording(path, CATALOG).observations)


def only_snapshots(path: Path) -> list[Snapshot]:
    return [what for _, what in seen(path) if isinstance(what, Snapshot)]
