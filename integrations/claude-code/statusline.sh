#!/bin/sh
# Claude Code's status line: what is down and when to retry, empty while all is up. It reads a file
# and never waits; a file older than a minute is refreshed by a process of its own.
set -u

cache="${XDG_CACHE_HOME:-$HOME/.cache}/isclaudedown"
now="$(date +%s)"

# number TEXT: the text if it is a number, else 0
number() {
  case "$1" in
    '' | *[!0-9]*) echo 0 ;;
    *) echo "$1" ;;
  esac
}

at=0 text=""
if [ -r "$cache/statusline" ]; then
  { read -r at; read -r text; } <"$cache/statusline"
fi
age=$((now - $(number "$at")))
if [ "$age" -ge 60 ] || [ "$age" -lt 0 ]; then
  claimed=0
  [ -r "$cache/refreshing" ] && read -r claimed <"$cache/refreshing"
  if ! command -v isclaudedown >/dev/null; then
    text="isclaudedown is not on the PATH"
  elif [ $((now - $(number "$claimed"))) -ge 30 ]; then
    # Claude Code ends a status line that a newer one replaces: this must outlive it.
    mkdir -p "$cache" && echo "$now" >"$cache/refreshing"
    own_session="nohup"
    command -v setsid >/dev/null && own_session="setsid"
    "$own_session" isclaudedown statusline --refresh </dev/null >/dev/null 2>&1 &
  fi
  if [ "$age" -ge 600 ] && [ "$at" != 0 ] && command -v isclaudedown >/dev/null; then
    text="Claude: not seen for $((age / 60)) min"
  fi
fi
[ -z "$text" ] || printf "%.${COLUMNS:-200}s\n" "$text"
