"""Hostile payloads, by the seed: fixtures with a value, a key or a byte changed, and plain noise.

Run as a program it sends them through the gateway's intake, as the child of test_mutated.py, and
says what became of them in one line of JSON.
"""

import base64
import json
import random
import string
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from contracts.clock import iso
from contracts.reading_columns import ReadingRows
from contracts.serde import FixedSchemaIds, Serde
from contracts.topics import LORAWAN_FILTER
from gateway.adapters.kafka_sink import letter_of
from gateway.attribution import Attribution
from gateway.intake import Verdict, judge, judge_webhook
from gateway.taken import TakenReadings
from tests.builders import FARM, MORNING
from tests.gateway.uplinks import (
    CHIRPSTACK_TOPIC,
    DECODERS,
    DEV_EUI,
    FIXTURES,
    THINGS_STACK_TOPIC,
    worn,
)

NATIVE_TOPIC = f"herd/v1/{FARM}/{DEV_EUI}/readings"
FIXTURE_TEXTS = {path.stem: path.read_text("utf-8") for path in sorted(FIXTURES.glob("*.json"))}
NAN, HUGE = "@nan@", "@huge@"  # put in as tokens, since no JSON writer makes them

VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 63, 64, 255, 256, 2**31, 2**32, 2**53, 2**53 + 1, 2**63, 2**64,
    -(2**64), 0.0, -0.0, 0.5, 300.0, 300.5, 1e-320, 1e308, -1e308, 38.6, NAN, HUGE, "", " ", "0",
    "7", "nan", "null", "\x00", "\ud800", "é", "\U0001f404", "x" * 5000, "../..", "a/b", "+", "#",
    "2026-03-01T04:00:00Z", "2026-03-01T04:00:00", "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00", "2026-02-30T00:00:00Z", "2026-03-01T24:00:00.9999999999Z",
    [], {}, [[]], [{}], {"": {}}, [None] * 600, [0] * 3000, "70b3d57ed0061717", "ffffffff", "AAEC",
    "=", "====", "AA=", {"readings": []}, {"readings": [{}] * 65}, {"herd_decoder": "no"},
    {"herd_decoder": "example-collar"}, {"interval_s": 60, "temperature_c": 38.5},
    {"interval_s": 1e300, "temperature_c": 38.5}, {"readings": [{"interval_s": 60, "steps": NAN}]},
)  # fmt: skip
VALUE_TEXTS = tuple(json.dumps(value) for value in VALUES)
TOPICS = (
    NATIVE_TOPIC, CHIRPSTACK_TOPIC, THINGS_STACK_TOPIC, CHIRPSTACK_TOPIC.replace("/up", "/join"),
    f"lorawan/v1/{FARM}/v3/a/devices/b/down/ack", LORAWAN_FILTER, "herd/v1/_/1/readings",
    NATIVE_TOPIC.replace(FARM, "farm-b"), NATIVE_TOPIC.replace(DEV_EUI, "c-9"),
)  # fmt: skip
OF_FORMAT = {"n": NATIVE_TOPIC, "c": CHIRPSTACK_TOPIC, "t": THINGS_STACK_TOPIC}


def payloads(seed: int, count: int) -> Iterator[tuple[str, bytes]]:
    """(MQTT topic or webhook path, payload), the same for the same seed."""
    draw = random.Random(seed)  # noqa: S311  no secret
    names = list(FIXTURE_TEXTS)
    natives = [name for name in names if name[0] == "n"]  # the way of most, and the fastest
    for _ in range(count):
        name = draw.choice(natives if draw.random() < 0.4 else names)
        topic = OF_FORMAT[name[0]] if draw.random() < 0.85 else _topic(draw)
        if draw.random() < 0.1 and name[0] != "n":
            server = draw.choice(("chirpstack", "things-stack"))
            topic = f"/v1/uplinks/{FARM}/{server}"
        kind = draw.random()
        if kind < 0.05:
            payload = draw.randbytes(draw.randrange(400))
        elif kind < 0.2:
            payload = _with_frame(draw, name)
        elif kind < 0.3:
            payload = FIXTURE_TEXTS[name].encode()
        else:
            payload = _with_values(draw, name)
        if kind >= 0.2 and draw.random() < 0.4:
            payload = _with_bytes(draw, payload)
        yield topic, payload


def _topic(draw: random.Random) -> str:
    topic = draw.choice(TOPICS)
    if draw.random() < 0.5:
        return topic
    place = draw.randrange(len(topic))
    return topic[:place] + draw.choice(("", "/", "é", "\x01", "A", "#")) + topic[place + 1 :]


def _with_values(draw: random.Random, name: str) -> bytes:
    """One to four nodes of the tree replaced, taken away, doubled or called otherwise."""
    tree = json.loads(FIXTURE_TEXTS[name])
    for _ in range(draw.randrange(1, 5)):
        _change(draw, tree)
    no_number = draw.choice(("NaN", "Infinity", "-Infinity", "1e999"))
    huge = draw.choice(("9" * 400, "-" + "9" * 4000, "9" * 20, "0." + "1" * 900))
    text = json.dumps(tree).replace(f'"{NAN}"', no_number).replace(f'"{HUGE}"', huge)
    return text.encode()


def _change(draw: random.Random, tree: Any) -> None:  # noqa: ANN401  any JSON
    node = tree
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = draw.choice(keys)
        inner = node[key]
        if not (isinstance(inner, dict | list) and inner) or draw.random() < 0.25:
            break
        node = inner
    match draw.randrange(8):
        case 0:
            del node[key]
        case 1 if isinstance(node, dict):
            node["".join(draw.choices(string.ascii_letters, k=5))] = node.pop(key)
        case 2 if isinstance(node, list):
            node.extend([inner] * draw.randrange(1, 80))
        case 3:
            node[key] = [inner]
        case 4:
            node[key] = iso(MORNING) if draw.random() < 0.5 else draw.uniform(-1e4, 1e4)
        case _:
            node[key] = json.loads(draw.choice(VALUE_TEXTS))  # of its own: it may be changed too


def _with_frame(draw: random.Random, name: str) -> bytes:
    """The bytes of a device: noise, or a frame of the example with bytes changed."""
    data = bytearray(base64.b64decode("AQEsDxUAHwAqAWkPEgAZAAwBaQ=="))
    for _ in range(draw.randrange(4)):
        data[draw.randrange(len(data))] = draw.randrange(256)
    if draw.random() < 0.5:
        data = bytearray(draw.randbytes(draw.randrange(270)))
    encoded = base64.b64encode(data).decode()
    tree = json.loads(FIXTURE_TEXTS[name])
    if "deviceInfo" in tree:
        tree["data"] = encoded
    elif "uplink_message" in tree:
        tree["uplink_message"]["frm_payload"] = encoded
    return json.dumps(tree).encode()


def _with_bytes(draw: random.Random, payload: bytes) -> bytes:
    """Bytes changed, cut out, doubled or put in."""
    damaged = bytearray(payload)
    for _ in range(draw.randrange(1, 6)):
        place = draw.randrange(len(damaged) + 1)
        match draw.randrange(5):
            case 0:
                del damaged[place:]
            case 1:
                del damaged[place : place + draw.randrange(20)]
            case 2:
                damaged[place:place] = damaged[place : place + draw.randrange(200)]
            case 3:
                damaged[place:place] = draw.choice((b"\x00", b"\xff", b"[" * 50, b'"', b"{", b"9"))
            case _:
                damaged[place : place + 1] = bytes((draw.randrange(256),))
    return bytes(damaged)


def verdict_on(where: str, payload: bytes, known: Attribution) -> Verdict:
    """What the gateway makes of it."""
    if not where.startswith("/v1/uplinks/"):
        return judge(where, payload, known, MORNING, DECODERS)
    verdict = judge_webhook(where, payload, known, MORNING, DECODERS)
    assert verdict is not None, where
    return verdict


def _written(verdict: Verdict, serde: Serde) -> list[bytes]:
    """The readings as Kafka gets them; the letters are written, too."""
    for refusal in verdict.refusals:
        serde.encode(letter_of(refusal, MORNING))
    if not isinstance(verdict.readings, TakenReadings):
        return [serde.encode(event) for event in verdict.readings]
    rows = ReadingRows()
    verdict.readings.add_to(rows)
    return serde.encode_rows(rows)


def main(seed: int, count: int) -> dict[str, Any]:
    """{payloads, readings, reasons, asides, cpu_s, slowest_ms}; an exception ends the process."""
    known, serde = worn(), Serde(FixedSchemaIds())
    reasons: Counter[str] = Counter()
    asides: Counter[str] = Counter()
    readings = slowest_ns = 0
    for where, payload in payloads(seed, count):
        begun_ns = time.thread_time_ns()
        verdict = verdict_on(where, payload, known)
        # what Avro or the answer cannot hold would end the gateway as surely as what cannot be read
        written = _written(verdict, serde)
        slowest_ns = max(slowest_ns, time.thread_time_ns() - begun_ns)
        assert written == [serde.encode(event) for event in verdict.readings], (where, payload)
        assert verdict.readings or verdict.refusals or verdict.aside, (where, payload)
        readings += len(verdict.readings)
        reasons.update(refusal.rejected.reason for refusal in verdict.refusals)
        if verdict.aside is not None:
            asides[verdict.aside] += 1
    return {
        "payloads": count,
        "readings": readings,
        "reasons": dict(reasons),
        "asides": dict(asides),
        "cpu_s": time.process_time(),
        "slowest_ms": slowest_ns / 1e6,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(int(sys.argv[1]), int(sys.argv[2]))) + "\n")
