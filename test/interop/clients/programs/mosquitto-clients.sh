#!/usr/bin/env bash
# The common command of programs.ts over mosquitto's clients.
set -euo pipefail

verb=$1 port=$2 client_id=$3 level=$4 qos=$5 topic=$6 count=$7 retain=$8
at=(-h 127.0.0.1 -p "$port" -i "$client_id" -V "$([[ $level == 5 ]] && echo mqttv5 || echo "mqttv3$([[ $level == 4 ]] && echo 11 || echo 1)")")
[[ $retain == 1 ]] && retained=(-r) || retained=()
[[ $retain == 1 ]] && will_retained=(--will-retain) || will_retained=()

case $verb in
  publish)
    # -s refuses to send nothing.
    input=$(mktemp)
    trap 'rm -f "$input"' EXIT
    cat >"$input"
    [[ -s $input ]] && payload=(-f "$input") || payload=(-n)
    mosquitto_pub "${at[@]}" -t "$topic" -q "$qos" "${retained[@]}" "${payload[@]}" --repeat "$count" ;;
  subscribe) exec mosquitto_sub "${at[@]}" -t "$topic" -q "$qos" -C "$count" -F '%q %r %x %t' ;;
  count) mosquitto_sub "${at[@]}" -t "$topic" -q "$qos" -C "$count" | wc -l ;;
  will)
    # A Will comes from an argument, which holds no NUL.
    payload=$(cat)
    exec mosquitto_sub "${at[@]}" -t "$client_id/nothing" --will-topic "$topic" --will-payload "$payload" \
      --will-qos "$qos" "${will_retained[@]}" ;;
esac
