#!/bin/sh
# Tells isclaudedown that a turn ended in an API error: which kind, and that it was now. Nothing else
# of what Claude Code hands in (paths, session, texts) leaves this script.
# Off unless ISCLAUDEDOWN_HTTP_TOKEN is set. Its output and exit code mean nothing to Claude Code.
set -u

[ -n "${ISCLAUDEDOWN_HTTP_TOKEN:-}" ] || exit 0
url="${ISCLAUDEDOWN_URL:-http://127.0.0.1:8080}"

# The field stands on its own; inside of texts the quotation marks have a backslash before them.
error="$(tr -d '\n' | sed -n 's/.*"error"[[:space:]]*:[[:space:]]*"\([a-z_]*\)".*/\1/p')"
case "$error" in
  overloaded) outcome=529 ;;
  server_error) outcome=5xx ;;
  rate_limit) outcome=429 ;;
  *) exit 0 ;;
esac

# The token is read from a file descriptor, so that no list of processes shows it.
printf 'Authorization: Bearer %s\n' "$ISCLAUDEDOWN_HTTP_TOKEN" |
  curl --silent --output /dev/null --max-time 4 --header @- --header 'Content-Type: application/json' \
    --data "{\"counts\": [{\"surface\": \"code\", \"outcomes\": {\"$outcome\": 1}}]}" "${url%/}/v1/signals"
exit 0
