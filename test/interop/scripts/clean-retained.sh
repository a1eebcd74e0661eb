#!/usr/bin/env bash
# Deletes retained messages below a topic that are not on a list, and shows what is left.
set -uo pipefail
broker=(-h "$1" -p "$2")

for topic in home/kitchen/light home/kitchen/old home/cellar/old home/door 'home/with blank' garden/old; do
  mosquitto_pub "${broker[@]}" -t "$topic" -m "state of $topic" -r -q 1 || exit 1
done

# All that is retained comes at once; -W ends the wait for more.
retained() {
  mosquitto_sub "${broker[@]}" -t "$1" --retained-only -F '%t' -W 1 2>/dev/null | sort
}

echo "before:"
retained '#'

mosquitto_sub "${broker[@]}" -t 'home/#' -T 'home/+/light' -T home/door --retained-only -F '%t' -W 1 2>/dev/null | sort |
  while IFS= read -r topic; do
    echo "deleting $topic"
    mosquitto_pub "${broker[@]}" -t "$topic" -n -r -q 1
  done

echo "after:"
retained '#'

# The same in one command.
mosquitto_sub "${broker[@]}" -t 'garden/#' --remove-retained -W 1 2>/dev/null
echo "status $?, left in the garden: $(retained 'garden/#' | wc -l)"
