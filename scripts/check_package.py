"""Builds wheel and sdist, installs each into an empty environment and runs it, as pipx would.

    python scripts/check_package.py [FOLDER]

Only the standard library. The tools that build are taken from requirements-build.lock, what the
package needs from requirements.lock, so no other version slips in. Exit code 0: both work.
"""

import os
import subprocess
import sys
import tempfile
import threading
import venv
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUMMARY = """{"page": {"id": "p", "name": "Claude", "url": "https://status.claude.com"},
 "components": [{"id": "k8w3r06qmzrp", "name": "Claude API (api.anthropic.com)",
  "status": "operational", "position": 1, "group_id": null, "group": false,
  "only_show_if_degraded": false, "created_at": "2026-01-01T00:00:00Z",
  "updated_at": "2026-01-01T00:00:00Z"}],
 "incidents": [], "scheduled_maintenances": [], "status": {"indicator": "none"}}"""
EMPTY = ("incidents", "scheduled-maintenances")


def main(folder: Path) -> None:
    """Build and try both. Raises: CalledProcessError after showing what a command said."""
    builder = environment(folder / "builder")
    install(builder, "--require-hashes", "-r", ROOT / "requirements-build.lock")
    hatchling = builder.with_name("hatchling")
    run(hatchling, "build", "--directory", folder / "dist", cwd=ROOT)
    for built in sorted((folder / "dist").iterdir()):
        print(f"== {built.name}", flush=True)
        try_out(built, folder / built.suffix.removeprefix("."), builder)
    print("package: fine")


def try_out(built: Path, folder: Path, builder: Path) -> None:
    """Install a wheel or an sdist and use its command far from the sources."""
    wheel = built
    if built.suffix != ".whl":  # built from what it holds alone, by the pinned tools
        run(builder, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-w", folder, built)
        (wheel,) = folder.glob("*.whl")
    python = environment(folder / "environment")
    install(python, "--require-hashes", "-r", ROOT / "requirements.lock")
    install(python, "--no-deps", wheel)
    run(python, "-m", "pip", "check")
    home = folder / "home"
    home.mkdir()
    with page(folder / "page") as url:
        command = python.with_name("isclaudedown")
        tried = ["--version", "--help", "slack manifest", "ask api", "demo --seconds 10"]
        for words in map(str.split, tried):
            run(command, *words, cwd=home, ISCLAUDEDOWN_PAGE_URL=url, HOME=str(home))


class page:  # noqa: N801 - reads as a function
    """A status page on the loopback on which everything is up."""

    def __init__(self, folder: Path) -> None:
        """Write the page's answers below `folder`."""
        answers = folder / "api" / "v2"
        answers.mkdir(parents=True)
        (answers / "summary.json").write_text(SUMMARY)
        for name in EMPTY:
            text = f'{{"page": {{"id": "p"}}, "{name.replace("-", "_")}": []}}'
            (answers / f"{name}.json").write_text(text)
        handler = partial(Quiet, directory=str(folder))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler)

    def __enter__(self) -> str:
        """Serve, and return the address."""
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{self.server.server_port}"

    def __exit__(self, *_: object) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()


class Quiet(SimpleHTTPRequestHandler):
    """Serves files and logs nothing."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def environment(folder: Path) -> Path:
    """Create an empty environment; return its Python."""
    venv.create(folder, with_pip=True)
    return folder / "bin" / "python"


def install(python: Path, *arguments: object) -> None:
    quiet = ("--quiet", "--disable-pip-version-check")
    run(python, "-m", "pip", "install", *quiet, *arguments)


def run(*command: object, cwd: Path | None = None, **variables: str) -> None:
    """Run a command, showing what it said. Raises: CalledProcessError."""
    words = [str(word) for word in command]
    print("$", Path(words[0]).name, *words[1:], flush=True)
    surroundings = {**os.environ, **variables}
    subprocess.run(words, cwd=cwd, env=surroundings, stdin=subprocess.DEVNULL, check=True)


if __name__ == "__main__":
    if sys.argv[1:]:
        main(Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made))
