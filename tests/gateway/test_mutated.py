"""Whatever bytes come, they become readings or a reason: no crash, and none takes long."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.dead_letter import Reason
from gateway.webhooks import BODY_BYTES_MAX
from tests.builders import FARM
from tests.conftest import FULL_SIZE
from tests.gateway.mutations import NATIVE_TOPIC, verdict_on
from tests.gateway.uplinks import CHIRPSTACK_TOPIC, THINGS_STACK_TOPIC, fixture, worn

ROOT = Path(__file__).parents[2]
COUNT = 1_000_000 if FULL_SIZE else 20_000
SEED = 5
SLOWEST_MS = 50.0  # of CPU; a hang of one payload is a hang of all collars
MEMORY_MAX_BYTES = 1024 * 1024 * 1024  # address space of the child: a bomb ends it, not the machine


@pytest.mark.timeout(1200)
def test_mutated_payloads_are_readings_or_reasons() -> None:
    """In a child process: one that crashes the interpreter is a finding, not a dead test run."""
    child = subprocess.run(
        [sys.executable, "tests/gateway/mutations.py", str(SEED), str(COUNT)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY_MAX_BYTES,) * 2),
        capture_output=True,
        text=True,
        check=False,
    )

    assert child.returncode == 0, child.stderr[-2000:]
    found = json.loads(child.stdout)
    sys.stdout.write(child.stdout)
    assert found["payloads"] == COUNT
    assert found["slowest_ms"] < SLOWEST_MS
    # mutations that never reach the depths prove nothing
    assert found["readings"] > COUNT // 10
    reached = {Reason(reason) for reason in found["reasons"]}
    assert {
        Reason.NOT_JSON, Reason.WRONG_TYPE, Reason.OUT_OF_RANGE, Reason.EMPTY, Reason.CLOCK,
        Reason.UNKNOWN_COLLAR, Reason.WRONG_FARM, Reason.BAD_MQTT_TOPIC, Reason.UNKNOWN_DECODER,
        Reason.DECODER_FAILED, Reason.TOO_LARGE,
    } <= reached  # fmt: skip


MB = 1024 * 1024
DEEP = 60_000
FULL = BODY_BYTES_MAX - 100
PLACES = (NATIVE_TOPIC, CHIRPSTACK_TOPIC, THINGS_STACK_TOPIC, f"/v1/uplinks/{FARM}/things-stack")
BOMBS = {
    "five megabytes": b'{"boot_id":7,"readings":[' + b'{"seq":1},' * (MB // 2) + b"]}",
    "lists in lists": b"[" * FULL,
    "objects in objects": b'{"a":' * DEEP + b"1" + b"}" * 10,
    "a deep object": b'{"deviceInfo":{},"object":' + b"[" * DEEP + b"]" * DEEP + b"}",
    "a deep reading": b'{"boot_id":7,"readings":[' + b"[" * DEEP + b"]" * DEEP + b"]}",
    "a number without end": b'{"boot_id":' + b"9" * FULL + b"}",
    "a fraction without end": b'{"boot_id":0.' + b"9" * FULL + b"}",
    "a text without end": b'{"station_id":"' + b"x" * FULL + b'"}',
    "escapes": b'{"station_id":"' + b"\\u0000" * (FULL // 7) + b'","boot_id":7,"readings":[]}',
    "half pairs": b'{"station_id":"' + b"\\ud800" * (FULL // 7) + b'","boot_id":7}',
    "NUL": b"\x00" * FULL,
    "blanks": b" " * FULL + b"{}",
    "many keys": b"{" + b",".join(b'"%d":1' % n for n in range(20_000)) + b"}",
    "one key often": b"{" + b'"boot_id":1,' * 20_000 + b'"readings":[]}',
    "readings that are none": b'{"boot_id":7,"readings":[' + b"1," * 120_000 + b"1]}",
    "BOM": b"\xef\xbb\xbf" + fixture("native"),
    "UTF-16": fixture("native").decode().encode("utf-16"),
}


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_a_reason(where: str, bomb: str) -> None:
    """Large, deep, endless: refused at the price of looking at it once."""
    verdict = verdict_on(where, BOMBS[bomb], worn())

    assert verdict.readings == ()
    assert len(verdict.refusals) == 1
    assert verdict.refusals[0].rejected.detail.isprintable()
