"""What `herd evaluate` takes as files: any order, cadence and subset, and what it says of them."""

import io
import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from contracts.animal_event import AnimalCalved, AnimalPregnancyChecked
from contracts.columns import micros
from contracts.detection import Condition
from herd.evaluate import Asked
from herd.evaluate_csv import FileError, LaidDown, Notes, lay_down
from herd.evaluate_files import Files, evaluate_files
from herd.evaluate_spans import site_unsaid, spans_of
from herd.evaluate_truth import read_animals, read_truth
from pipeline.evaluate_input import Heard

SINCE = datetime(2026, 3, 1, tzinfo=UTC)
HEADER = "time,animal_id,interval_s,temperature_c,temperature_site,activity"


def laid_down(text: str, directory: Path) -> tuple[LaidDown, Notes]:
    """A readings file, laid down."""
    notes = Notes()
    return lay_down(io.StringIO(text), directory, notes, lambda _: None), notes


def spans(text: str, directory: Path) -> tuple[list[Heard], LaidDown, Notes]:
    """Its readings as the engine gets them."""
    laid, notes = laid_down(text, directory)
    found = list(spans_of(laid, site_unsaid(laid), notes))
    return found, laid, notes


def of(found: Sequence[Heard], name: str) -> list[float]:
    """One measurement over all spans, NaN as -1."""
    values = np.concatenate([one.columns[name] for one in found])
    return [float(value) for value in np.nan_to_num(values, nan=-1)]


def test_rows_in_any_order_come_in_order_of_time_and_each_animal_is_counted_on(
    tmp_path: Path,
) -> None:
    """Files come an animal after the other, or shuffled; the log must not."""
    rows = [
        f"{SINCE + timedelta(hours=h):%Y-%m-%dT%H:%M:%SZ},{animal},3600,38.5,rumen,{h}"
        for animal in ("b", "a")
        for h in (30, 2, 1, 49)
    ]

    found, laid, _ = spans("\n".join([HEADER, *rows]), tmp_path)

    assert len(found) == 3
    heard_us = np.concatenate([one.heard_us for one in found])
    assert (np.diff(heard_us) >= 0).all()
    for animal in range(2):
        mine = np.concatenate([one.seq[one.animal == animal] for one in found])
        assert mine.tolist() == [1, 2, 3, 4]
    assert laid.animals == ["b", "a"]


def test_two_rows_of_one_time_are_one_reading_with_what_either_says(tmp_path: Path) -> None:
    """A bolus and a collar are often two exports laid one behind the other."""
    text = f"""{HEADER}
2026-03-01T01:00Z,a,3600,38.5,rumen,
2026-03-01T01:00Z,a,3600,,,7
2026-03-01T01:00Z,a,3600,39.9,core,9
2026-03-01T01:00Z,b,3600,,,5
"""

    found, _, notes = spans(text, tmp_path)

    assert of(found, "temperature_c") == pytest.approx([38.5, -1], abs=1e-3)
    assert of(found, "activity") == [7, 5]
    assert notes.doubled == 2


def test_a_bad_row_costs_nothing_but_itself_and_is_named_with_its_line(tmp_path: Path) -> None:
    """One slip of a keyboard in two million rows must not lose the herd, nor go unseen."""
    text = f"""{HEADER}
2026-03-01T01:00Z,a,3600,38.5,rumen,1
yesterday,a,3600,38.5,rumen,2
2026-03-01T02:00Z,a,0,38.5,rumen,3
2026-03-01T03:00Z,a,3600,warm,rumen,4
2026-03-01T04:00Z,a,3600,38.5
2026-03-01T05:00Z,,3600,38.5,rumen,6
0026-03-01T05:00Z,ghost,3600,38.5,rumen,6
2026-03-01T06:00Z,a,3600,NA,,7
"""

    found, laid, notes = spans(text, tmp_path)

    assert of(found, "activity") == [1, 7]
    assert notes.refused == 6
    assert [line.split(":")[0] for line in notes.told] == [f"line {n}" for n in range(3, 9)]
    assert "no number" in notes.told[2]
    assert laid.animals == ["a"]


def test_times_with_and_without_a_zone_are_understood(tmp_path: Path) -> None:
    """Without one it is UTC; the same moment in two zones is one moment."""
    text = f"""{HEADER}
2026-03-01T03:00:00+02:00,a,60,,,1
2026-03-01 01:00:00,b,60,,,1
2026-03-01T01:00:00.000Z,c,60,,,1
"""

    found, _, _ = spans(text, tmp_path)

    assert set(found[0].time_us.tolist()) == {micros(datetime(2026, 3, 1, 1, tzinfo=UTC))}


def test_unknown_columns_are_named_and_ignored(tmp_path: Path) -> None:
    """Whoever misspells a column must see it."""
    text = "\ufefftime,animal_id,interval_s,Activity,milk_kg\n2026-03-01T01:00Z,a,60,5,31\n"

    laid, notes = laid_down(text, tmp_path)

    assert laid.columns == ("activity",)
    assert notes.ignored == ["milk_kg"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no column time"),
        ("time,animal_id\n", "no column interval_s"),
        ("time,animal_id,interval_s,steps,steps\n", "twice"),
        ("time,animal_id,interval_s\nnow,a,60\n", "none of 1 rows"),
    ],
)
def test_a_file_that_is_none_is_refused_in_words(text: str, says: str, tmp_path: Path) -> None:
    """A sentence with the line, no traceback."""
    with pytest.raises(FileError, match=says):
        laid_down(text, tmp_path)


def test_days_apart_by_a_slip_of_the_pen_are_refused(tmp_path: Path) -> None:
    """A year too many would keep the engine waiting for a century."""
    text = f"{HEADER}\n2026-03-01T01:00Z,a,60,,,1\n2062-03-01T01:00Z,a,60,,,1\n"

    with pytest.raises(FileError, match="2062-03-01"):
        spans(text, tmp_path)


@pytest.mark.parametrize(
    ("celsius", "site"), [(39.3, "rumen"), (38.5, "core"), (33.0, "skin"), (20.5, "skin")]
)
def test_temperatures_without_a_site_are_taken_for_what_their_median_looks_like(
    celsius: float, site: str, tmp_path: Path
) -> None:
    """Many exports do not say it; an ear tag's must not be read as a body's."""
    text = "time,animal_id,interval_s,temperature_c\n" + "".join(
        f"2026-03-01T01:{minute:02}Z,a,60,{celsius + minute / 100}\n" for minute in range(10)
    )

    found, laid, _ = spans(text, tmp_path)

    assert {laid.sites[code] for code in found[0].site.tolist()} == {site}


def test_sites_have_other_names_too(tmp_path: Path) -> None:
    """A bolus lies in the rumen, or in the reticulum beside it."""
    text = (
        f"{HEADER}\n2026-03-01T01:00Z,a,60,39,Reticulo-Rumen,\n2026-03-01T02:00Z,a,60,39,Vaginal,\n"
    )

    found, laid, _ = spans(text, tmp_path)

    assert [laid.sites[code] for code in found[0].site.tolist()] == ["rumen", "core"]


def test_a_wrong_row_of_truth_ends_it_with_all_lines_named() -> None:
    """Truth decides what is counted: a row left out would change the figures in silence."""
    text = """animal_id,condition,start,end
a,oestrus,2026-03-09T00:00Z,2026-03-09T12:00Z
a,heat,2026-03-09T00:00Z,2026-03-09T12:00Z
a,fever,2026-03-09T00:00Z,2026-03-08T12:00Z
"""

    with pytest.raises(FileError, match=r"line 3: no condition 'heat'; line 4: it ends"):
        read_truth(io.StringIO(text), {"a"}, "farm")


def test_truth_brings_its_tolerance_and_may_be_about_the_farm() -> None:
    """An empty end is a moment; a heat wave is nobody's own."""
    text = """animal_id,condition,start,end,tolerance_h
a,calving,2026-03-09T00:00Z,,48
,heat_stress,2026-03-09T00:00Z,2026-03-09T12:00Z,
"""

    calving, heat = read_truth(io.StringIO(text), {"a"}, "farm")

    assert calving.end_us == calving.start_us
    assert calving.tolerance_h == 48
    assert (heat.animal_id, heat.condition) == ("farm", Condition.HEAT_STRESS)


def test_a_calving_is_told_when_it_happens_and_a_due_date_at_once() -> None:
    """An evaluation that told the register tomorrow's calving today would ask nothing."""
    text = "animal_id,group,calved_at,due_at,parity\na,barn,2026-03-20,2026-03-22,3\n"

    facts = read_animals(io.StringIO(text), micros(SINCE))

    told = {type(one.payload): one.at_us for one in facts}
    assert told[AnimalCalved] == micros(datetime(2026, 3, 20, tzinfo=UTC))
    assert told[AnimalPregnancyChecked] == micros(SINCE)


@pytest.mark.parametrize(
    ("calved_at", "due_at", "known_at"),
    [
        ("2026-02-20", "2026-02-22", None),  # over before the log begins
        ("2026-03-20", "2027-02-22", "2026-03-20T00:01"),  # of the calving after the one to come
        ("2026-02-20", "2027-01-22", "2026-03-01"),
        ("", "2026-03-22", "2026-03-01"),
    ],
)
def test_a_due_day_counts_for_the_calving_it_is_of(
    calved_at: str, due_at: str, known_at: str | None
) -> None:
    """A due day of a calving that is over would keep her pregnant, and in no heat, for ever."""
    text = f"animal_id,calved_at,due_at\na,{calved_at},{due_at}\n"

    facts = read_animals(io.StringIO(text), micros(SINCE))

    told = [one.at_us for one in facts if isinstance(one.payload, AnimalPregnancyChecked)]
    wanted = [] if known_at is None else [datetime.fromisoformat(known_at).replace(tzinfo=UTC)]
    assert told == [micros(at) for at in wanted]


@pytest.mark.parametrize("unit", [1.0, 1e5, 1e-4])
def test_a_herd_of_one_signal_is_judged_with_ids_of_any_text_in_any_unit(
    tmp_path: Path, unit: float
) -> None:
    """Activity by the hour and nothing else, ids as people write them: a heat is found."""
    rng = np.random.default_rng(7)
    animals = ["DE 01 234/5", "Büffel ☃", "x" * 60, *(f"cow {n}" for n in range(9))]
    heat_h = 24 * 9

    def usual() -> float:
        return float(unit * rng.uniform(80, 120))

    rows = [
        f"{SINCE + timedelta(hours=h):%Y-%m-%dT%H:%M:%S},{animal},3600,"
        f"{(4 if animal == animals[1] and 0 <= h - heat_h < 14 else 1) * usual():.6g}"
        for animal in animals
        for h in range(1, 24 * 10)
    ]
    start = SINCE + timedelta(hours=heat_h)
    (tmp_path / "readings.csv").write_text(
        "\n".join(["time,animal_id,interval_s,activity", *rows]), "utf-8"
    )
    (tmp_path / "truth.csv").write_text(
        f"animal_id,condition,start,end\n{animals[1]},oestrus,{start.isoformat()},\n", "utf-8"
    )

    files = Files(str(tmp_path / "readings.csv"), tmp_path / "truth.csv")
    score, _ = evaluate_files(files, Asked(young_count=True), lambda _: None)

    figures = score.table.told()["conditions"]["oestrus"]
    assert (figures["events"], figures["detected"], figures["false_alerts"]) == (1, 1, 0)
    assert score.table.animal_days == len(animals) * 10
    assert score.readings == len(rows)
    json.dumps(score.table.told())
