"""Publishes 1000 messages in a loop, as many a first program does.

loop-of-1000.py PORT QOS none|running IN_FLIGHT CLIENT_ID

`none`: nothing of the library runs beside the loop. `running`: its network loop does, and the program waits for the last
message. IN_FLIGHT is the library's own limit of messages on their way; 20 by default. Prints `done` when the loop is
through, and stays until stdin ends.
"""
import sys

import paho.mqtt.client as paho

port, qos, network_loop, in_flight, client_id = sys.argv[1:]
client = paho.Client(client_id)
client.max_inflight_messages_set(int(in_flight))
client.connect("127.0.0.1", int(port))
if network_loop == "running":
    client.loop_start()
for number in range(1000):
    sent = client.publish("seed", str(number), int(qos))
if network_loop == "running":
    sent.wait_for_publish()
print("done", flush=True)
sys.stdin.read()
