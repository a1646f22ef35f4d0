"""Episodes: one stable id, revisions that each tell the whole state."""

from contracts.columns import micros
from contracts.detection import Phase
from pipeline.detectors.base import Measured
from pipeline.detectors.fever import Fever
from pipeline.episodes import (
    CLOSED_US,
    REPEAT_US,
    RETRACTED_US,
    Episode,
    Episodes,
    detection_id_of,
)
from pipeline.windows import LINE_US
from tests.builders import MORNING

ONSET_US = micros(MORNING)
HOT = Measured("temperature_c", "Cel", ONSET_US, 41.0, 40.0)


def an_episode(**said: object) -> Episode:
    """An open fever as it was first told, known two minutes after its onset."""
    values: dict[str, object] = {
        "detector": "fever",
        "row": 3,
        "farm_id": "farm-a",
        "subject_id": "nl-0017",
        "detection_id": detection_id_of(Fever.spec, "farm-a", "nl-0017", ONSET_US),
        "onset_us": ONSET_US,
        "revision": 1,
        "phase": Phase.ONSET,
        "known_us": ONSET_US + 120_000_000,
        "evidence": (HOT,),
        "cause": "reading-1",
    }
    return Episode(**(values | said))  # type: ignore[arg-type]  # fields named in tests


def test_the_id_hangs_on_farm_subject_condition_and_onset_alone() -> None:
    """A replay finds the episode again and must find it under the same name."""
    ids = {
        detection_id_of(Fever.spec, farm, animal, onset)
        for farm in ("farm-a", "farm-b")
        for animal in ("nl-1", "nl-2")
        for onset in (1, 2)
    }

    assert len(ids) == 8
    assert detection_id_of(Fever.spec, "farm-a", "nl-1", 1) in ids


def test_it_is_due_again_at_the_line_six_hours_after_it_was_told() -> None:
    """Ticks act at five-minute lines only, so that is when it can be told."""
    assert an_episode(known_us=LINE_US * 10).due_us == LINE_US * 10 + REPEAT_US
    assert an_episode(known_us=LINE_US * 10 + 1).due_us == LINE_US * 11 + REPEAT_US


def test_a_repeat_is_the_next_revision_of_the_same_detection() -> None:
    """Intake keeps the highest revision: each must stand for itself."""
    episodes = Episodes([Fever.spec])
    onset = episodes.begin(an_episode())
    (due,) = episodes.due(an_episode().due_us)

    told = episodes.repeat(due, due.due_us, (HOT,), "tick-1")

    assert told.payload.revision == 2
    assert told.payload.phase is Phase.UPDATE
    assert told.payload.detection_id == onset.payload.detection_id
    assert told.event_id != onset.event_id
    assert episodes.due(due.due_us) == []


def test_what_was_told_last_is_told_again_unchanged_after_a_restore() -> None:
    """The transaction may have been the one that was lost; a repeat costs nothing."""
    episodes, restored = Episodes([Fever.spec]), Episodes([Fever.spec])
    onset = episodes.begin(an_episode())

    restored.load(episodes.to_array())

    assert restored.last_told() == [onset]


def test_an_ended_episode_is_told_no_more() -> None:
    """The end is the last word on it."""
    episodes = Episodes([Fever.spec])
    episodes.begin(an_episode())

    told = episodes.end("fever", 3, ONSET_US + REPEAT_US, (HOT,), "reading-9")

    assert (told.payload.phase, told.payload.revision) == (Phase.END, 2)
    assert told.causation_id == "reading-9"
    assert episodes.last_told() == []
    assert episodes.due(10 * REPEAT_US + ONSET_US) == []


def test_the_last_revision_of_a_closed_one_is_known_until_it_cannot_begin_again() -> None:
    """Memory follows what may change; a farm that imports its past has a clock of its own."""
    for close, kept_us in (("end", CLOSED_US), ("retract", RETRACTED_US)):
        episodes = Episodes([Fever.spec])
        untouched = episodes.to_array().tobytes()
        episodes.begin(an_episode())
        getattr(episodes, close)("fever", 3, ONSET_US, (HOT,), "reading-9")
        restored = Episodes([Fever.spec])
        restored.load(episodes.to_array())

        restored.forget_closed(ONSET_US + kept_us, lambda _: True)
        restored.forget_closed(ONSET_US + kept_us + 1, lambda farm: farm != "farm-a")
        assert restored.begin(an_episode()).payload.revision == 3

        episodes.forget_closed(ONSET_US + kept_us + 1, lambda farm: farm == "farm-a")
        assert episodes.to_array().tobytes() == untouched
