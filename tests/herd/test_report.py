"""The report stands for itself: one file, no script, nothing fetched, every id escaped."""

import re
from xml.etree import ElementTree as ET

import numpy as np

from contracts.detection import Condition
from contracts.ids import SubjectKind
from herd.evaluate import Score
from herd.evaluate_table import as_object, in_words
from herd.report import drawings, report
from herd.report_pictures import drawing
from pipeline.evaluate import Row
from pipeline.evaluate_pictures import HIT, Picture, Trace
from pipeline.evaluate_run import Finding
from pipeline.tables import HOUR_US

COW = 'cow "<7> & co'
HOURS = 24 * 6


def a_picture(condition: Condition = Condition.OESTRUS, hours: int = HOURS) -> Picture:
    """An event of a cow with a difficult name; an hour of it was not heard."""
    value = 100 + 50 * np.sin(np.arange(hours) / 4)
    value[30] = np.nan
    usual = np.full(hours, 100.0)
    start_us = hours // 2 * HOUR_US
    return Picture(
        condition=condition,
        kind=HIT,
        farm_id="home",
        subject_id=COW,
        since_us=0,
        traces=(Trace(signal="activity", value=value, usual=usual, spread=usual / 10),),
        rows=(
            Row(
                animal_id=COW,
                condition=condition,
                start_us=start_us,
                end_us=start_us + 15 * HOUR_US,
            ),
        ),
        findings=(
            Finding(
                condition=condition,
                subject_kind=SubjectKind.ANIMAL,
                subject_id=COW,
                detection_id="1",
                known_us=start_us + 5 * HOUR_US,
                onset_us=start_us,
                ended_us=start_us + 20 * HOUR_US,
            ),
        ),
        lead_h=-5.0,
        why="activity 3 <b>",
    )


def a_score() -> Score:
    """One heat of two found, a false ketosis."""
    score = Score(animals=2, readings=1000, took_s=2.0)
    oestrus = score.table.conditions[Condition.OESTRUS]
    oestrus.events, oestrus.detected, oestrus.findings, oestrus.right = 2, 1, 1, 1
    oestrus.leads_h = [-5.0]
    score.table.conditions[Condition.KETOSIS].false = 1
    score.table.animal_days = 100
    score.pictures = [a_picture()]
    return score


def test_a_report_fetches_nothing_and_runs_nothing() -> None:
    """It is mailed to a vet and opened from a disk."""
    score = a_score()

    page = report(as_object(score), score.pictures)

    assert not re.search(r"https?://|<script|<link|<img|@import|url\(", page)
    assert "prefers" in page or "light-dark(" in page
    assert "@media print" in page


def test_what_files_call_an_animal_cannot_become_markup() -> None:
    """Ids are any text."""
    score = a_score()

    page = report(as_object(score), score.pictures)

    assert "<7>" not in page
    assert "3 <b>" not in page
    assert "cow &quot;&lt;7&gt; &amp; co" in page


def test_figures_stand_beside_what_was_published() -> None:
    """With the source, so that a reader can look it up."""
    score = a_score()

    page = report(as_object(score), score.pictures)

    assert "Chanvallon 2014" in page
    assert "0.09 to 0.91" in page  # Wilson's of one in two
    assert "10.00" in page  # false alerts of ketosis a thousand days


def test_a_drawing_shows_signal_band_truth_and_what_was_told() -> None:
    """All four, or it explains nothing; a gap stays a gap."""
    root = ET.fromstring(drawing(a_picture()))  # noqa: S314  our own text

    kinds = [one.get("class") for one in root.iter()]
    assert {"value", "band", "usual", "truth", "truth-edge", "said", "said-span"} <= set(kinds)
    assert kinds.count("value") == 2
    assert not re.search("nan|inf", "".join(one.get("d") or "" for one in root.iter()))


def test_a_drawing_of_weeks_shows_means_of_a_day() -> None:
    """An hour of three weeks is a jitter a pixel wide."""
    text = drawing(a_picture(Condition.LAMENESS, 24 * 30))

    assert "mean of 24 h" in text


def test_each_drawing_can_stand_in_another_page() -> None:
    """Documents show an oestrus and a missed illness without the report around them."""
    found = drawings([a_picture(), a_picture(Condition.KETOSIS)])

    assert set(found) == {"oestrus-found-1.svg", "ketosis-found-1.svg"}
    root = ET.fromstring(found["oestrus-found-1.svg"])  # noqa: S314  our own text
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert "light-dark" not in found["oestrus-found-1.svg"]


def test_words_and_object_say_the_same() -> None:
    """Scripts read the one, people the other."""
    result = as_object(a_score())

    words = in_words(result)

    assert result["conditions"]["oestrus"]["sensitivity"] == 0.5
    assert re.search(r"oestrus +2 +1 +0\.50 \(0\.09 to 0\.91\) +1\.00", words)
    assert "health together: 10.0 false alerts" in words
