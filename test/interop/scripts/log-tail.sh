#!/usr/bin/env bash
# Ships the lines of a log, and writes those of a level into a file, as a collector on another machine would.
set -euo pipefail
broker=(-h "$1" -p "$2")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

log() {
  printf '%s\n' \
    'INFO  starting' \
    '' \
    'WARN  disk is 91% full' \
    'ERROR cannot write "a b": no space' \
    'INFO  grün & <fertig>'
  printf 'ERROR the last line has no end'
}

# The collector's session first, so that no line is lost.
mosquitto_sub "${broker[@]}" -i collector -c -q 1 -t 'logs/#' -E
log | mosquitto_pub "${broker[@]}" -t logs/app -l -q 1

mosquitto_sub "${broker[@]}" -i collector -c -q 1 -t 'logs/#' -v -C 6 -W 10 >"$folder/all"
cat "$folder/all"
echo "--"
grep -c ' ERROR ' "$folder/all"

# With time stamps, of which only the form is the same each day.
mosquitto_sub "${broker[@]}" -i stamps -c -q 1 -t 'logs/#' -E
log | grep ERROR | mosquitto_pub "${broker[@]}" -t logs/app -l -q 1
mosquitto_sub "${broker[@]}" -i stamps -c -q 1 -t 'logs/#' -C 2 -W 10 -F '@Y-@m-@dT@H:@M:@S %t %p' |
  sed -E 's/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8} /TIME /'

# And the reader that has seen enough closes the pipe.
mosquitto_pub "${broker[@]}" -t logs/first -m 'one' -r -q 1
mosquitto_sub "${broker[@]}" -t 'logs/#' -C 1 -W 10 | head -1
