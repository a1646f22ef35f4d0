# ruff: noqa: ANN001, ANN201, D103, INP001, PLW0603, PTH104, PTH123, S311, T201, UP031  MicroPython
"""A collar on an ESP32 in MicroPython: keeps its readings in RAM until Herdlog has answered.

`mpremote mip install umqtt.simple` (1.8), Wi-Fi in boot.py, this file as main.py. RAM is lost with
the battery: a collar in the field keeps its ring in flash.
"""

import json
import os
import random
import time

import ntptime
from umqtt.simple import MQTTClient

HOST, PORT, FARM, COLLAR, PASSWORD = "192.168.1.10", 1883, "home", "c-17", "of `herd collar add`"
INTERVAL_S = 300
RING_MAX = 2000  # a week; beyond it the oldest is lost
UPLOAD_MAX = 50  # readings; the gateway takes 500, an ESP32's RAM does not
TOPIC = "herd/v1/%s/%s/" % (FARM, COLLAR)

ring = []  # (seq, reading), oldest first
seq = 0
measure_at = 0


def next_boot_id():  # goes up with each boot; where flash was erased, the time is above it
    try:
        with open("boot_id") as file:
            boot = int(file.read()) + 1
    except (OSError, ValueError):
        boot = int(time.time())
    with open("boot_id.new", "w") as file:
        file.write(str(boot))
    os.rename("boot_id.new", "boot_id")
    return boot


def now():
    return "%04d-%02d-%02dT%02d:%02d:%02dZ" % time.gmtime()[:6]


def measure_if_due():
    global measure_at, seq
    if time.time() < measure_at:
        return
    measure_at = max(measure_at, time.time()) + INTERVAL_S
    celsius = 38.6 + random.random() / 5  # your sensor
    reading = {"time": now(), "interval_s": INTERVAL_S, "temperature_c": celsius}
    ring.append((seq, reading))
    seq += 1
    if len(ring) > RING_MAX:
        ring.pop(0)


def hear(topic, payload):
    told = json.loads(payload)
    if topic.endswith(b"/rejects"):
        print("refused:", told["reason"], told["detail"])
    elif told["boot_id"] == boot_id:  # a retained answer may be of an older boot
        while ring and ring[0][0] <= told["seq"]:
            ring.pop(0)


def send(client):
    readings = [dict(reading, seq=number) for number, reading in ring[:UPLOAD_MAX]]
    upload = {"boot_id": boot_id, "sent_at": now(), "readings": readings}
    # QoS 0: at 1 umqtt waits for a PUBACK without an end, and the answer is the proof anyway
    client.publish(TOPIC + "readings", json.dumps(upload))
    return readings[-1]["seq"]


def run():
    """Until the connection breaks: measure, send one upload, wait for its answer or try again."""
    client_id = COLLAR + "-" + os.urandom(8).hex()  # who guesses it can cut us off
    client = MQTTClient(client_id, HOST, PORT, COLLAR, PASSWORD, keepalive=60)
    client.set_callback(hear)
    client.connect(timeout=10)
    client.subscribe(TOPIC + "ack", 1)
    client.subscribe(TOPIC + "rejects")
    send_at, ping_at, timeout_s, last_sent = 0, 0, 3, -1
    while True:
        measure_if_due()
        if ring and ring[0][0] > last_sent:  # answered: the next may go at once
            send_at, timeout_s = 0, 3
        if ring and time.time() >= send_at:
            last_sent = send(client)
            send_at = time.time() + timeout_s + random.randrange(2)
            timeout_s = min(2 * timeout_s, 30)
        if time.time() >= ping_at:
            ping_at = time.time() + 30
            client.ping()
        client.check_msg()
        time.sleep(0.1)


ntptime.settime()  # raises without a network: the collar starts again, and has no clock to lie by
boot_id = next_boot_id()
while True:
    try:
        run()
    except OSError as error:  # not heard is no reason not to measure
        print("connection lost:", error)
        measure_if_due()
        time.sleep(1 + random.randrange(5))
