"""`incident`: one incident of the past or the present, for people and for a post-mortem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from adapters.cli.past import past_now
from adapters.terminal import render as terminal
from adapters.terminal.look import look_of
from bot.domain.errors import WrongWords
from bot.messages.history import incident_message
from bot.messages.report import report_markdown
from bot.ports import Clock
from bot.settings import Settings
from bot.status.document import incident_history
from bot.status.report_document import report_document


async def incident(
    settings: Settings, words: Sequence[str], clock: Clock, out: TextIO, *, as_json: bool
) -> None:
    """Print the incident that the first word names by its id or key.

    Raises:
        WrongWords: nothing is known of it, or another word than `report` follows.
    """
    wanted, *more = words
    if more and more != ["report"]:
        raise WrongWords(
            f"{more[0]!r} means nothing here; write: incident ID, or incident ID report"
        )
    past, failures = await past_now(settings, clock)
    found = await past.incident(wanted)
    if found is None:
        why = f" ({failures[0]})" if failures else ""
        raise WrongWords(f"no incident {wanted!r} is known{why}")
    now = clock()
    if more:
        said = report_markdown(found, now, past.catalog)
        out.write(report_document(found, now, said).model_dump_json() + "\n" if as_json else said)
    elif as_json:
        out.write(incident_history(found).model_dump_json() + "\n")
    else:
        message = incident_message(found, now, past.catalog)
        out.write(terminal.root(message, look_of(out, now)))
