"""The MicroPython example in CPython, with a broker and a clock that are played: no such machine
is here. MicroPython 1.27 (WebAssembly) ran the first scenario, and mpy-cross 1.29 compiles it.
"""

import ast
import json
import runpy
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest

from gateway.payloads import native
from gateway.published import schemas
from gateway.upload import Upload

EXAMPLE = Path(__file__).parents[2] / "docs/examples/collar_micropython.py"
START_S = 1_772_337_600  # 2026-03-01T04:00:00Z
IN_MICROPYTHON = {"json", "os", "random", "time", "ntptime", "umqtt.simple"}


class EnoughError(Exception):
    """The scenario is over."""


class Played:
    """A broker and a clock. `on_turn` plays the gateway, at every check for messages."""

    def __init__(self) -> None:
        self.now_s = float(START_S)
        self.uploads: list[tuple[float, dict[str, Any]]] = []
        self.connects = 0
        self.hear: Callable[[bytes, bytes], None] | None = None
        self.on_turn: Callable[[], None] = lambda: None

    def answer(self) -> None:
        """As the gateway does: everything of the newest upload is safe."""
        upload = self.uploads[-1][1]
        told = {"boot_id": upload["boot_id"], "seq": upload["readings"][-1]["seq"]}
        assert self.hear is not None
        self.hear(b"herd/v1/home/c-17/ack", json.dumps(told).encode())

    def seqs(self) -> list[list[int]]:
        """Of each upload, the readings in it."""
        return [[one["seq"] for one in upload["readings"]] for _, upload in self.uploads]

    def run(self, on_turn: Callable[[], None]) -> list[dict[str, Any]]:
        """The example until the scenario ends; the uploads it sent."""
        self.on_turn = on_turn
        with pytest.raises(EnoughError):
            runpy.run_path(str(EXAMPLE))
        return [upload for _, upload in self.uploads]


@pytest.fixture
def played(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Played:
    """The modules that MicroPython has and CPython has not; flash is a folder."""
    played = Played()

    class MQTTClient:
        """What the example uses of umqtt.simple 1.8."""

        def __init__(self, *_: object, keepalive: int) -> None:
            assert keepalive > 0

        def set_callback(self, hear: Callable[[bytes, bytes], None]) -> None:
            played.hear = hear

        def connect(self, clean_session: bool = True, timeout: int | None = None) -> None:  # noqa: FBT001, FBT002  as umqtt has it
            assert clean_session
            assert timeout
            played.connects += 1

        def subscribe(self, topic: str, qos: int = 0) -> None:
            assert topic.startswith("herd/v1/home/c-17/")
            assert qos <= 1

        def publish(self, topic: str, payload: str) -> None:
            assert topic == "herd/v1/home/c-17/readings"
            played.uploads.append((played.now_s, json.loads(payload)))

        def ping(self) -> None:
            pass

        def check_msg(self) -> None:
            played.on_turn()

    def sleep(seconds: float) -> None:
        played.now_s += seconds

    clock: Any = ModuleType("time")
    clock.time, clock.sleep = (lambda: int(played.now_s)), sleep
    clock.gmtime = lambda: time.gmtime(played.now_s)
    ntptime: Any = ModuleType("ntptime")
    ntptime.settime = lambda: None
    simple: Any = ModuleType("umqtt.simple")
    simple.MQTTClient = MQTTClient
    for name, module in (("time", clock), ("ntptime", ntptime), ("umqtt.simple", simple)):
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setitem(sys.modules, "umqtt", ModuleType("umqtt"))
    monkeypatch.chdir(tmp_path)
    return played


def test_it_needs_nothing_that_micropython_lacks() -> None:
    """No typing, no dataclasses, no annotations: an import that is not there is a brick."""
    tree = ast.parse(EXAMPLE.read_text("utf-8"))
    imported = {
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }

    assert imported == IN_MICROPYTHON
    assert not any(isinstance(node, ast.AnnAssign | ast.Match) for node in ast.walk(tree))


def test_it_sends_the_same_until_it_is_answered_and_then_the_next(played: Played) -> None:
    """Through a connection that breaks; what is answered is sent no more."""

    def gateway() -> None:
        if played.now_s > START_S + 1000:
            raise EnoughError
        if played.now_s > START_S + 700:
            played.answer()
        elif played.connects == 1 and played.now_s > START_S + 100:
            raise OSError(-1)

    uploads = played.run(gateway)

    assert played.connects == 2
    seqs = played.seqs()
    assert seqs[0] == [0]
    assert [0, 1, 2] in seqs  # measured while nobody answered
    assert seqs[-1] == [3]  # only what was not answered
    for upload in uploads:
        jsonschema.Draft202012Validator(schemas.upload_schema()).validate(upload)
        found = native.decode(json.dumps(upload).encode())
        assert isinstance(found, Upload)
        assert found.bad == ()


def test_one_upload_is_in_flight_and_asked_for_ever_more_seldom(played: Played) -> None:
    """A gateway that is away is not helped by a herd that shouts."""

    def nobody() -> None:
        if played.now_s > START_S + 250:
            raise EnoughError

    played.run(nobody)

    at = [when for when, _ in played.uploads]
    gaps = [later - earlier for earlier, later in pairwise(at)]
    assert gaps[:4] == sorted(gaps[:4])
    assert gaps[0] >= 3
    assert all(29 <= gap <= 33 for gap in gaps[4:])


def test_an_answer_of_an_older_boot_frees_nothing(played: Played) -> None:
    """It is retained, and comes with the subscription."""

    def old_answer() -> None:
        if played.now_s > START_S + 20:
            raise EnoughError
        assert played.hear is not None
        played.hear(b"herd/v1/home/c-17/ack", b'{"boot_id": 6, "seq": 99}')

    played.run(old_answer)

    assert {tuple(seqs) for seqs in played.seqs()} == {(0,)}
    assert len(played.uploads) > 1


def test_each_boot_has_a_higher_number(played: Played, tmp_path: Path) -> None:
    """Also after the flash was erased: or old numbers would come with other readings."""

    def once() -> None:
        if played.uploads:
            raise EnoughError

    boots = []
    for erased in (False, False, True, False):
        if erased:
            (tmp_path / "boot_id").unlink()
        played.uploads.clear()
        played.now_s += 3600
        boots.append(played.run(once)[0]["boot_id"])

    assert boots == sorted(set(boots))
