"""The tree in docs/design.md is the tree of the folders."""

from tests.structure.tree import PAGE, printed, tree


def test_the_design_prints_the_tree_as_it_is() -> None:
    assert printed(PAGE.read_text()) == tree(), "write it anew: python -m tests.structure.tree"
