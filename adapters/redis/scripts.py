"""The Lua scripts beside this file, each with the hash by which a server knows it."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path

_FOLDER = Path(__file__).with_name("lua")


@dataclass(frozen=True, slots=True)
class Script:
    """One script; it is given one key, see `keys`."""

    name: str
    text: str
    sha: str


def _script(name: str, *shared: str) -> Script:
    text = "\n".join((_FOLDER / f"{part}.lua").read_text("utf-8") for part in (*shared, name))
    # Redis's own name of a script, no protection of anything.
    return Script(name, text, sha1(text.encode(), usedforsecurity=False).hexdigest())


LEASE = _script("lease")
RELEASE = _script("release")
COMMIT = _script("commit")
RATE_LIMIT = _script("rate_limit")
SHARDS = _script("shards")
FANOUT = _script("fanout", "queue")
CLAIM = _script("claim", "queue")
SENDING = _script("sending", "queue")
SETTLE = _script("settle", "queue")
SUBSCRIBE = _script("subscribe", "queue")
STALE = _script("stale", "queue")
UNSUBSCRIBE = _script("unsubscribe", "queue")
WAKE = _script("wake", "queue")
OF_TENANT = _script("of_tenant")
APPOINT = _script("appoint", "queue")
END_CLAIMS = _script("end_claims", "queue")
SILENCE = _script("silence", "queue")
REMIND = _script("remind", "queue")
DEPTH = _script("depth")
SEAL = _script("seal")
READ_PAGE = _script("read_page")
WRITE_PAGES = _script("write_pages")
ERASE = _script("erase")
REPORT = _script("report")
REPORT_COUNTS = _script("report_counts")
TRAFFIC = _script("traffic")
SPEND = _script("spend")
REPLACE = _script("replace")
TAKE_IN = _script("take_in")
PRUNE = _script("prune")

# On the way from a commit to the first message.
URGENT = (COMMIT, FANOUT, CLAIM, SENDING, SETTLE)
