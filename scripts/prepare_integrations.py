"""Installs what some tests run against: `python scripts/prepare_integrations.py`.

LiteLLM's proxy in an environment of its own (its packages are ten times ours), checked by the
hashes of its lock file; Claude Code's command line from npm; and for `tests/browser` Playwright's
driver, which uses the Chromium of the system, with axe-core. All go into `.others`. Does nothing
when that was done before from the same versions.
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
DRIVER = ROOT / "tests" / "browser" / "browser.lock"
AXE = "axe-core@4.14.1"
CLAUDE_CODE = "@anthropic-ai/claude-code@2.1.197"


def main() -> None:
    """Install all."""
    _once("litellm", UV + LOCK.read_text(), _litellm)
    _once("claude-code", CLAUDE_CODE, _claude_code)
    _once("browser", AXE + DRIVER.read_text(), _browser)


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
    _npm(folder, CLAUDE_CODE)


def _browser(folder: Path) -> None:
    # Beside our own packages, which come first on the path of the tests.
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    _run(*pip, "--require-hashes", "--target", folder / "python", "--requirement", DRIVER)
    _npm(folder, AXE)


def _npm(folder: Path, package: str) -> None:
    _run("npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", folder, package)


def _run(*command: str | Path) -> None:
    try:
        subprocess.run(command, check=True)
    except FileNotFoundError:
        sys.exit(f"{command[0]} is not installed here; it is needed for the tests of integrations/")
    except subprocess.CalledProcessError as error:
        sys.exit(f"{command[0]} failed ({error.returncode}): its own words stand above")


if __name__ == "__main__":
    main()
