#!/usr/bin/env bash
# What action.yml runs: the training, then its summary and its report, whatever came of it. Ends with the run's exit code.
set -euo pipefail

autolrs="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/bin/autolrs.js"
run_dir=$AUTOLRS_ACTION_RUN_DIR

# Quotes count, and nothing else of a shell does. A bash of macOS has no mapfile.
words() { [[ -z ${1//[[:space:]]/} ]] || xargs printf '%s\0' <<<"$1"; }
command=() options=()
while IFS= read -r -d '' word; do command+=("$word"); done < <(words "$AUTOLRS_ACTION_COMMAND")
while IFS= read -r -d '' word; do options+=("$word"); done < <(words "$AUTOLRS_ACTION_OPTIONS")

# What a run may be told by its environment, this is not.
unset AUTOLRS_ACTION_COMMAND AUTOLRS_ACTION_OPTIONS AUTOLRS_ACTION_RUN_DIR

code=0
result=$(node "$autolrs" run --json --or-resume --run-dir "$run_dir" \
  ${options[@]+"${options[@]}"} \
  -- ${command[@]+"${command[@]}"}) || code=$?

if [[ -f $run_dir/journal.jsonl ]]; then
  node "$autolrs" report --markdown "$run_dir" >>"$GITHUB_STEP_SUMMARY" || true
  node "$autolrs" report --output "$run_dir/report.html" "$run_dir" >/dev/null || true
fi
# By a pipe: one argument has room for 128 KiB.
read_status='JSON.parse(require("fs").readFileSync(0, "utf8")).status ?? "failed"'
status=$(node -p "$read_status" <<<"$result" 2>/dev/null || echo failed)

# From the workspace, wherever the command was started.
from_workspace='require("path").relative(process.env.GITHUB_WORKSPACE || ".", process.argv[1]) || "."'
run_dir=$(node -p "$from_workspace" -- "$run_dir")
{
  echo "run-dir=$run_dir"
  echo "status=$status"
  echo "result=$result"
} >>"$GITHUB_OUTPUT"
exit "$code"
