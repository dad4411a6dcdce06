"""`config`: which settings are in force, and where each comes from."""

from __future__ import annotations

from dataclasses import asdict
from typing import TextIO

from adapters.cli.output import write_json, write_line
from bot.settings import Settings


def show_settings(settings: Settings, out: TextIO, *, as_json: bool) -> None:
    """Write one line a setting: name, value (of a secret only whether it is set), origin."""
    rows = sorted(settings.effective(), key=lambda one: one.name)
    if as_json:
        document = {"settings": [asdict(one) for one in rows], "odd": settings.oddities}
        write_json(out, document, indent=2)
        return
    width = max(len(one.name) for one in rows)
    for one in rows:
        origin = f"  ({one.origin})" if one.origin != "default" else ""
        write_line(out, f"{one.name:{width}}  {one.value or '-'}{origin}", rest=" " * 4)
    for sentence in settings.oddities:
        write_line(out, f"! {sentence}", rest="  ")
