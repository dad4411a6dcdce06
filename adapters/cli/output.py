"""Output of commands: lines that fit the terminal, JSON that no terminal obeys, and progress."""

from __future__ import annotations

import json
import re
import textwrap
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from adapters.terminal.clean import clean, is_obeyed
from adapters.terminal.look import width_of

PATIENCE = 2.0  # seconds without a word that nobody minds, and between two words
_NOT_ASCII = re.compile(r"[^\x00-\x7e]")


def write_line(out: TextIO, text: str = "", *, rest: str = "") -> None:
    """Write one line, harmless; on a terminal wrapped, with `rest` before what follows.

    Through a pipe it stays one line: whoever reads it there may look for words.
    """
    plain = clean(text)
    lines = [plain]
    if out.isatty():
        lines = textwrap.wrap(
            plain,
            width_of(out),
            subsequent_indent=rest,
            drop_whitespace=True,
            break_long_words=False,
            break_on_hyphens=False,
        )
    out.write("\n".join(lines or [""]) + "\n")


def write_json(out: TextIO, document: object, *, indent: int | None = None) -> None:
    """Write a value, or what is JSON text already, with a line's end.

    What the encoding lacks is escaped, and so is what a terminal would obey: whoever parses it
    reads the same value.
    """

    def escaped(found: re.Match[str]) -> str:
        letter = found[0]
        try:
            letter.encode(out.encoding or "utf-8")
        except UnicodeEncodeError:
            return json.dumps(letter)[1:-1]
        return json.dumps(letter)[1:-1] if out.isatty() and is_obeyed(letter) else letter

    text = document
    if not isinstance(text, str):
        text = json.dumps(document, indent=indent, ensure_ascii=False)
    # Outside ASCII there is nothing but the insides of strings.
    out.write(_NOT_ASCII.sub(escaped, text) + "\n")


@contextmanager
def progress(err: TextIO, says: Callable[[], str]) -> Iterator[None]:
    """While inside, say on a terminal every two seconds how far it is; gone at the end."""
    if not err.isatty():
        yield
        return
    over = threading.Event()

    def tell() -> None:
        while not over.wait(PATIENCE):
            err.write(f"\r\x1b[K{clean(says())[: width_of(err) - 1]}")
            err.flush()
        err.write("\r\x1b[K")
        err.flush()

    telling = threading.Thread(target=tell, daemon=True, name="progress")
    telling.start()
    try:
        yield
    finally:
        over.set()
        telling.join()
