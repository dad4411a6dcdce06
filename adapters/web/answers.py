"""What the API answers, as JSON: verdicts with advice, and the scoreboard. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from bot.evidence.scoreboard import Scoreboard, ScoreResult
from bot.status.advice import Advice, Do, advice
from bot.status.document import document, stamp
from bot.status.view import StatusView


def verdict_body(view: StatusView, surfaces: Collection[str], draw: float) -> dict[str, Any]:
    """As `ask --json` has it, with the advice for each surface.

    `surfaces`: these alone (none: all); `draw`: a random number from 0 to 1, for the jitter.
    """
    body = document(view, surfaces)
    for entry in body["verdicts"]:
        entry["retry"] = _retry(advice(view, entry["surface"], draw))
    return body


def _retry(advised: Advice | None) -> dict[str, Any] | None:
    if advised is None:
        return None
    return {
        "do": advised.do.value,
        "wait": _seconds(advised.wait),
        "retry_after": _seconds(advised.retry_after),
        "use": list(advised.use),
    }


def retry_after(body: dict[str, Any]) -> int:
    """The longest wait that any of its surfaces needs; 0 if all may be retried now."""
    advised = [entry["retry"] for entry in body["verdicts"] if entry["retry"]]
    return max((a["retry_after"] for a in advised if a["do"] != Do.NOW.value), default=0)


def etag(body: dict[str, Any]) -> str:
    """Changes when anything does but the time: ages, moments of looking and jitter do not count."""
    return f'W/"{hashlib.sha256(json.dumps(_lasting(body)).encode()).hexdigest()[:20]}"'


_PASSING = frozenset({"at", "age", "checked_at", "retry_after"})


def _lasting(value: object) -> object:
    if isinstance(value, dict):
        return {name: _lasting(v) for name, v in sorted(value.items()) if name not in _PASSING}
    if isinstance(value, list):
        return [_lasting(entry) for entry in value]
    return value


def scoreboard_body(board: Scoreboard) -> dict[str, Any]:
    return {
        "counts": {result.value: board.count(result) for result in ScoreResult},
        "median_lead": None if board.median_lead is None else _seconds(board.median_lead),
        "entries": [
            {
                "incident": entry.incident,
                "title": entry.title,
                "result": entry.result.value,
                "started_at": stamp(entry.started_at),
                "surfaces": list(entry.surfaces),
                "ahead": None if entry.ahead is None else _seconds(entry.ahead),
            }
            for entry in board.entries
        ],
    }


def _seconds(length: timedelta) -> int:
    return round(length.total_seconds())
