#!/usr/bin/env bash
# A CI job: is the broker up, does it deliver, does it keep what is retained? Ends with the number of failures.
set -uo pipefail
broker=(-h "$1" -p "$2")
failures=0

check() {
  local name=$1
  shift
  if "$@" >/dev/null 2>&1; then
    echo "ok   $name"
  else
    echo "FAIL $name"
    failures=$((failures + 1))
  fi
}

expect() {
  local name=$1 wanted=$2 got=$3
  if [[ $got == "$wanted" ]]; then
    echo "ok   $name"
  else
    echo "FAIL $name: wanted '$wanted', got '$got'"
    failures=$((failures + 1))
  fi
}

check "publish at QoS 0" mosquitto_pub "${broker[@]}" -t smoke/0 -m hello
check "publish at QoS 1" mosquitto_pub "${broker[@]}" -t smoke/1 -m hello -q 1
check "publish at QoS 2" mosquitto_pub "${broker[@]}" -t smoke/2 -m hello -q 2

# The session is there before anything is published: no guess how long a subscriber takes to be up.
check "open a session" mosquitto_sub "${broker[@]}" -i smoke -c -q 1 -t 'smoke/#' -E
for number in 1 2 3; do
  mosquitto_pub "${broker[@]}" -t "smoke/$number" -m "message $number" -q 1
done
got=$(mosquitto_sub "${broker[@]}" -i smoke -c -q 1 -t 'smoke/#' -v -C 3 -W 10)
expect "delivery in order" $'smoke/1 message 1\nsmoke/2 message 2\nsmoke/3 message 3' "$got"

mosquitto_pub "${broker[@]}" -t smoke/state -m up -r -q 1
expect "retained" "1 up" "$(mosquitto_sub "${broker[@]}" -t smoke/state -C 1 -W 10 -F '%r %p')"
mosquitto_pub "${broker[@]}" -t smoke/state -n -r -q 1

mosquitto_sub "${broker[@]}" -t smoke/state -C 1 -W 1 >/dev/null 2>&1
expect "time-out" 27 $?

check "a topic with a wildcard cannot be published to, which is wanted" \
  bash -c "! mosquitto_pub -h $1 -p $2 -t 'smoke/#' -m x"
check "a port that nobody listens at" mosquitto_pub -h "$1" -p 1 -t smoke/x -m x

echo "$failures failed"
exit "$failures"
