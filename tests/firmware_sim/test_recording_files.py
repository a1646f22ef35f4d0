"""The files of a recording are those that `herd evaluate` reads."""

import csv
from collections import Counter
from datetime import datetime

from contracts.reading import MEASUREMENTS
from firmware_sim.farm_recording import recording_of
from firmware_sim.recording_files import animals_csv, readings_csv, truth_csv
from firmware_sim.recording_sets import compositions


def test_readings_are_told_with_their_time_animal_and_values() -> None:
    """Header as agreed; positions to a tenth of a metre; a repeat is a repeat."""
    recording = recording_of(compositions("quick")[1])
    rows = list(csv.DictReader(readings_csv(recording)))

    heard = sum(len(one.seq) for one in recording.slices())
    assert len(rows) == heard
    assert list(rows[0])[:3] == ["time", "animal_id", "interval_s"]
    assert set(list(rows[0])[3:]) <= set(MEASUREMENTS)
    assert {row["temperature_site"] for row in rows} == {"rumen"}
    assert datetime.fromisoformat(rows[0]["time"]).tzinfo is not None
    assert sum(len(row["latitude"].split(".")[-1]) >= 5 for row in rows) > 0.8 * len(rows)
    most = Counter((row["time"], row["animal_id"]) for row in rows).most_common(1)[0][1]
    assert most == 2


def test_animals_and_truth_name_the_same_animals_as_readings() -> None:
    """Or farm and stations, for what is theirs."""
    recording = recording_of(compositions("quick")[0])
    animals = list(csv.DictReader(animals_csv(recording.animals).splitlines()))
    truth = list(csv.DictReader(truth_csv(recording.truths()).splitlines()))

    ids = {row["animal_id"] for row in animals}
    assert len(ids) == 16
    assert any(row["calved_at"] and row["parity"] for row in animals)
    others = {row["animal_id"] for row in truth} - ids
    assert others <= {recording.farm_id, *recording.stations}
    assert all(row["start"] <= row["end"] for row in truth)
