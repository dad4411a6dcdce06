#!/bin/sh
# Asks isclaudedown before (or after) work that needs Claude. Needs curl and jq.
#
#   isclaudedown.sh wait|skip|fail|warn [option ...] [surface ...]    without a surface: api
#   isclaudedown.sh after-failure FILE                                whose fault was it? FILE: the log
#
#   --at-most 30m    how long `wait` waits, as 90s, 30m or 2h (default 30m)
#   --unknown go     go or stop: what to do when nobody knows (default go, with a warning)
#
# ISCLAUDEDOWN_URL says where its HTTP API is (default http://127.0.0.1:8080).
# Standard output: lines name=value (verdict, reason, retry-after, exit-code, go); words for people
# go to standard error. Exit code: 0 go on (`skip` and `warn` always: read `go`); 20 down and 30
# unknown, where that stops; 2 the words are wrong.
set -eu

url="${ISCLAUDEDOWN_URL:-http://127.0.0.1:8080}"
url="${url%/}"
every=30   # seconds between two questions while waiting
tries=3    # a lost answer is asked for again before it counts as unknown
most=2000000   # bytes of an answer; what is longer is cut, and says nothing then

# say LEVEL TEXT: one line; on GitHub an annotation
say() {
  text="$(printf %s "$2" | tr '\r\n' '  ')"
  if [ "${GITHUB_ACTIONS:-}" = true ]; then
    echo "::$1 title=isclaudedown::$text" >&2
  else
    echo "isclaudedown: $text" >&2
  fi
}

stop_words() {
  say error "$1"
  exit 2
}

# seconds 30m: prints 1800
seconds() {
  case "$1" in
    *[!0-9smh]* | "" | [smh]*) return 1 ;;
  esac
  number="${1%[smh]}"
  case "$number" in *[!0-9]*) return 1 ;; esac
  case "$1" in
    *h) echo $((number * 3600)) ;;
    *m) echo $((number * 60)) ;;
    *) echo "$number" ;;
  esac
}

# ask SURFACES: prints the answer, or fails with 1 (nobody knows) or 2 (there is no such surface)
ask() {
  query="$(printf %s "$1" | jq -sRr @uri)"
  left="$tries"
  while [ "$left" -gt 0 ]; do
    left=$((left - 1))
    # Its status, then its body: an answer without an end is cut, and can be read no more then.
    body="$(curl --silent --max-time 10 --include --suppress-connect-headers \
      --url "$url/v1/verdict?surface=$query" | head -c "$most" | tr -d '\r\000' |
      awk 'body { print; next } /^HTTP\// { code = $2 } /^$/ && code !~ /^1/ { body = 1; print code }')"
    status="${body%%
*}"
    body="${body#*
}"
    case "$status" in
      200)
        if printf '%s' "$body" | jq -e .verdicts >/dev/null 2>&1; then
          printf '%s\n' "$body"
          return 0
        fi
        ;;
      404) case "$body" in *unknown_surface*) return 2 ;; esac ;;
    esac
    [ "$left" = 0 ] || sleep 2
  done
  return 1
}

# look SURFACES: sets verdict, reason, retry_after, code and waiting (false: all may be retried)
look() {
  found=""
  status=0
  answer="$(ask "$1")" || status=$?
  [ "$status" != 2 ] || stop_words "one of these is no surface that $url knows: $1"
  # Nothing but names and words of our own: titles of incidents come from outside. An answer
  # without verdicts, or with a code that is not known here, says nothing.
  [ "$status" != 0 ] || found="$(printf '%s' "$answer" | jq -r '
    def plain: tostring | gsub("[^A-Za-z0-9 .:/_-]"; "?");
    .verdicts as $all | .exit_code as $code
    | if ($all | length) == 0 then error("no verdicts") else . end
    | ({"0": "up", "10": "degraded", "20": "down", "30": "unknown"}[$code | tostring]
        // error("no code")),
      ([$all[] | select(.severity != "up" or .suspected)
        | "\(.surface) \(.severity)\(if .suspected then " suspected" else "" end)\(
          if .since then " since \(.since)" else "" end)" | plain] | join(", ")),
      ([$all[].retry | select(. and .do != "retry_now") | .retry_after] | max // 0 | floor),
      $code,
      ($code >= 20 or any($all[]; .retry and .retry.do != "retry_now"))
  ' 2>/dev/null)" || found=""
  if [ -z "$found" ]; then
    verdict=unknown reason="no answer" retry_after=0 code=30 waiting=true
    return
  fi
  { read -r verdict; read -r reason; read -r retry_after; read -r code; read -r waiting; } <<END
$found
END
}

after_failure() {
  [ -r "$1" ] || stop_words "after-failure needs a file that can be read, not '$1'"
  said="$(tail -c 65536 "$1" | curl --silent --fail --max-time 10 --data-binary @- \
    --header 'Content-Type: text/plain' --url "$url/v1/explain" | head -c "$most")" || said=""
  # The whole answer is a table's text of isclaudedown: nothing of the log is in it. Each line is
  # one all the same, whatever answers there: more lines would be settings of a job.
  printf '%s' "${said:-null}" | jq -r '
    {"theirs": "probably theirs", "yours": "probably yours"}[.side? // ""] as $side
    | "verdict=\(if . and (.side | IN("theirs", "yours", "unclear")) then .side
        else "unknown" end)",
      "reason=\(if . then
          [$side // "unclear whose fault", .title // empty, .advice,
            (.unseen // [] | if . == [] then empty
              else "Whether \(join(", ")) works cannot be seen now." end)] | join(": ")
        else "no answer" end | gsub("[[:cntrl:]]"; " "))"' ||
    printf '%s\n' verdict=unknown "reason=no answer that can be read"
  exit 0
}

mode="${1:-}"
[ $# -gt 0 ] && shift
case "$mode" in
  after-failure) after_failure "${1:-}" ;;
  wait | skip | fail | warn) ;;
  *) stop_words "the mode is wait, skip, fail, warn or after-failure, not '$mode'" ;;
esac
unknown=go
at_most=1800
while [ $# -gt 0 ]; do
  case "$1" in
    --unknown) unknown="${2:-}" ;;
    --at-most) at_most="$(seconds "${2:-}")" || stop_words "--at-most is a length such as 90s, 30m or 2h" ;;
    --) shift; break ;;
    -*) stop_words "there is no option $1" ;;
    *) break ;;
  esac
  shift $(($# > 1 ? 2 : 1))
done
case "$unknown" in go | stop) ;; *) stop_words "--unknown is go or stop, not '$unknown'" ;; esac
surfaces="$(IFS=, && printf %s "${*:-api}")"

look "$surfaces"
began="$(date +%s)"
while [ "$mode" = wait ] && [ "$waiting" = true ] && { [ "$code" != 30 ] || [ "$unknown" = stop ]; }; do
  left=$((at_most - $(date +%s) + began))
  [ "$left" -gt 0 ] || break
  say notice "waiting, for $left s at most: ${reason:-it was down a moment ago}"
  sleep "$([ "$left" -lt "$every" ] && echo "$left" || echo "$every")"
  look "$surfaces"
done

go=true
[ "$code" != 20 ] || go=false
[ "$code" != 30 ] || [ "$unknown" = go ] || go=false
[ "$mode" != warn ] || go=true
printf '%s\n' "verdict=$verdict" "reason=$reason" "retry-after=$retry_after" "exit-code=$code" "go=$go"
case "$mode$go" in
  waitfalse | failfalse)
    say error "$verdict: $reason"
    exit "$code"
    ;;
esac
[ "$code" = 0 ] || say warning "$verdict: $reason"
