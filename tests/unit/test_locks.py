"""The lock files: whole, checked by hashes, and at home on any index."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = [
    "requirements.lock",
    "requirements-build.lock",
    "requirements-dev.lock",
    "requirements-docs.lock",
]


def pinned(lock: str) -> dict[str, str]:
    """Return what a lock file holds: name → version."""
    found = re.findall(r"^([a-z0-9-]+)==(\S+)", (ROOT / lock).read_text(), re.MULTILINE)
    return dict(found)


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_no_folder(lock: str) -> None:
    for line in (ROOT / lock).read_text().splitlines():
        assert re.fullmatch(r"#.*|    +#.*|    +--hash=sha256:.*|[a-z0-9-]+==\S+ .*\\", line), line


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_has_a_hash(lock: str) -> None:
    text = (ROOT / lock).read_text()
    for block in re.split(r"\n(?=[a-z0-9])", text)[1:]:
        assert "--hash=sha256:" in block, block


def test_the_locks_agree() -> None:
    run, build, dev, docs = (pinned(lock) for lock in LOCKS)
    assert run
    assert build
    assert (run | build).items() <= dev.items()
    assert all(dev.get(name, version) == version for name, version in docs.items())


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    asked = {
        "requirements.lock": project["project"]["dependencies"],
        "requirements-build.lock": groups["build"],
        "requirements-dev.lock": [*groups["build"], *groups["dev"]],
        "requirements-docs.lock": groups["docs"],
    }
    for lock, lines in asked.items():
        names = {re.split(r"[^a-zA-Z0-9.-]", line)[0].replace(".", "-") for line in lines}
        assert names <= pinned(lock).keys(), lock


def test_what_only_builds_the_package_is_not_needed_to_run_it() -> None:
    assert "hatchling" not in pinned("requirements.lock")
