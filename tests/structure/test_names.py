"""A class name stands for one thing."""

import ast
from collections import Counter

from tests.structure.helpers import product

# The same part of Slack and of Discord.
SAME_PART = {"Rendered", "_Piece"}


def test_no_class_name_of_the_product_stands_twice() -> None:
    names = Counter(
        node.name
        for text in product().values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
    )
    assert {name for name, count in names.items() if count > 1} <= SAME_PART
