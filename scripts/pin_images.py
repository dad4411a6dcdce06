"""Writes the digests of the images into Dockerfile and docker-compose.yml: `make pin`.

A tag (`redis:8-alpine`) is another image next week; a tag with its digest is the same for ever.
The registry is asked by Docker (or what `DOCKER` names), for the digest of all platforms together.
Asking again renews them; dependabot does so by itself from then on. A release does it before it
builds, so that the published image says what it stands on.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES = ("Dockerfile", "docker-compose.yml")
# Of a Dockerfile's stages and a service's image; `isclaudedown`, which is built here, has no tag.
IMAGE = re.compile(r"(?m)^(FROM |    image: )([\w./-]+:[\w.-]+)(?:@sha256:[0-9a-f]{64})?")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def main(root: Path) -> None:
    """Pin every image that the files name."""
    found: dict[str, str] = {}
    for name in FILES:
        text = (root / name).read_text("utf-8")
        for image in dict.fromkeys(match[2] for match in IMAGE.finditer(text)):
            found[image] = found.get(image) or digest_of(image)
            print(f"{name}: {image}@{found[image]}")
        pinned = IMAGE.sub(lambda match: f"{match[1]}{match[2]}@{found[match[2]]}", text)
        (root / name).write_text(pinned, "utf-8")


def digest_of(image: str) -> str:
    """Ask the registry."""
    docker = os.environ.get("DOCKER", "docker")
    ask = [docker, "buildx", "imagetools", "inspect", "--format", "{{.Manifest.Digest}}", image]
    try:
        answer = subprocess.run(ask, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        sys.exit(f"{docker} is not installed here: it asks the registry for the digests")
    digest = answer.stdout.strip()
    if answer.returncode or not DIGEST.fullmatch(digest):
        sys.exit(f"no digest of {image}: {answer.stderr.strip() or digest or 'no answer'}")
    return digest


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
