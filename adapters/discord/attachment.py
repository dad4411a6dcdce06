"""Files that go with a message: a chart as a picture, told in words for those who do not see it.

https://docs.discord.com/developers/reference#uploading-files
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp
import orjson

from adapters.chat.http import Json
from adapters.chat.text import clean
from adapters.pictures import HAS_PICTURES, drawn
from bot.domain.chart import Chart

PICTURE = "picture.png"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A PNG; `words` are its alternative text (at most 1,024 characters)."""

    name: str
    data: bytes
    words: str


async def picture_of(chart: Chart | None) -> Attachment | None:
    """Draw a chart; None: there is none, or nothing to draw with."""
    if chart is None or not HAS_PICTURES:
        return None
    return Attachment(PICTURE, await asyncio.to_thread(drawn, chart), clean(chart.alt))


def showing(body: Json, attachment: Attachment) -> Json:
    """Return a message that shows the picture in its last embed."""
    *before, last = body["embeds"]
    shown = {**last, "image": {"url": f"attachment://{attachment.name}"}}
    return {**body, "embeds": [*before, shown]}


def form_of(body: Json, attachment: Attachment) -> aiohttp.FormData:
    """Return a message with its file as a form; the message's JSON names it by its number."""
    described = {"id": "0", "filename": attachment.name, "description": attachment.words}
    packed = orjson.dumps({**body, "attachments": [described]}).decode()
    form = aiohttp.FormData()
    form.add_field("payload_json", packed, content_type="application/json")
    form.add_field("files[0]", attachment.data, filename=attachment.name, content_type="image/png")
    return form
