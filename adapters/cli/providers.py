"""`providers` lists who can be watched, who is, and how it looks there now."""

from __future__ import annotations

from typing import TextIO

from adapters.cli.current import current_view
from adapters.cli.output import write_json, write_line
from bot.catalog.catalog_file import load_catalog
from bot.catalog.providers import Provider
from bot.domain.message import EMOJI
from bot.domain.page import Severity, worst
from bot.ports import Clock
from bot.settings import Settings
from bot.status.view import ProviderStatus


async def list_providers(settings: Settings, clock: Clock, out: TextIO, *, as_json: bool) -> None:
    """Write a line for each: those that the settings name with their state, then the others."""
    view = await current_view(settings, clock)
    whole = load_catalog()
    others = [one for id_, one in whole.providers.items() if id_ not in view.catalog.providers]
    if as_json:
        rows: list[dict[str, object]] = [
            {
                "name": one.provider,
                "watched": True,
                **_about(view.catalog.provider(one.provider)),
                "severity": severity_of(one).value,
                "checked_at": one.checked_at.isoformat() if one.checked_at else None,
                "failure": one.failure,
                "surfaces": {verdict.surface: verdict.severity.value for verdict in one.verdicts},
            }
            for one in view.providers
        ]
        rows += [{"name": name_of(one), "watched": False} | _about(one) for one in others]
        write_json(out, rows, indent=2)
        return
    write_line(out, "Watched:")
    for one in view.providers:
        provider = view.catalog.provider(one.provider)
        severity = severity_of(one)
        row = f"  {one.provider:14} {EMOJI[severity]} {severity.words:15} {provider.page}"
        write_line(out, row, rest=" " * 6)
        for verdict in one.verdicts:
            if verdict.severity not in (Severity.UP, severity) or (
                severity.rank > Severity.UP.rank and verdict.severity is severity
            ):
                write_line(out, f"      {verdict.surface}: {verdict.severity.words}")
        if one.failure:
            write_line(out, f"      cannot be read: {one.failure}", rest=" " * 8)
    write_line(out)
    write_line(out, "Can be watched (ISCLAUDEDOWN_PROVIDERS=claude,openai,bedrock/eu-west-1):")
    for other in others:
        write_line(out, f"  {name_of(other):22} {other.label:16} {other.page}", rest=" " * 6)


def severity_of(status: ProviderStatus) -> Severity:
    """Return how bad it is at worst; unknown where that is all that is known."""
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
