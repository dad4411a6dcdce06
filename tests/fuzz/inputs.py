"""How many examples, and what they are made of."""

from __future__ import annotations

import json
import os
from typing import Final

import orjson
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

_EXAMPLES: Final = os.environ.get("FUZZ_EXAMPLES")


def bounded(few: int) -> settings:
    """So many examples, the same ones each time; `FUZZ_EXAMPLES` makes it more, and others."""
    return settings(
        max_examples=int(_EXAMPLES or few),
        derandomize=_EXAMPLES is None,
        database=None,
        deadline=None,
        # One server answers all examples of a test: that is what has to survive them.
        suppress_health_check=list(HealthCheck),
    )


# What has broken readers before: markup that does not end, control characters, other alphabets.
HOSTILE = st.sampled_from(
    [
        "",
        " ",
        "\x00",
        "\x1b]0;title\x07",
        "\u202etxet",
        "\ud83d",
        "<!channel> @everyone <@U1>",
        "<![ ",
        "<a " * 2_000,
        "<!--" * 2_000,
        "[" * 2_000,
        "\u0301" * 500,
        "👩‍👩‍👧‍👦" * 300,
        "9" * 400,
        "-1",
        "NaN",
        "0000-00-00T00:00:00Z",
        "9999-12-31T23:59:59+23:59",
        "javascript:alert(1)",
        "../../etc/passwd",
    ]
)
TEXTS = st.one_of(HOSTILE, st.text(max_size=40))
NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False), st.just(10**400))
ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)


def is_readable(value: object) -> bool:
    """Whether a frame with this in it is JSON to Discord's clients at all."""
    try:
        orjson.loads(json.dumps(value))
    except ValueError:
        return False
    return True


READABLE = ANYTHING.filter(is_readable)
