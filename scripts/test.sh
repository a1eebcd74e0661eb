#!/usr/bin/env bash
# `npm test`: everything, from the format of the sources to the built commands against real brokers. Ends with the sum,
# alone on the last line. `--long` adds the tests that take long.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

# Debian keeps mosquitto there, off the PATH of everyone but root.
export PATH="$PATH:/usr/sbin:/usr/local/sbin"

projects=(unit system)
for word in "$@"; do
  case $word in
    --long) projects+=(long) ;;
    *)
      echo "usage: scripts/test.sh [--long]" >&2
      exit 2
      ;;
  esac
done

# What the system tests use: a command or a file, and the Debian package that has it.
needs=(mosquitto=mosquitto mosquitto_pub=mosquitto-clients openssl=openssl microsocks=microsocks tmux=tmux script=bsdutils setsid=util-linux ps=procps chromium=chromium)
# Clients of other projects for test/interop: libraries are told by a file of theirs.
needs+=(gcc=gcc g++=g++ python3=python3)
needs+=(/usr/include/MQTTClient.h=libpaho-mqtt-dev /usr/include/mqtt/async_client.h=libpaho-mqttpp-dev)
needs+=(/usr/lib/python3/dist-packages/paho=python3-paho-mqtt)
# Erlang, Go and Java are 300 MB and a minute: worth it where the machine is thrown away afterwards, or for --long.
if [[ -n ${CI-} || ${projects[*]} == *long* ]]; then
  needs+=(rabbitmq-server=rabbitmq-server ejabberdctl=ejabberd activemq=activemq java=default-jre-headless ecj=ecj)
  needs+=(go=golang-go /usr/share/gocode/src/github.com/eclipse/paho.mqtt.golang=golang-github-eclipse-paho.mqtt.golang-dev)
  needs+=(/usr/share/java/mqtt-client.jar=libmqtt-client-java)
fi

packages=()
for need in "${needs[@]}"; do
  [[ $need == /* && -e ${need%%=*} ]] || command -v "${need%%=*}" >/dev/null || packages+=("${need#*=}")
done
if ((${#packages[@]})); then
  if [[ $(id -u) == 0 && -f /etc/debian_version ]]; then
    echo "== Installing ${packages[*]}"
    # RUNLEVEL=1 keeps Debian from starting the brokers as services; the tests start their own, on free ports.
    export DEBIAN_FRONTEND=noninteractive RUNLEVEL=1
    log=$(mktemp)
    if ! { apt-get update && apt-get install -y --no-install-recommends "${packages[@]}"; } >"$log" 2>&1 </dev/null; then
      tail -n 20 "$log" >&2
      echo "The installation failed; tests that need these packages are skipped." >&2
    fi
    rm -f "$log"
  else
    echo "== Not installed: ${packages[*]}. Tests that need them are skipped."
    echo "   Debian and Ubuntu: sudo apt-get install --no-install-recommends ${packages[*]}"
  fi
fi

# A step that fails counts as one failure, and the next one runs all the same: one run tells everything.
failed_steps=()
step() {
  local name=$1
  shift
  echo "== $name"
  "$@" </dev/null || failed_steps+=("$name")
}

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT

run_vitest() {
  npx vitest run --project "$1" --reporter=default --reporter=json --outputFile.json="$reports/$1.json"
}

step "format and lint" npm run --silent lint
step "types" npm run --silent types
step "build" npm run --silent build
for project in "${projects[@]}"; do
  step "$project tests" run_vitest "$project"
done

echo
for name in ${failed_steps[@]+"${failed_steps[@]}"}; do echo "FAILED: $name"; done
node scripts/sum-tests.mjs "$reports" "${#projects[@]}" ${failed_steps[@]+"${failed_steps[@]}"}
