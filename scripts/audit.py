"""Known holes in what isclaudedown is installed with: `make audit`.

pip-audit looks up every package of `requirements.lock` in the advisories of the Python Packaging
Authority. It is installed into an environment of its own, when asked for. Exit code: 0 none, 1 some
are known, 2 it could not be found out.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".venv" / "audit"
TOOL = "pip-audit>=2.9"
UNREACHABLE = "the advisories cannot be had (is there a network here?)"
PYTHON = HOME / "bin" / "python"


def main() -> int:
    """Look, and say what was found."""
    if not PYTHON.exists():
        print("installing pip-audit …", file=sys.stderr)
        venv.create(HOME, with_pip=True)
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    installed = subprocess.run(
        [*pip, "pip-audit>=2.9"], capture_output=True, text=True, check=False
    )
    if installed.returncode:
        return not_found_out("pip-audit cannot be installed", installed.stderr)
    # The lock has hashes of all that it needs: nothing is resolved, nothing of it is installed.
    asked = [str(PYTHON), "-m", "pip_audit", "--disable-pip", "--require-hashes", "--format=json"]
    lock = str(ROOT / "requirements.lock")
    audit = subprocess.run([*asked, "-r", lock], capture_output=True, text=True, check=False)
    return report(audit.stdout, audit.stderr)


def report(found: str, said: str) -> int:
    """Say what pip-audit found (`found`: its JSON, nothing if it failed; `said`: its messages)."""
    try:
        packages = json.loads(found)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return not_found_out("the advisories cannot be had (is there a network here?)", said)
    passed_over = {one["name"]: one["skip_reason"] for one in packages if "skip_reason" in one}
    if len(passed_over) == len(packages):
        return not_found_out(UNREACHABLE, next(iter(passed_over.values()), said))
    holes = [(one, hole) for one in packages for hole in one.get("vulns", ())]
    for one, hole in holes:
        fixed = ", ".join(hole.get("fix_versions") or ()) or "no version yet"
        print(f"{one['name']} {one['version']}: {hole['id']}, mended in {fixed}")
    if passed_over:
        print(f"not looked at: {', '.join(passed_over)}")
    print(f"{len(packages)} packages, {len(holes)} known holes")
    return 1 if holes else 0


def not_found_out(what: str, said: str) -> int:
    """Say why nothing is known, with the last line of what the tool said."""
    lines = [line for line in said.splitlines() if line.strip()]
    last = lines[-1].strip() if lines else "it said nothing"
    print(f"audit: {what}: {last[:200]}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
