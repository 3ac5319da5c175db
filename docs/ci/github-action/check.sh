#!/usr/bin/env bash
# Runs `tcpflow check` for the action: inputs are environment variables, lists have an entry a line.
# Text goes to the log, annotations behind it; the summary of the job is written by the program.
set -euo pipefail

annotations=$(mktemp "${RUNNER_TEMP:-/tmp}/tcpflow-annotations-XXXXXX")
trap 'rm -f "$annotations"' EXIT
command=(tcpflow check --no-progress --output "github:$annotations")
[ -z "${CONFIG:-}" ] || command+=(--config "$CONFIG")
[ -z "${BASELINE:-}" ] || command+=(--baseline "$BASELINE")
[ -z "${JUNIT:-}" ] || command+=(--output "junit:$JUNIT")
[ -z "${SARIF:-}" ] || command+=(--output "sarif:$SARIF")

while IFS= read -r line; do
  [ -z "$line" ] || command+=("$line")
done <<<"${ARGUMENTS:-}"
command+=(--)
shopt -s nullglob globstar 2>/dev/null || true # the bash of macOS has no globstar
while IFS= read -r line; do
  [ -n "$line" ] || continue
  IFS= matches=($line) # a pattern; without word splitting
  # What matches nothing is passed on, so that the program says so and ends with 2.
  if [ "${#matches[@]}" -gt 0 ]; then command+=("${matches[@]}"); else command+=("$line"); fi
done <<<"$CAPTURES"

status=0
"${command[@]}" || status=$?
cat "$annotations"
[ -z "${GITHUB_OUTPUT:-}" ] || echo "status=$status" >>"$GITHUB_OUTPUT"
exit "$status"
