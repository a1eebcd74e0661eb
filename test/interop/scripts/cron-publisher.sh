#!/usr/bin/env bash
# Run by cron: publishes the values of a host, retained, and says what could not be sent. With set -e: any failure ends it.
set -euo pipefail
host=$1 port=$2
name=machine-7
values=$(mktemp)
trap 'rm -f "$values"' EXIT

cat >"$values" <<VALUES
load 0.42
disk/root 71
disk/data 12
temperature 48.5
VALUES

publish() {
  mosquitto_pub -h "$host" -p "$port" -q 1 -r -i "cron-$name" -k 30 \
    --will-topic "hosts/$name/status" --will-payload offline --will-retain "$@"
}

publish -t "hosts/$name/status" -m online
while read -r key value; do
  publish -t "hosts/$name/$key" -m "$value"
done <"$values"

# The whole report as one message, from a file and through a pipe.
publish -t "hosts/$name/report" -f "$values"
sort "$values" | publish -t "hosts/$name/report/sorted" -s

# What a dashboard reads when it starts. The broker does not say in which order retained messages come.
mosquitto_sub -h "$host" -p "$port" -t "hosts/$name/+" -t "hosts/$name/disk/+" -t "hosts/$name/report/sorted" \
  -C 7 -W 10 -F '%t|%r|%l' | sort

if mosquitto_pub -h "$host" -p 1 -t "hosts/$name/status" -m online 2>/dev/null; then
  echo "this broker should not exist"
else
  echo "the second broker is down, as expected"
fi
