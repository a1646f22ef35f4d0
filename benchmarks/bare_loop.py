"""The floor of the pipeline's bench, a process of its own: one bare `consume()` loop.

The worker's consumer with its settings, read_committed, each value looked at, nothing done with it.

`python -m benchmarks.bare_loop` is asked by one JSON object on stdin and answers on stdout.
"""

import json
import os
import sys
import time
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from contracts.topics import READINGS
from runtime.kafka import new_consumer

MANY = 10_000  # as the worker's largest batch
WAIT_S = 0.1
QUIET_MAX_S = 30.0  # without a record that is due


def main() -> None:
    """Do as asked, once told to go."""
    asked: dict[str, Any] = json.loads(sys.stdin.readline())
    consumer: Consumer = new_consumer(asked["bootstrap"], "herd-bench-floor")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    begun_s, cpu_s = time.time(), _cpu_s()
    consumer.assign(
        [TopicPartition(READINGS.name, int(p), begin) for p, (begin, _) in asked["spans"].items()]
    )
    left = sum(end - begin for begin, end in asked["spans"].values())
    records = octets = 0
    heard_s = time.monotonic()
    while records < left:
        messages = consumer.consume(MANY, WAIT_S)
        for message in messages:
            octets += len(message.value() or b"")
        records += len(messages)
        if messages:
            heard_s = time.monotonic()
        elif time.monotonic() - heard_s > QUIET_MAX_S:
            raise TimeoutError(f"{records} of {left} records came, then none")
    said = {"begun_s": begun_s, "ended_s": time.time(), "records": records, "octets": octets}
    json.dump({**said, "cpu_s": _cpu_s() - cpu_s}, sys.stdout)


def _cpu_s() -> float:
    used = os.times()
    return used.user + used.system


if __name__ == "__main__":
    main()
