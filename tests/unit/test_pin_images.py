"""Images are pinned by what a registry says, in every file that names one."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = ("Dockerfile", "docker-compose.yml")
# In place of Docker, which asks a registry: another digest for each image.
DOCKER = """#!/bin/sh
for image; do :; done
echo "$image" >> "$0.asked"
printf 'sha256:%s\\n' "$(printf '%s' "$image$SALT" | sha256sum | cut -c1-64)"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(ROOT / name, tmp_path)
    docker = tmp_path / "docker"
    docker.write_text(DOCKER)
    docker.chmod(0o755)
    return tmp_path


def pin(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "pin_images.py"), str(folder)],
        env=os.environ | {"DOCKER": str(folder / "docker")} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def images(folder: Path) -> list[str]:
    text = "\n".join((folder / name).read_text() for name in FILES)
    return re.findall(r"(?m)^(?:FROM|    image:) (\S+)", text)


def test_every_image_with_a_tag_gets_its_digest_and_nothing_else_changes(folder: Path) -> None:
    before = {name: (folder / name).read_text() for name in FILES}
    tags = [re.sub("@.*", "", image) for image in images(folder)]

    assert pin(folder).returncode == 0

    pinned = [image for image in images(folder) if image != "isclaudedown"]
    assert len(pinned) == len(tags) - 1 >= 3
    assert all(re.fullmatch(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}", image) for image in pinned)
    for name in FILES:
        without = re.sub(r"@sha256:[0-9a-f]{64}", "", (folder / name).read_text())
        assert without == re.sub(r"@sha256:[0-9a-f]{64}", "", before[name])
    asked = (folder / "docker.asked").read_text().split()
    assert len(asked) == len(set(asked)), "an image is asked for once: two stages have the same"


def test_asking_again_renews_the_digest(folder: Path) -> None:
    pin(folder)
    first = images(folder)
    pin(folder, SALT="a week later")

    assert len(images(folder)) == len(first)
    assert not set(images(folder)) & (set(first) - {"isclaudedown"})


def test_a_registry_that_says_nothing_leaves_the_files_and_is_told(folder: Path) -> None:
    (folder / "docker").write_text("#!/bin/sh\necho 'no such host' >&2\nexit 1\n")
    before = images(folder)
    answer = pin(folder)

    assert answer.returncode != 0
    assert "no such host" in answer.stderr
    assert images(folder) == before


def test_a_release_pins_before_it_builds() -> None:
    release = (ROOT / ".github" / "workflows" / "release.yml").read_text()

    assert release.index("scripts/pin_images.py") < release.index("docker/build-push-action")
