"""Two thousand damaged pages of every format: none raises, and none is called down for it.

Without Hypothesis, which would need minutes for so many; a failing page is made again by its
number. `make fuzz` tries other ones, and as many as it is told.
"""

from __future__ import annotations

import json
import os
import random
import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from xml.sax.saxutils import escape

import pytest

from bot.domain.errors import SourceError
from bot.domain.page import Severity, Snapshot, worst
from tests.damage import places
from tests.unit.providers.samples import SAMPLES, Sample, polled

PAGES = max(2000, int(os.environ.get("FUZZ_EXAMPLES", "0")))
SEED = random.randrange(10**9) if "FUZZ_EXAMPLES" in os.environ else 20261121
# An event of AWS may be worse than the service in it, and counts where that says nothing.
WORST = {"aws": Severity.MAJOR}
# What stands in place of something: nothing that any page means anything by.
ODD: tuple[Any, ...] = (
    None, True, False, "", " ", "\x00", "zq", "ZQ_OUTAGEISH", "zq zq", "\ud83d", "[" * 50,
    "🤷" * 40, [], {}, [None], [[]], {"": None}, {"zq": 1}, -1, 10**30, 1e308, 9.5, "9" * 50,
    "-7", "0000-00-00T00:00:00Z", "9999-12-31T23:59:59+23:59", "1970-01-01T00:00:00Z", "<b>zq",
    "</item>",
)  # fmt: skip


def damaged(value: object, rng: random.Random) -> object:
    """The document with one place of it replaced, taken away, doubled or moved."""
    if isinstance(value, str):
        return damaged_feed(value, rng)
    copy: Any = deepcopy(value)
    *path, key = rng.choice(list(places(copy)))
    holder = copy
    for step in path:
        holder = holder[step]
    way = rng.randrange(4)
    if way == 0:
        del holder[key]
    elif way == 1 and isinstance(holder, list):
        holder.append(deepcopy(holder[key]))
    elif way == 2 and isinstance(holder, list):
        holder.insert(0, holder.pop(key))
    else:
        holder[key] = rng.choice(ODD)
    return copy


def damaged_feed(text: str, rng: random.Random) -> str:
    """The feed with one of its texts replaced; now and then with a tag broken."""
    if rng.random() < 0.1:
        at = rng.randrange(len(text))
        return text[:at] + rng.choice(["", "<", "&", "]]>", "\x00"]) + text[at + rng.randrange(9) :]
    words = rng.choice(list(re.finditer(r"(?<=>)[^<>]+(?=<)", text)))
    odd = rng.choice([one for one in ODD if isinstance(one, str)])
    return text[: words.start()] + escape(odd) + text[words.end() :]


def page_of(sample: Sample, rng: random.Random, *, trouble: bool, times: int) -> dict[str, bytes]:
    documents = dict(sample.trouble if trouble else sample.quiet)
    for _ in range(times):
        path = rng.choice(sorted(documents))
        value = documents[path]
        if isinstance(value, str) or list(places(value)):
            documents[path] = damaged(value, rng)
    bodies = {path: bytes_of(value, sample.encoding) for path, value in documents.items()}
    if times > 1 and rng.random() < 0.3:  # on the way, too
        path = rng.choice(sorted(bodies))
        at = rng.randrange(len(bodies[path]) + 1)
        bodies[path] = bodies[path][:at] + rng.randbytes(rng.randrange(8)) + bodies[path][at + 3 :]
    return bodies


def bytes_of(value: object, encoding: str) -> bytes:
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode(encoding, "surrogatepass" if encoding == "utf-8" else "replace")


async def seen(sample: Sample, bodies: Mapping[str, bytes]) -> Snapshot | None:
    """What is read; None: it is no answer. Anything else that is raised fails the test."""
    try:
        return await polled(sample, bodies)
    except SourceError:
        return None


@pytest.mark.timeout(600)
@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
async def test_damage_raises_nothing_and_makes_nothing_worse_than_it_was(sample: Sample) -> None:
    rng = random.Random(f"{SEED}/{sample.kind}")
    read = 0
    for number in range(PAGES):
        bodies = page_of(sample, rng, trouble=True, times=rng.randrange(1, 4))
        snapshot = await seen(sample, bodies)
        if snapshot is None:
            continue
        read += 1
        ids = [component.id for component in snapshot.components]
        assert len(ids) == len(set(ids)), f"page {number} of {SEED}"
        bad = worst(component.severity for component in snapshot.components)
        assert bad.rank <= WORST.get(sample.kind, sample.severity).rank, f"page {number} of {SEED}"
    assert read > PAGES / 10  # else nothing would have been tried


@pytest.mark.timeout(600)
@pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
async def test_no_damage_to_a_quiet_page_says_down(sample: Sample) -> None:
    rng = random.Random(f"{SEED}/{sample.kind}/quiet")
    for number in range(PAGES):
        bodies = page_of(sample, rng, trouble=False, times=1)
        snapshot = await seen(sample, bodies)
        found = snapshot.components if snapshot else ()
        down = [one for one in found if one.severity.rank > Severity.UP.rank]
        assert down == [], f"page {number} of {SEED}: {bodies}"
