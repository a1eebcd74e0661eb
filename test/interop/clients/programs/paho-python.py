"""The common command of programs.ts over Paho for Python."""
import signal
import sys
import threading

import paho.mqtt.client as paho

TIME_LIMIT_SECONDS = 20


def wait(event, what):
    if not event.wait(TIME_LIMIT_SECONDS):
        sys.exit(f"no {what}")


def connect(client, port, level):
    connected = threading.Event()

    def on_connect(_client, _data, _flags, reason, _properties=None):
        if reason != 0:
            print(reason, file=sys.stderr)
        else:
            connected.set()

    client.on_connect = on_connect
    client.connect("127.0.0.1", port)
    client.loop_start()
    wait(connected, f"CONNACK of level {level}")


def publish(client, topic, qos, count, retain):
    payload = sys.stdin.buffer.read()
    for _ in range(count):
        sent = client.publish(topic, payload, qos, retain)
        sent.wait_for_publish(TIME_LIMIT_SECONDS)
        if not sent.is_published():
            sys.exit("not published")


def receive(client, topic, qos, count, shows):
    done = threading.Event()
    messages = []

    def on_message(_client, _data, message):
        messages.append(message)
        if len(messages) == count:
            done.set()

    client.on_message = on_message
    client.subscribe(topic, qos)
    wait(done, "message")
    for message in messages if shows else []:
        print(message.qos, int(message.retain), message.payload.hex(), message.topic)
    if not shows:
        print(len(messages))


def main(words):
    verb, port, client_id, level, qos, topic, count, retain = words
    client = paho.Client(client_id, protocol=int(level))
    if verb == "will":
        client.will_set(topic, sys.stdin.buffer.read(), int(qos), retain == "1")
    connect(client, int(port), level)
    if verb == "will":
        signal.pause()
    elif verb == "publish":
        publish(client, topic, int(qos), int(count), retain == "1")
    else:
        receive(client, topic, int(qos), int(count), verb == "subscribe")
    client.disconnect()
    client.loop_stop()


main(sys.argv[1:])
