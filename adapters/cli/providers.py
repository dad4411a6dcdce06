"""`providers`: who can be watched, who is, and how it looks there now."""

from __future__ import annotations

import json
from typing import TextIO

from adapters.cli.current import current_view
from bot.catalog.catalog import load_catalog
from bot.catalog.providers import Provider
from bot.domain.page import Severity, worst
from bot.ports import Clock
from bot.settings import Settings
from bot.status.view import ProviderStatus, StatusView

_EMOJI = {
    Severity.UNKNOWN: "⚪",
    Severity.UP: "🟢",
    Severity.MAINTENANCE: "🔵",
    Severity.DEGRADED: "🟡",
    Severity.PARTIAL: "🟠",
    Severity.MAJOR: "🔴",
}


async def list_providers(settings: Settings, clock: Clock, out: TextIO, *, as_json: bool) -> None:
    """Write a line for each: those that the settings name with their state, then the others."""
    view = await current_view(settings, clock)
    whole = load_catalog()
    others = [one for id_, one in whole.providers.items() if id_ not in view.catalog.providers]
    if as_json:
        rows = [_row(view, one) for one in view.providers]
        rows += [{"name": name_of(one), "watched": False} | _about(one) for one in others]
        out.write(json.dumps(rows, ensure_ascii=False, indent=2) + "\n")
        return
    out.write("Watched:\n")
    for one in view.providers:
        provider = view.catalog.provider(one.provider)
        severity = severity_of(one)
        out.write(f"  {one.provider:14} {_EMOJI[severity]} {severity.words:15} {provider.page}\n")
        for verdict in one.verdicts:
            if verdict.severity not in (Severity.UP, severity) or (
                severity.rank > Severity.UP.rank and verdict.severity is severity
            ):
                out.write(f"      {verdict.surface}: {verdict.severity.words}\n")
        if one.failure:
            out.write(f"      cannot be read: {one.failure}\n")
    out.write("\nCan be watched (ISCLAUDEDOWN_PROVIDERS=claude,openai,bedrock/eu-west-1):\n")
    for other in others:
        out.write(f"  {name_of(other):22} {other.label:16} {other.page}\n")


def severity_of(status: ProviderStatus) -> Severity:
    """How bad it is at worst; unknown where that is all that is known."""
    severity = worst((verdict.severity for verdict in status.verdicts), default=Severity.UNKNOWN)
    unclear = any(verdict.severity is Severity.UNKNOWN for verdict in status.verdicts)
    return Severity.UNKNOWN if unclear and severity is Severity.UP else severity


def name_of(provider: Provider) -> str:
    """As the settings name it, with the word REGION where one is needed."""
    if all("{region}" in surface.id for surface in provider.surfaces) and provider.surfaces:
        return f"{provider.id}/REGION"
    return provider.id


def _about(provider: Provider) -> dict[str, object]:
    return {"label": provider.label, "page": provider.page, "kind": provider.kind}


def _row(view: StatusView, one: ProviderStatus) -> dict[str, object]:
    about = _about(view.catalog.provider(one.provider))
    return {
        "name": one.provider,
        "watched": True,
        **about,
        "severity": severity_of(one).value,
        "checked_at": one.checked_at.isoformat() if one.checked_at else None,
        "failure": one.failure,
        "surfaces": {verdict.surface: verdict.severity.value for verdict in one.verdicts},
    }
