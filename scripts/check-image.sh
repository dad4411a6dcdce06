#!/usr/bin/env bash
# Builds the image and tries it where there is no container engine: on Debian, as root, with the
# packages buildah, debootstrap and util-linux.   usage: scripts/check-image.sh [WORK_FOLDER]
#
# The base image stands in for itself: a fresh Debian with Python 3.13 under the same name, so the
# Dockerfile runs as it is. Then the image is entered as an engine would do it with the options of
# docker-compose.yml: read-only root, user 10001, no capability, a folder for the data.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(realpath "${1:-$(mktemp -d)}")
base=docker.io/library/python:3.13-slim-trixie
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot

builder() { buildah --root "$work/storage" --runroot "$work/run" "$@"; }

step() { echo "== $*"; }

make_base() {
  [ -d "$work/debian/etc" ] || debootstrap --variant=minbase \
    --include=python3,python3-venv,python-is-python3,ca-certificates,tzdata \
    trixie "$work/debian" >"$work/debootstrap.log"
  local container mounted
  container=$(builder from scratch)
  mounted=$(builder mount "$container")
  cp -a "$work/debian/." "$mounted/"
  builder umount "$container" >/dev/null
  builder commit --quiet "$container" "$base" >/dev/null
}

# What this machine's pip is told, the one of the build is told too.
pip_settings() {
  local file
  for file in /etc/pip.conf /etc/ssl/certs/ca-certificates.crt; do
    [ -e "$file" ] && printf -- '--volume=%s:%s:ro\n' "$file" "$file"
  done
}

# inside NAME COMMAND...: run in the image's files, as docker-compose.yml runs it.
inside() {
  # shellcheck disable=SC2016 # expanded by the inner shell
  unshare --mount --pid --fork bash -euc '
    root=$1 data=$2; shift 2
    mount --bind "$root" "$root"
    mount -t proc proc "$root/proc"
    mount --bind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/tmp"
    mount --bind "$data" "$root/var/lib/isclaudedown"
    mount -o remount,bind,ro "$root"
    exec chroot "$root" setpriv --reuid=10001 --regid=10001 --clear-groups --bounding-set=-all \
      --no-new-privs env -i PATH=/opt/isclaudedown/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 \
      PYTHONDONTWRITEBYTECODE=1 ISCLAUDEDOWN_DATA_DIR=/var/lib/isclaudedown \
      ISCLAUDEDOWN_PAGE_URL="$PAGE_URL" ISCLAUDEDOWN_PROBES=false "$@"' _ "$root" "$data" "$@"
}

fail() {
  echo "image: $*"
  exit 1
}

step "base: Debian with Python, as $base"
make_base

step "build"
mapfile -t volumes < <(pip_settings)
sed 's/@sha256:[0-9a-f]*//' Dockerfile >"$work/Dockerfile" # the base made here has no digest
builder bud --pull-never --layers=false --format docker --file "$work/Dockerfile" \
  "${volumes[@]}" --tag isclaudedown .

container=$(builder from --pull-never localhost/isclaudedown)
root=$(builder mount "$container")
data="$work/data"
mkdir -p "$data"
chown 10001:10001 "$data"
mkdir -p "$work/page/api/v2"
cat >"$work/page/api/v2/summary.json" <<'JSON'
{"page": {"id": "p", "name": "Claude", "url": "https://status.claude.com", "time_zone": "Etc/UTC",
  "updated_at": "2026-11-01T00:00:00Z"},
 "components": [{"id": "k8w3r06qmzrp", "name": "Claude API (api.anthropic.com)",
  "status": "operational", "created_at": "2024-01-01T00:00:00Z",
  "updated_at": "2026-11-01T00:00:00Z", "position": 1, "description": null, "showcase": true,
  "start_date": null, "group_id": null, "page_id": "p", "group": false,
  "only_show_if_degraded": false}],
 "incidents": [], "scheduled_maintenances": [],
 "status": {"indicator": "none", "description": "All Systems Operational"}}
JSON
echo '{"page": {"id": "p"}, "incidents": []}' >"$work/page/api/v2/incidents.json"
echo '{"page": {"id": "p"}, "scheduled_maintenances": []}' \
  >"$work/page/api/v2/scheduled-maintenances.json"
python3 -u -m http.server --bind 127.0.0.1 --directory "$work/page" 0 >"$work/page.log" 2>&1 &
page=$!
trap 'kill "$page"; builder umount "$container" >/dev/null; builder rm "$container" >/dev/null' EXIT
until grep -q "port" "$work/page.log"; do sleep 0.1; done
PAGE_URL=http://127.0.0.1:$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$work/page.log" | head -1)
export PAGE_URL

step "size of what is added to the base: $(du -sm "$root/opt/isclaudedown" | cut -f1) MB"
for tool in pip hatchling; do
  ! inside python -c "import $tool" 2>/dev/null || fail "$tool is left in it"
done
for tool in pip gcc make git curl; do
  ! inside sh -c "command -v $tool" >/dev/null || fail "$tool is left in it"
done
! inside touch /opt/isclaudedown/new 2>/dev/null || fail "its root is not read-only"

step "commands that need nothing"
inside isclaudedown version
inside isclaudedown slack manifest | python3 -c 'import json, sys; json.load(sys.stdin)'

step "ask"
inside isclaudedown ask api

step "run, health, SIGTERM"
inside isclaudedown run >"$work/bot.log" 2>&1 &
bot=$!
for _ in $(seq 60); do
  if inside isclaudedown health >"$work/health.log" 2>&1; then healthy=yes; break; fi
  sleep 0.5
done
[ "${healthy:-}" = yes ] || { cat "$work/bot.log" "$work/health.log"; fail "it never was healthy"; }
# Its parents are this script's subshell and unshare, which passes no signal on.
kill -TERM "$(pgrep -P "$(pgrep -P "$bot")")"
wait "$bot" || { cat "$work/bot.log"; fail "it did not end cleanly"; }
grep -q "bot.stopped" "$work/bot.log" || fail "it ended without finishing"

echo "image: fine"
