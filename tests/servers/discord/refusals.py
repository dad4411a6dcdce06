"""Discord's refusals: an HTTP status with a JSON code.

https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
"""

from typing import Any, Final

TEXTS: Final[dict[int, tuple[int, str]]] = {
    0: (401, "401: Unauthorized"),
    10003: (404, "Unknown Channel"),
    10004: (404, "Unknown Guild"),
    10008: (404, "Unknown Message"),
    10015: (404, "Unknown Webhook"),
    10062: (404, "Unknown interaction"),
    10063: (404, "Unknown application command"),
    20022: (429, "This message cannot be edited due to announcement rate limits."),
    20028: (
        429,
        "The write action you are performing on the channel has hit the write rate limit.",
    ),
    20029: (429, "The write action you are performing on the server has hit the write rate limit."),
    30003: (400, "Maximum number of pins reached for the channel (250)"),
    30034: (400, "Max number of daily application command creates has been reached (200)"),
    30046: (429, "Maximum number of edits to messages older than 1 hour reached."),
    40005: (413, "Request entity too large"),
    40033: (400, "This message has already been crossposted."),
    40058: (403, "Cannot message this thread until after the post author has posted."),
    40060: (400, "Interaction has already been acknowledged."),
    40062: (429, "Service resource is being rate limited."),
    40067: (400, "A tag is required to create a forum post in this channel"),
    40333: (403, "internal network error"),
    50001: (403, "Missing Access"),
    50005: (403, "Cannot edit a message authored by another user"),
    50006: (400, "Cannot send an empty message"),
    50008: (400, "Cannot send messages in a non-text channel"),
    50013: (403, "Missing Permissions"),
    50014: (401, "Invalid authentication token provided"),
    50021: (403, "Cannot execute action on a system message"),
    50024: (400, "Cannot execute action on this channel type"),
    50027: (401, "Invalid Webhook Token"),
    50035: (400, "Invalid Form Body"),
    50083: (400, "Thread is archived"),
    50109: (400, "The request body contains invalid JSON."),
    110001: (503, "API resource is currently overloaded. Try again a little later"),
    130000: (503, "API resource is currently overloaded. Try again a little later"),
    160002: (403, "Cannot reply without permission to read message history"),
    160004: (400, "A thread has already been created for this message"),
    160005: (403, "Thread is locked"),
    160006: (400, "Maximum number of active threads reached"),
    160007: (400, "Maximum number of active announcement threads reached"),
    200000: (400, "Message was blocked by automatic moderation"),
}


class Refused(Exception):
    """The request is answered with this error, as Discord would."""

    def __init__(self, code: int, detail: str = "", **more: Any) -> None:
        self.status, self.text = TEXTS[code]
        self.code = code
        self.more = more
        if detail:
            self.text = f"{self.text} ({detail})" if code != 50035 else self.text
            if code == 50035:
                self.more.setdefault(
                    "errors", {"_errors": [{"code": "INVALID", "message": detail}]}
                )
        super().__init__(f"{self.status} {code} {self.text} {detail}")

    def body(self) -> dict[str, Any]:
        scope = {"global": False} if self.status == 429 else {}
        return {"message": self.text, "code": self.code, **scope, **self.more}
