#!/usr/bin/env bash
# A service that answers one request, and its client. The service knows from MQTT 5 where to answer.
set -euo pipefail
broker=(-h "$1" -p "$2")

serve_one() {
  local line answer_to request
  line=$(mosquitto_sub "${broker[@]}" -V mqttv5 -i service -c -q 1 -t service/upper -C 1 -W 10 -F '%R|%p')
  answer_to=${line%%|*}
  request=${line#*|}
  mosquitto_pub "${broker[@]}" -V mqttv5 -q 1 -t "$answer_to" -m "$(tr '[:lower:]' '[:upper:]' <<<"$request")"
}

# Its session exists before the client asks.
mosquitto_sub "${broker[@]}" -V mqttv5 -i service -c -q 1 -t service/upper -E

serve_one &
mosquitto_rr "${broker[@]}" -q 1 -t service/upper -e service/answer/1 -m 'hello world' -W 10
wait

serve_one &
mosquitto_rr "${broker[@]}" -q 1 -t service/upper -e service/answer/2 -m 'with the topic' -v -W 10
wait

serve_one &
answer=$(mosquitto_rr "${broker[@]}" -V mqttv5 -q 1 -t service/upper -e service/answer/3 -m 'in a variable' -N -W 10)
wait
echo "answer: <$answer>"

# Nobody answers.
status=0
mosquitto_rr "${broker[@]}" -t service/nobody -e service/answer/4 -n -W 1 2>/dev/null || status=$?
echo "status $status"
