"""Installs what the tests of `integrations/` run against: `python scripts/prepare_integrations.py`.

LiteLLM's proxy in an environment of its own (its packages are ten times ours), checked by the
hashes of its lock file, and Claude Code's command line from npm. Both go into `.others`. Does
nothing when that was done before from the same versions.
"""

import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OTHERS = ROOT / ".others"
LOCK = ROOT / "tests" / "integrations" / "litellm.lock"
UV = "uv==0.13.9"  # pip needs a minute for what it installs in three seconds
CLAUDE_CODE = "@anthropic-ai/claude-code@2.1.197"


def main() -> None:
    """Install both."""
    _once("litellm", UV + LOCK.read_text(), _litellm)
    _once("claude-code", CLAUDE_CODE, _claude_code)


def _once(name: str, made_of: str, install: Callable[[Path], None]) -> None:
    folder = OTHERS / name
    stamp = folder / ".ready"
    fingerprint = hashlib.sha256((sys.version + made_of).encode()).hexdigest()
    if stamp.exists() and stamp.read_text() == fingerprint:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print(f"installing {name} into {folder.relative_to(ROOT)}", flush=True)
    install(folder)
    stamp.write_text(fingerprint)


def _litellm(folder: Path) -> None:
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    _run(str(python), "-m", "pip", "install", "--quiet", UV)
    uv = str(folder / "bin" / "uv")
    _run(uv, "pip", "install", "--quiet", "--python", str(python), "--require-hashes", "-r", LOCK)


def _claude_code(folder: Path) -> None:
    _run("npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", folder, CLAUDE_CODE)


def _run(*command: str | Path) -> None:
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError:
        sys.exit(f"{command[0]} is not installed here; it is needed for the tests of integrations/")
    except subprocess.CalledProcessError as error:
        sys.exit(f"{command[0]} failed ({error.returncode}): its own words stand above")


if __name__ == "__main__":
    main()
