"""Bodies of requests that post or change a message: a message is rendered once for all channels."""

from __future__ import annotations

from weakref import WeakKeyDictionary

from adapters.chat.http import Json
from adapters.discord.markup import mention_parts
from adapters.discord.render import Rendered, body_of, has_thread_link, marked, render
from bot.domain.message import Message
from bot.domain.subscription import Channel

# Keys of what is never looked for: it is said once, best effort.
_UNMARKED = ("say/", "welcome/", "test/")


class Bodies:
    """The same message goes to many channels; what differs is its mark and who is called."""

    def __init__(self) -> None:
        self._rendered: WeakKeyDictionary[Message, Rendered] = WeakKeyDictionary()

    def of(self, channel: Channel, message: Message, key: str, mention: str | None = None) -> Json:
        """Return the body, marked with its delivery key where it may be looked for later."""
        rendered = self._rendered.get(message)
        if rendered is None and has_thread_link(message):  # such a message is one channel's own
            rendered = render(message, int(channel.tenant) if channel.tenant.isdigit() else None)
        elif rendered is None:
            rendered = self._rendered[message] = render(message)
        body = body_of(rendered if key.startswith(_UNMARKED) else marked(rendered, key))
        in_front, body["allowed_mentions"] = mention_parts(mention)
        body["content"] = f"{in_front}{body['content']}"
        return body
