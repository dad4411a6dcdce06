"""A helper has two callers, or a name that says more than its body."""

from tests.structure.helpers import product, survey

CEILING = 8.0  # per 1,000 lines of code: it began at 26


def test_single_caller_helpers_do_not_become_more() -> None:
    found = survey(product())
    assert found.per_1000_lines() <= CEILING, "python -m tests.structure.helpers FOLDER lists them"


def test_what_counts_as_a_single_caller() -> None:
    module = '''"""Words."""

def _once(): return _twice()
def _twice(): return _twice()
def _never(): ...
def _elsewhere(): ...

class A:
    """Words
    of two lines.
    """
    def _put(self): ...
    def call(self): return self._put(), _once(), _twice()  # one line

class B:
    # only a comment
    def _put(self): ...
    def call(self): return self._put(), self._put()
'''
    found = survey({"a/one.py": module, "b/two.py": "from a.one import _elsewhere\n"})

    assert [name for _, _, name in found.helpers] == ["_once", "_elsewhere", "_put"]
    assert found.lines == {"a/one.py": 10, "b/two.py": 1}
    assert found.within("b").helpers == ()
