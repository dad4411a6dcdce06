"""Checks what a message or view says against Slack's documented limits.

Each finding is one sentence. Sources: docs.slack.dev/reference/block-kit and
docs.slack.dev/messaging/formatting-message-text; the total is slackapi/bolt-js#2867.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
TOTAL_REFUSED, TOTAL_WISE = 9_597, 9_000
TEXT_WISE, TEXT_CUT = 4_000, 40_000
SECTION_TEXT, SECTION_FIELDS, FIELD_TEXT = 3_000, 10, 2_000
HEADER_TEXT, CONTEXT_ELEMENTS, ACTION_ELEMENTS = 150, 10, 25
BUTTON_TEXT, BUTTON_VALUE, OPTION_TEXT, OPTION_VALUE = 75, 2_000, 75, 150
OPTIONS, IDENTIFIER, VIEW_TITLE = 100, 255, 24
PRIVATE_METADATA, LABEL_TEXT, PLACEHOLDER = 3_000, 2_000, 150

MESSAGE_KINDS = {
    "actions", "context", "data_visualization", "divider", "header", "image", "markdown",
    "rich_text", "section", "table", "video",
}  # fmt: skip
VIEW_KINDS = MESSAGE_KINDS - {"markdown", "table"} | {"input"}
SELECTS = (
    "static_select", "multi_static_select", "checkboxes", "radio_buttons", "overflow",
)  # fmt: skip

ANGLE = re.compile(r"<([^<>]*)>")
HARMLESS = re.compile(
    r"^(?:!date\^\d+\^[^|^]+(?:\^https?://[^|]+)?\|.+|https?://.+|mailto:.+|#C\w+.*)$"
)
MENTION = re.compile(r"^(?:!(?:channel|here|everyone)\b.*|!subteam\^.*|@[UW]\w+.*)$")
BARE_AMPERSAND = re.compile(r"&(?!amp;|lt;|gt;)")
BARE_MENTION = re.compile(r"(?<![\w&;])@(?:channel|here|everyone)\b")


def mrkdwn_findings(text: str, allowed: set[str], where: str, *, verbatim: bool) -> Iterator[str]:
    """What is wrong with a text that Slack reads as mrkdwn: unasked pings, stray markup."""
    for token in ANGLE.findall(text):
        if MENTION.match(token):
            if token not in allowed and token.split("|")[0] not in allowed:
                yield f"{where}: mention <{token}> that nobody asked for"
        elif not HARMLESS.match(token):
            yield f"{where}: unescaped markup <{token[:40]}>"
    rest = ANGLE.sub("", text)
    if "<" in rest:
        yield f"{where}: unescaped <"
    if BARE_AMPERSAND.search(text):
        yield f"{where}: unescaped &"
    if not verbatim and BARE_MENTION.search(text):
        yield f"{where}: @channel without `verbatim`, which Slack may turn into a mention"


def texts(node: Any) -> Iterator[Json]:
    """Every text object below `node`."""
    if isinstance(node, dict):
        if node.get("type") in {"mrkdwn", "plain_text"} and "text" in node:
            yield node
        else:
            for value in node.values():
                yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def total_text(blocks: list[Json]) -> int:
    total = sum(len(str(t["text"])) for t in texts(blocks))
    return total + sum(len(str(b.get("text", ""))) for b in blocks if b.get("type") == "markdown")


def _sized(node: Any, limit: int, what: str, *, kinds: set[str] | None = None) -> Iterator[str]:
    if not isinstance(node, dict) or not isinstance(node.get("text"), str):
        yield f"{what}: not a text object"
        return
    if kinds and node.get("type") not in kinds:
        yield f"{what}: type {node.get('type')}"
    if not 1 <= len(node["text"]) <= limit:
        yield f"{what}: {len(node['text'])} characters, 1 to {limit} allowed"


def _element(element: Json, where: str) -> Iterator[str]:
    kind = element.get("type", "")
    here = f"{where}.{kind}"
    if len(element.get("action_id", "x")) not in range(1, IDENTIFIER + 1):
        yield f"{here}: action_id"
    if kind == "button":
        yield from _button(element, here)
    if "placeholder" in element:
        yield from _sized(element["placeholder"], PLACEHOLDER, f"{here}.placeholder")
    if kind in SELECTS:
        yield from _options(element, here)


def _button(element: Json, here: str) -> Iterator[str]:
    yield from _sized(element.get("text"), BUTTON_TEXT, here, kinds={"plain_text"})
    if len(element.get("value", "")) > BUTTON_VALUE:
        yield f"{here}: value too long"
    if element.get("style") not in {None, "primary", "danger"}:
        yield f"{here}: style"
    if len(element.get("url", "")) > 3_000:
        yield f"{here}: url too long"


def _options(element: Json, here: str) -> Iterator[str]:
    kind = element["type"]
    options = element.get("options", [])
    limit = 5 if kind == "overflow" else 10 if kind in SELECTS[2:4] else OPTIONS
    if not 1 <= len(options) <= limit:
        yield f"{here}: {len(options)} options"
    for option in options:
        yield from _sized(option.get("text"), OPTION_TEXT, f"{here}.option")
        if not 1 <= len(option.get("value", "")) <= OPTION_VALUE:
            yield f"{here}.option: value"
    chosen = element.get("initial_options", [])
    if "initial_options" in element and not chosen:
        yield f"{here}: empty initial_options"
    if "initial_option" in element:
        chosen = [*chosen, element["initial_option"]]
    if any(option not in options for option in chosen):
        yield f"{here}: an initial option is not among the options"


def _section(block: Json, where: str) -> Iterator[str]:
    if "text" not in block and "fields" not in block:
        yield f"{where}: neither text nor fields"
    if "text" in block:
        yield from _sized(block["text"], SECTION_TEXT, where)
    fields = block.get("fields", [])
    if len(fields) > SECTION_FIELDS or ("fields" in block and not fields):
        yield f"{where}: {len(fields)} fields"
    for one in fields:
        yield from _sized(one, FIELD_TEXT, f"{where}.field")
    if "accessory" in block:
        yield from _element(block["accessory"], where)


def _block(block: Json, where: str) -> Iterator[str]:
    match block["type"]:
        case "section":
            yield from _section(block, where)
        case "header":
            yield from _sized(block.get("text"), HEADER_TEXT, where, kinds={"plain_text"})
        case "context" | "actions":
            yield from _row(block, where)
        case "image":
            yield from _image(block, where)
        case "data_visualization":
            yield from _chart(block, where)
        case "input":
            yield from _input(block, where)
        case "markdown" if len(block.get("text", "")) > 12_000:
            yield f"{where}: over 12,000 characters"


def _chart(block: Json, where: str) -> Iterator[str]:
    """https://docs.slack.dev/reference/block-kit/blocks/data-visualization-block"""
    if not 1 <= len(block.get("title", "")) <= 50:
        yield f"{where}: title"
    chart = block.get("chart", {})
    series, categories = chart.get("series", []), chart.get("axis_config", {}).get("categories", [])
    if not 1 <= len(series) <= 6 or len({one["name"] for one in series}) != len(series):
        yield f"{where}: {len(series)} series, 1 to 6 allowed, each name once"
    if any(len(label) > 20 for label in categories):
        yield f"{where}: a category over 20 characters"
    for one in series:
        if [point["label"] for point in one["data"]] != categories:
            yield f"{where}: points that are no category"


def _input(block: Json, where: str) -> Iterator[str]:
    yield from _sized(block.get("label"), LABEL_TEXT, f"{where}.label", kinds={"plain_text"})
    yield from _element(block.get("element", {}), where)
    if "hint" in block:
        yield from _sized(block["hint"], LABEL_TEXT, f"{where}.hint", kinds={"plain_text"})


def _row(block: Json, where: str) -> Iterator[str]:
    elements = block.get("elements", [])
    limit = CONTEXT_ELEMENTS if block["type"] == "context" else ACTION_ELEMENTS
    if not 1 <= len(elements) <= limit:
        yield f"{where}: {len(elements)} elements, 1 to {limit} allowed"
    ids = [e["action_id"] for e in elements if "action_id" in e]
    if len(ids) != len(set(ids)):
        yield f"{where}: action_id twice"
    for element in elements:
        if block["type"] == "actions":
            yield from _element(element, where)
        elif element.get("type") == "image":
            yield from _image(element, where)
        else:
            yield from _sized(element, SECTION_TEXT, where, kinds={"mrkdwn", "plain_text"})


def _image(image: Json, where: str) -> Iterator[str]:
    if not 1 <= len(image.get("alt_text", "")) <= 2_000:
        yield f"{where}: alt_text"
    if len(image.get("image_url", "")) > 3_000:
        yield f"{where}: image_url"


def block_findings(blocks: Any, *, view: bool = False) -> Iterator[str]:
    """What Slack would answer `invalid_blocks` to, each as one sentence."""
    limit = VIEW_BLOCKS if view else MESSAGE_BLOCKS
    if not isinstance(blocks, list) or not all(isinstance(b, dict) for b in blocks):
        yield "blocks are no list of objects"
        return
    if len(blocks) > limit:
        yield f"{len(blocks)} blocks, {limit} allowed"
    seen: set[str] = set()
    for n, block in enumerate(blocks):
        if block.get("type") not in (VIEW_KINDS if view else MESSAGE_KINDS):
            yield f"block {n}: type {block.get('type')!r}"
            continue
        name = block.get("block_id", "")
        if len(name) > IDENTIFIER or (name and name in seen):
            yield f"block {n}: block_id {name[:20]!r} too long or twice"
        seen.add(name)
        yield from _block(block, f"block {n} ({block['type']})")


def view_findings(view: Json) -> Iterator[str]:
    """What views.open, .update and .publish would refuse."""
    kind = view.get("type")
    if kind not in {"modal", "home"}:
        yield f"view type {kind!r}"
    if kind == "modal":
        for name in ("title", "submit", "close"):
            if name in view or name == "title":
                yield from _sized(view.get(name), VIEW_TITLE, f"view.{name}", kinds={"plain_text"})
        if "submit" not in view and any(b.get("type") == "input" for b in view.get("blocks", [])):
            yield "a view with input blocks needs `submit`"
    if len(view.get("private_metadata", "")) > PRIVATE_METADATA:
        yield "private_metadata over 3000 characters"
    if len(view.get("callback_id", "")) > IDENTIFIER:
        yield "callback_id over 255 characters"
    yield from block_findings(view.get("blocks"), view=True)


def inert_findings(text: str, blocks: list[Json], allowed: set[str]) -> Iterator[str]:
    """Mentions and markup in the fallback text and in every mrkdwn of the blocks."""
    yield from mrkdwn_findings(text, allowed, "text", verbatim=True)
    for node in texts(blocks):
        if node["type"] == "mrkdwn":
            verbatim = bool(node.get("verbatim"))
            yield from mrkdwn_findings(str(node["text"]), allowed, "mrkdwn", verbatim=verbatim)
