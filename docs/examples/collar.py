# ruff: noqa: INP001, S311, T201  a file to be copied: in no package, its sensor is a die
"""A collar in Python: keeps each reading on disk until Herdlog has answered for it.

pip install paho-mqtt && python collar.py HOST PORT FARM COLLAR PASSWORD [INTERVAL_S]
"""

import json
import random
import sqlite3
import sys
import time
from datetime import UTC, datetime
from queue import Empty, Queue

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

HOST, PORT, FARM, COLLAR, PASSWORD, *REST = sys.argv[1:]
INTERVAL_S = int(REST[0]) if REST else 300
TOPIC = f"herd/v1/{FARM}/{COLLAR}"
heard: Queue[MQTTMessage] = Queue()
kept = sqlite3.connect(f"{COLLAR}.db", isolation_level=None)  # what is executed is on the disk
kept.execute("CREATE TABLE IF NOT EXISTS boot (id INTEGER)")
kept.execute("CREATE TABLE IF NOT EXISTS kept (seq INTEGER PRIMARY KEY AUTOINCREMENT, it TEXT)")
kept.execute("INSERT INTO boot SELECT ? WHERE NOT EXISTS (SELECT * FROM boot)", [int(time.time())])
(boot_id,) = kept.execute("SELECT id FROM boot").fetchone()  # a lost file is a new boot

client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)  # no id to guess
client.username_pw_set(COLLAR, PASSWORD)  # with TLS, port 8883: client.tls_set("ca.crt")
client.on_connect = lambda *_: client.subscribe([(f"{TOPIC}/ack", 1), (f"{TOPIC}/rejects", 1)])
client.on_message = lambda _client, _data, message: heard.put(message)
client.connect_async(HOST, int(PORT))
client.loop_start()

measure_at, send_at, timeout_s, sent_seq = time.time(), 0.0, 3.0, 0
while True:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    if time.time() >= measure_at:
        measure_at += INTERVAL_S
        reading = {"time": now, "interval_s": INTERVAL_S, "temperature_site": "rumen"}
        reading["temperature_c"] = round(random.gauss(38.6, 0.2), 2)  # your sensor
        kept.execute("INSERT INTO kept (it) VALUES (?)", [json.dumps(reading)])
    rows = kept.execute("SELECT seq, it FROM kept ORDER BY seq LIMIT 500").fetchall()
    if rows and time.time() >= send_at and client.is_connected():  # one upload is in flight
        readings = [{"seq": seq} | json.loads(it) for seq, it in rows]
        upload = {"boot_id": boot_id, "sent_at": now, "readings": readings}
        client.publish(f"{TOPIC}/readings", json.dumps(upload), qos=1)
        sent_seq, send_at = rows[-1][0], time.time() + timeout_s * random.uniform(1, 1.3)
        timeout_s = min(2 * timeout_s, 30)  # unless it is answered, the same goes out again
    try:
        message = heard.get(timeout=0.1)
    except Empty:
        continue
    told = json.loads(message.payload)
    if message.topic.endswith("/rejects"):
        print("refused:", told["reason"], told["detail"])
    elif told["boot_id"] == boot_id:  # a retained answer may be of an older boot
        kept.execute("DELETE FROM kept WHERE seq <= ?", [told["seq"]])
        if told["seq"] >= sent_seq:
            send_at, timeout_s = 0.0, 3.0
