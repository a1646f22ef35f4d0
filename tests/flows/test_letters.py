"""Letters come home: what could not be used is found, sent again, repaired or thrown away."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contracts.dead_letter import DeadLetter
from contracts.ids import AnimalId, CollarId, FarmId
from contracts.reading import CollarReading
from contracts.topics import DEAD_LETTERS, READINGS
from firmware_sim.herd import Worn
from herd.dead_letters import show_letter
from herd.simulated import a_farm_id, register_animals
from read_models import LetterFilter, LetterRow, Letters, LetterState, open_letters
from runtime.mqtt_users import MqttUsers
from tests.conftest import FULL_SIZE
from tests.flows.conftest import WatchedFarm
from tests.flows.test_bad_payloads import ForeignCollar, upload
from tests.kafka_reader import events_of

UPLOADS = 3000 if FULL_SIZE else 300
HEADER = "external_id,animal_id,name,group,collar_id,worn_from"


class Desk:
    """A farm's letters as an operator handles them: the command line, as a process of its own."""

    def __init__(self, watched: WatchedFarm) -> None:
        self.watched = watched
        self.farm_id = FarmId(a_farm_id("letters"))
        self.letters: Letters = open_letters(watched.farm.file.fields["POSTGRES_DSN"])
        self.data = watched.farm.data
        self._collars: list[ForeignCollar] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """`herd …` on this farm."""
        return subprocess.Popen(
            [sys.executable, "-m", "herd.cli", *arguments, "--data", str(self.data)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def herd(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Its exit status and its JSON."""
        child = self.start(*arguments, "--json")
        out, errors = child.communicate(timeout=120)
        lines = out.splitlines()
        return child.returncode, json.loads(lines[-1]) if lines else {"errors": errors}

    def a_stranger(self) -> ForeignCollar:
        """A collar with a credential that the register does not know, connected."""
        collar_id = CollarId(a_farm_id("stranger"))
        password = MqttUsers(self.watched.farm.box.addresses.mqtt_users).add_collar(
            self.farm_id, collar_id
        )
        return self.connected(
            Worn(
                farm_id=self.farm_id,
                animal_id=AnimalId("nobody"),
                collar_id=collar_id,
                user=collar_id,
                password=password,
            )
        )

    def connected(self, worn: Worn) -> ForeignCollar:
        """The collar, let in by the broker."""
        collar = ForeignCollar(self.watched.farm, worn)
        self._collars.append(collar)
        self.watched.eventually(collar.connected, why="the collar is let in")
        return collar

    def sent_in_vain(self, collar: ForeignCollar, uploads: int) -> None:
        """So many uploads of one reading each, all of them answered, none of them used."""
        for seq in range(1, uploads + 1):
            collar.publish(upload(seq))
        self.watched.eventually(
            lambda: {"boot_id": 1, "seq": uploads} in collar.answers, why="the last is answered"
        )
        self.eventually_stand(uploads, LetterState.OPEN)

    def eventually_stand(self, count: int, state: LetterState) -> list[LetterRow]:
        """The letters of the farm in a state, once there are so many."""
        wanted = LetterFilter(farm_id=self.farm_id, state=state)

        def found() -> list[LetterRow] | None:
            return self.letters.newest(wanted, limit=1000) if self.count(state) == count else None

        return self.watched.eventually(found, why=f"{count} letters are {state}")

    def count(self, state: LetterState) -> int:
        """How many letters of the farm are in a state."""
        return self.letters.count(LetterFilter(farm_id=self.farm_id, state=state))

    def readings(self) -> Counter[int]:
        """How often each seq of the farm's readings stands in the log."""
        events = events_of(self.watched.farm.box.addresses, READINGS, self.farm_id)
        return Counter(
            event.payload.seq for event in events if isinstance(event.payload, CollarReading)
        )

    def close(self) -> None:
        """Leave."""
        self.letters.close()
        for collar in self._collars:
            collar.close()


@pytest.fixture
def desk(watched_farm: WatchedFarm) -> Iterator[Desk]:
    """Letters of a farm of its own."""
    desk = Desk(watched_farm)
    yield desk
    desk.close()


def test_all_letters_of_an_unknown_collar_come_home_after_its_assignment(
    desk: Desk, tmp_path: Path
) -> None:
    """Also when the gateway is killed in the middle: each reading counts once, none is missing."""
    collar = desk.a_stranger()
    collar_id = collar._worn.collar_id
    desk.sent_in_vain(collar, UPLOADS)
    assert desk.readings() == Counter()
    herd_list = tmp_path / "herd.csv"
    herd_list.write_text(f"{HEADER}\nNL 1,{collar_id}-cow,,,{collar_id},2026-01-01T00:00:00Z\n")

    imported, told = desk.herd("import", str(herd_list), "--farm", desk.farm_id)
    first, some = desk.herd(
        "dead-letters", "retry", "--farm", desk.farm_id, "--reason", "unknown_collar",
        "--limit", str(UPLOADS // 3),
    )  # fmt: skip
    home = desk.readings()
    assert (
        home.total() == len(home) == UPLOADS // 3
    )  # which: one that waits for no answer has no order
    rest = desk.start("dead-letters", "retry", "--collar", collar_id, "--json")
    desk.watched.eventually(lambda: len(desk.readings()) > UPLOADS // 3, why="it is under way")
    desk.watched.farm.own["gateway"].service.crash()
    desk.watched.eventually(lambda: rest.poll() is not None, why="the retry ends", within_s=120)
    others = json.loads(rest.communicate()[0].splitlines()[-1])

    assert (imported, told["imported"]) == (0, 1)
    assert (first, some["taken"], some["readings"]) == (0, UPLOADS // 3, UPLOADS // 3)
    assert (rest.returncode, others["taken"]) == (0, UPLOADS - UPLOADS // 3)
    assert set(desk.readings()) == set(range(1, UPLOADS + 1))
    desk.eventually_stand(UPLOADS, LetterState.TAKEN)
    assert desk.count(LetterState.OPEN) == 0
    events = events_of(desk.watched.farm.box.addresses, READINGS, desk.farm_id)
    ids = {event.event_id for event in events if isinstance(event.payload, CollarReading)}
    assert len(ids) == UPLOADS  # what was repeated after the kill carries the same ids
    assert {event.aggregate_id for event in events if event.event_id in ids} == {f"{collar_id}-cow"}


def test_a_letter_is_shown_refused_again_repaired_and_thrown_away(
    desk: Desk, tmp_path: Path
) -> None:
    """What an operator does about a broken firmware, and what is known of it afterwards."""
    worn = register_animals(desk.watched.farm.file, desk.farm_id, 1)[0]
    collar = desk.connected(worn)
    for broken in (b"temperature: high", b"\xff\xfe", upload(2, temperature_c="warm")):
        collar.publish(broken)
    desk.eventually_stand(3, LetterState.OPEN)
    _, told = desk.herd("dead-letters", "list", "--farm", desk.farm_id)
    by_size = {row["size"]: row["letter_id"] for row in told["letters"]}
    text, binary = by_size.pop(17), by_size.pop(2)
    (typed,) = by_size.values()

    shown = show_letter(desk.data, text, None)
    hexed = show_letter(desk.data, binary, tmp_path / "raw")
    again, refused = desk.herd("dead-letters", "retry", text)
    (tmp_path / "repaired").write_bytes(upload(1))
    mended, taken = desk.herd("dead-letters", "retry", text, "--with", str(tmp_path / "repaired"))
    unsaid, _ = desk.herd("dead-letters", "discard")
    gone, discarded = desk.herd(
        "dead-letters", "discard", "--farm", desk.farm_id, "--why", "a test", "--yes"
    )
    unknown, why = desk.herd("dead-letters", "show", "nobody")

    assert (shown["text"], shown["reason"]) == ("temperature: high", "not_json")
    assert shown["collar_id"] == worn.collar_id
    assert (hexed["hex"], (tmp_path / "raw").read_bytes()) == ("fffe", b"\xff\xfe")
    assert (again, refused["refused"], refused["letters"][0]["letter_id"]) == (1, 1, text)
    assert (mended, taken["taken"], taken["readings"]) == (0, 1, 1)
    assert desk.readings() == Counter([1])
    assert (unsaid, gone, discarded["discarded"]) == (2, 0, 2)
    assert unknown == 1
    assert "there is no letter" in why["errors"]
    thrown = desk.eventually_stand(2, LetterState.DISCARDED)
    assert {row.letter_id for row in thrown} == {binary, typed}
    after = show_letter(desk.data, text, None)
    assert (after["state"], after["tries"], after["decided_by"]) == ("taken", 3, "gateway")
    assert [step["did"] for step in after["steps"]] == [
        "asked", "refused", "asked_repaired", "taken",
    ]  # fmt: skip

    before = desk.letters.canonical()
    rebuilt, report = desk.herd("rebuild", "dead_letters")

    assert (rebuilt, report["records"] > 0) == (0, True)
    assert desk.letters.canonical() == before
    letters = events_of(desk.watched.farm.box.addresses, DEAD_LETTERS, desk.farm_id)
    assert len([one for one in letters if isinstance(one.payload, DeadLetter)]) == 3
