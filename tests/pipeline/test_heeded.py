"""A context record that is not what its type says is passed over, and costs nothing but itself."""

from datetime import timedelta

import pytest

from contracts.context import Context
from contracts.detection import Condition, Phase
from pipeline.engine import HEEDED
from tests.builders import MORNING, a_tick, an_event
from tests.pipeline.logs import run, temperatures, values_of

BAD = (
    "{}",
    "[]",
    "null",
    "no json",
    '{"animal_id": 5}',
    '{"animal_id": "a", "calved_at": "x"}',
    '{"animal_id": "nl-0017", "calved_at": "2026-03-01T00:00:00"}',
    '{"fence_id": "a", "name": "a", "corners": [{"latitude": "x"}]}',
    '{"detector": "fever", "limits": [{"name": "rumen_c", "value": "x"}]}',
)


@pytest.mark.parametrize("kind", [*sorted(HEEDED), "who.knows.v9"])
def test_a_bad_context_record_costs_nothing_but_itself(kind: str) -> None:
    """It would end every worker that comes to it, and each that takes its place."""
    bad = [
        an_event(
            Context(
                source_offset=number,
                source_event_id=f"e-{number}",
                source_event_type=kind,
                details_json=details,
            )
        )
        for number, details in enumerate(BAD)
    ]

    _, told = run(values_of([*bad, *temperatures(41, 41, 41)]))

    assert [event.payload.condition for event in told] == [Condition.FEVER]


def test_an_open_case_outlasts_days_in_which_nobody_of_the_herd_is_heard() -> None:
    """A herd without an hour is judged by nobody, and ends no worker."""
    known = an_event(
        Context(
            source_offset=1,
            source_event_id="e-1",
            source_event_type="animal.registered.v1",
            details_json='{"animal_id": "nl-0017", "external_id": "NL 17", "group": "barn"}',
        )
    )
    silence = [a_tick(MORNING + timedelta(minutes=30 * number)) for number in range(2 * 24 * 5)]

    _, told = run(values_of([known, *temperatures(41, 41, 41), *silence]))

    assert told[0].payload.condition is Condition.FEVER
    assert not any(
        event.payload.phase is Phase.END for event in told if event.payload.condition == "fever"
    )
