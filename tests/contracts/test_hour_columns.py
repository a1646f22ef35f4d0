"""Hours in columns: every byte is fastavro's, whatever was measured, judged or left out."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from contracts.detection import Condition
from contracts.hour import HOUR_SIGNALS, LEARNING_DAYS, hour_event_id
from contracts.hour_columns import HourColumns, ScoreCard, ScoreColumn
from contracts.ids import ID_PATTERN, FarmId
from contracts.serde import FixedSchemaIds, Serde

HOUR_US = 3_600_000_000
SERDE = Serde(FixedSchemaIds())
REASONS = (None, "no_baseline", "too_few_hours", "late_readings")

ids = st.from_regex(ID_PATTERN, fullmatch=True)


@st.composite
def hours(draw: st.DrawFn) -> HourColumns:
    """A told hour of up to twelve animals and three detectors; the numbers come from a seed."""
    animal_ids = draw(st.lists(ids, max_size=12))
    dice = np.random.default_rng(draw(st.integers(0, 2**32)))
    known_share = draw(st.sampled_from([0.0, 0.5, 0.9, 1.0]))
    rows = len(animal_ids)

    def numbers(*shape: int) -> NDArray[np.float64]:
        values = np.round(dice.normal(0, 10 ** dice.integers(0, 6), (rows, *shape)), 3)
        return np.where(dice.random((rows, *shape)) < known_share, values, np.nan)

    def counts(least: int) -> NDArray[np.int64]:
        return dice.integers(least, draw(st.sampled_from([2, 63, 64, 100, 2**16])), rows)

    return HourColumns(
        farm_id=FarmId(draw(ids)),
        actor="pipeline:hours",
        causation_id=draw(ids),
        hour_us=HOUR_US * draw(st.integers(-(10**6), 10**6)),
        known_us=draw(st.integers(0, 2**51)),
        animal_ids=animal_ids,
        revision=counts(1),
        readings=counts(0),
        coverage_share=np.round(dice.random(rows), 3),
        values=numbers(len(HOUR_SIGNALS)),
        usual=numbers(len(HOUR_SIGNALS)),
        spread=numbers(len(HOUR_SIGNALS)),
        scores=tuple(
            ScoreColumn(
                card=ScoreCard(
                    detector=name,
                    condition=draw(st.sampled_from(Condition)),
                    unit="%",
                    limit=draw(st.sampled_from([None, 2.5])),
                ),
                score=numbers(),
                why_not=[REASONS[place] for place in dice.integers(0, len(REASONS), rows)],
                partial=dice.random(rows) < known_share,
            )
            for name in draw(st.lists(st.sampled_from(["oestrus", "größe", "x"]), max_size=3))
        ),
        learnt_days=dice.integers(0, LEARNING_DAYS + 1, rows),
    )


@given(hours())
def test_columns_write_the_bytes_that_each_hour_alone_would_have(told: HourColumns) -> None:
    """Readers must not see which way an hour was written."""
    events = told.events()

    records = list(SERDE.encode_hours(told))

    assert records == [(event.aggregate_id, SERDE.encode(event)) for event in events]


@given(hours())
def test_what_columns_tell_is_read_back_as_it_was_told(told: HourColumns) -> None:
    """Also by who knows nothing of columns."""
    assert [SERDE.decode(value) for _, value in SERDE.encode_hours(told)] == told.events()


@given(hours())
def test_an_hours_id_names_farm_animal_hour_and_revision(told: HourColumns) -> None:
    """Told again after a crash it is the same event; amended, it is another."""
    for event, animal_id in zip(told.events(), told.animal_ids, strict=True):
        hour, revision = event.payload.hour_at, event.payload.revision
        assert event.event_id == hour_event_id(told.farm_id, animal_id, hour, revision)


@given(hours(), hours())
def test_hours_are_equal_if_they_tell_the_same(told: HourColumns, other: HourColumns) -> None:
    """NaN is no value here but the lack of one, which is equal to itself."""
    assert told == replace(told)
    assert (told == other) == (told.events() == other.events())
