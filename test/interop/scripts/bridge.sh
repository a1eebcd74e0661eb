#!/usr/bin/env bash
# Takes readings from one topic, checks and rounds them, and publishes them below another: the usual glue.
set -euo pipefail
broker=(-h "$1" -p "$2")

mosquitto_sub "${broker[@]}" -i bridge -c -q 1 -t 'raw/+/temperature' -E
mosquitto_sub "${broker[@]}" -i reader -c -q 2 -t 'clean/#' -E

send() {
  mosquitto_pub "${broker[@]}" -q 1 -t "raw/$1/temperature" -m "$2"
}
send kitchen 21.4567
send cellar 'not a number'
send attic -3.999
send 'living room' 20

count=0
while IFS=' ' read -r name value; do
  if [[ $value =~ ^-?[0-9]+(\.[0-9]+)?$ ]]; then
    printf -v rounded '%.1f' "$value"
    mosquitto_pub "${broker[@]}" -q 2 -t "clean/$name" -m "{\"value\": $rounded, \"unit\": \"C\"}"
    count=$((count + 1))
  else
    echo "dropped: $name '$value'"
  fi
done < <(mosquitto_sub "${broker[@]}" -i bridge -c -q 1 -t 'raw/+/temperature' -F '%t %p' -C 4 -W 10 |
  sed -e 's|^raw/||' -e 's|/temperature | |' -e 's|^living room|living-room|')

mosquitto_sub "${broker[@]}" -i reader -c -q 2 -t 'clean/#' -F '%t %p (%l bytes, QoS %q)' -C "$count" -W 10
mosquitto_pub "${broker[@]}" -t clean/kitchen -m '{"value": 21.5}' -r -q 1
mosquitto_sub "${broker[@]}" -t clean/kitchen -C 1 -W 10 -F '%J' | sed -E 's/^.*"payload"://'
mosquitto_sub "${broker[@]}" -t clean/kitchen -C 1 -W 10 -F '%x' -N
echo
