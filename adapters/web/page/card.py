"""The picture that a pasted link shows: the answer of this moment, as a PNG.

Only where Pillow is installed (`isclaudedown[pictures]`); else pages name no picture.
"""

from __future__ import annotations

import asyncio
import io
from functools import lru_cache
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from adapters.chat.text import clean
from adapters.pictures import HAS_PICTURES
from adapters.web.endpoint import Endpoint
from adapters.web.page.badge import COLOURS
from bot.domain.page import Severity
from bot.messages.answer import answer_message

if TYPE_CHECKING:
    from adapters.web.app import Web

WIDTH, HEIGHT = 1200, 630  # https://ogp.me and what most who unfold links ask for
_EDGE = 90
_LINES = 5


async def card(web: Web, request: Request) -> Response:
    """The present answer as a picture."""
    if not HAS_PICTURES:
        raise HTTPException(404)
    view = await web.status.view()
    message = answer_message(view)
    label = view.catalog.provider(view.providers[0].provider).label
    severity = message.severity or Severity.UNKNOWN
    drawing = asyncio.to_thread(drawn, f"Is {label} down?", clean(message.plain), severity)
    cache = "public, max-age=60"
    return web.site.respond(request, await drawing, "image/png", cache=cache, for_all=True)


@lru_cache(maxsize=8)
def drawn(question: str, answer: str, severity: Severity) -> bytes:
    """Return a PNG of some 15 kB."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - 7 MB, where it is installed

    picture = Image.new("RGB", (WIDTH, HEIGHT), "#fffefb")
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, 36, HEIGHT), fill=COLOURS[severity])
    pen.text((_EDGE, 70), question, fill="#5b574e", font=ImageFont.load_default(40))
    font = ImageFont.load_default(64)
    head, _, rest = answer.partition(". ")
    lines = [f"{head}.", ""]
    for word in rest.split():  # as many to a line as fit the picture
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > WIDTH - 2 * _EDGE and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    for number, line in enumerate(lines[:_LINES]):
        colour = COLOURS[severity] if number == 0 else "#1f1e1b"
        pen.text((_EDGE, 150 + 82 * number), line, fill=colour, font=font)
    pen.text((_EDGE, HEIGHT - 80), "isclaudedown", fill="#5b574e", font=ImageFont.load_default(32))
    packed = io.BytesIO()
    picture.quantize(32).save(packed, "PNG", optimize=True)
    return packed.getvalue()


CARDS = (Endpoint("/card.png", "The present answer as a picture", card),)
