"""Values that are broken in some place, for tests of whatever reads what others wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st


def places(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything inside a JSON value."""
    inner: Any = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, child in inner:
        yield (*path, key)
        yield from places(child, (*path, key))


def mutated(document: object, data: st.DataObject, values: st.SearchStrategy[object]) -> object:
    """The document with one thing in it replaced, or taken away."""
    copy: Any = json.loads(json.dumps(document))
    ways = list(places(copy))
    if not ways:
        return data.draw(values)
    way = data.draw(st.sampled_from(ways))
    holder = copy
    for step in way[:-1]:
        holder = holder[step]
    if isinstance(holder, dict) and data.draw(st.booleans()):
        del holder[way[-1]]
    else:
        holder[way[-1]] = data.draw(values)
    return copy
