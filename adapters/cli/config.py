"""`config`: which settings are in force, and where each comes from."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TextIO

from bot.settings import Settings


def show_settings(settings: Settings, out: TextIO, *, as_json: bool) -> None:
    """Write one line a setting: name, value (of a secret only whether it is set), origin."""
    rows = sorted(settings.effective(), key=lambda one: one.name)
    if as_json:
        document = {"settings": [asdict(one) for one in rows], "misspelt": settings.misspelt}
        out.write(json.dumps(document, indent=2) + "\n")
        return
    width = max(len(one.name) for one in rows)
    for one in rows:
        origin = f"  ({one.origin})" if one.origin != "default" else ""
        out.write(f"{one.name:{width}}  {one.value or '-'}{origin}\n")
    for sentence in settings.misspelt:
        out.write(f"! {sentence}\n")
