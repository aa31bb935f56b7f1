#!/bin/sh
# A trainer that speaks the wire (docs/reference/protocol.md) itself, in POSIX shell and awk.
#
# `sh regression.sh` trains as it is, `autolrs run -- sh regression.sh` under the tuner. It fits a line to noisy points
# of which there is no end: the step says which ones are next, so that after a restore the same ones come again. Four
# numbers are all that a checkpoint holds, so all of them are files.

LC_ALL=C # numbers have a point
export LC_ALL
total=2000
model='0 0.1 0 0' # step, LR, slope, offset

# The points, as awk; the model is its first line.
points='
function evaluate(first, count,   k, x, noise, error, loss) {
  by_slope = by_offset = 0
  for (k = first; k < first + count; k++) {
    x = k * k * 7 % 2003 / 1001 - 1
    noise = k * k * 11 % 3001 / 1500 - 1
    error = slope * x + offset - (3 * x - 1 + noise)
    loss += error * error / count
    by_slope += 2 * error * x / count
    by_offset += 2 * error / count
  }
  is_finite = loss < 1.7976931348623157e308
  return is_finite ? sprintf("%.17g", loss) : "null"
}
NR == 1 { step = $1; lr = $2; slope = $3; offset = $4 }'

validation='{ print evaluate(1000000, 500) }'

# Takes LRs on its second line, of which the last serves all further steps. Prints what comes of it, then the model.
training='NR == 2 {
  while (done < steps && !end) {
    if (done < NF) lr = $(done + 1) + 0
    losses = losses (done++ ? "," : "") (loss = evaluate(16 * step++, 16))
    slope -= lr * by_slope
    offset -= lr * by_offset
    smoothed = 0.9 * smoothed + 0.1 * loss
    weight = 0.9 * weight + 0.1
    if (!is_finite) end = "diverged"
    else if (halt != "" && smoothed / weight > halt + 0) end = "halt"
  }
  print "\"steps\":" done + 0 ",\"losses\":[" losses "]" (end ? ",\"end\":\"" end "\"" : "")
  printf "%d %.17g %.17g %.17g\n", step, lr, slope, offset
}'

validate() { echo "$model" | awk "$points$validation"; }

train() {
  { read -r trained; read -r model; } <<END
$(printf '%s\n' "$model" "$lrs" | awk -v steps="$steps" -v halt="$halt" "$points$training")
END
}

# From here on it is the wire.

# Reads a request; prints a line for each of its fields that matter, as JSON but for the path and the LRs.
reading='
{
  line = $0
  while (match(line, /"([^"\\]|\\.)*"|\[[^]["{}]*\]|[][{},:]|[^][{},:" \t\r]+/)) {
    token = substr(line, RSTART, RLENGTH)
    line = substr(line, RSTART + RLENGTH)
    if (token ~ /^[[{]$/) depth++
    else if (token ~ /^[]}]$/) depth--
    else if (token == ":") { name[depth] = last; token = "" }
    else if (last == "" && depth == 1) value[name[1]] = token
    else if (last == "" && depth == 2) value[name[1] name[2]] = token
    last = token
  }
  path = value["\"params\"\"path\""]
  gsub(/^"|"$/, "", path)
  gsub(/\\\\/, "\n", path) # a line break is none of the escapes that are read here
  if (path ~ /\\[^"\/]/) path = ""
  gsub(/\\/, "", path)
  gsub(/\n/, "\\", path)
  lrs = value["\"params\"\"lr\""]
  steps = value["\"params\"\"steps\""]
  if (gsub(/[][, \t]+/, " ", lrs) && split(lrs, each) != steps) lrs = ""
  print value["\"id\""]; print value["\"method\""]; print value["\"params\"\"id\""]
  print path; print steps; print lrs; print value["\"params\"\"halt\""]
}'

sync_file() { sync "$1" 2>/dev/null || sync; }

keep() {
  case $method in
    '"save"')
      echo "$model" >"$path.tmp" && sync_file "$path.tmp" && mv -f "$path.tmp" "$path" &&
        sync_file "${path%/*}" ;; # the new name has to last as well
    '"restore"')
      read -r saved <"$path"
      case $saved in
        [0-9]*' '*[0-9]' '*[0-9]' '*[0-9]) model=$saved ;;
        *) return 1 ;;
      esac
      ;;
    '"discard"') rm -f "$path" ;;
  esac
}

refuse() { reply="\"error\":{\"code\":$1,\"message\":\"$2\"}"; }

# A result: what it is given, and what all of them tell here; one may tell more than is asked of it.
tell() {
  step=${model%% *} lr=${model#* } seconds=$(($(date +%s) - began))
  reply="\"result\":{${1:+$1,}\"step\":$step,\"lr\":${lr%% *},\"seconds\":$seconds}"
}

# Sets `reply`.
answer() {
  began=$(date +%s)
  case $method in
    '"initialize"')
      can='"validate":true,"disk":true,"memory":false,"rewind":true'
      about='"protocol":1,"trainer":{"name":"regression.sh"},"groups":[1],"world":1,"holds":["slope","offset"]'
      tell "$about,\"total\":$total,\"can\":{$can}"
      ;;
    '"train"')
      case $steps/$lrs in
        /* | */ | *[!0-9/]*/* | */*[!-+.0-9eE\ ]*) refuse -32602 'steps is a number, lr one or as many' ;;
        *) train && tell "$trained" ;;
      esac
      ;;
    '"validate"') tell "\"loss\":$(validate)" ;;
    '"save"' | '"restore"' | '"discard"')
      if [ -z "$path" ]; then
        refuse -32002 'checkpoints are kept in files alone, with plain names'
      elif [ "$method" = '"restore"' ] && [ ! -e "$path" ]; then
        refuse -32001 'there is no such checkpoint'
      elif keep 2>/dev/null; then
        tell "\"id\":$name"
      else
        refuse -32004 'the file cannot be used'
      fi
      ;;
    '"shutdown"') tell ;;
    *) refuse -32601 'there is no such method' ;;
  esac
}

if [ "$AUTOLRS" = 1 ]; then
  method=
  while [ "$method" != '"shutdown"' ] && IFS= read -r line; do
    { read -r id; read -r method; read -r name; IFS= read -r path; read -r steps; read -r lrs; read -r halt; } <<END
$(printf '%s\n' "$line" | awk "$reading")
END
    [ -n "$id" ] || continue # a notification: there is nothing to do
    answer
    printf '{"jsonrpc":"2.0","id":%s,%s}\n' "$id" "$reply"
  done
  if [ "$method" != '"shutdown"' ]; then
    echo 'regression.sh: the tuner is gone without a shutdown' >&2
    exit 1
  fi
else
  lrs=0.1 steps=$total halt=
  train
fi
echo "validation loss $(validate)"
