"""Radio: what is heard, when, how often; loss by distance as measured."""

import numpy as np
import pytest

from firmware_sim.draws import drawn_from
from firmware_sim.faults_radio import NEVER_US, SECOND_US, Gap, Radio, heard_share, repeated

INTERVAL_S = 600
TIME_US = SECOND_US * INTERVAL_S * np.arange(1, 20_001, dtype=np.int64)


@pytest.mark.parametrize(("metres", "share"), [(50, 0.982), (200, 0.939), (250, 0.831)])
def test_loss_grows_with_distance_as_on_ear_tags(metres: float, share: float) -> None:
    """Real ear tags, each a share of packets."""
    assert heard_share(metres) == pytest.approx(share)

    radio = Radio(1 - share, answered=False)
    heard = radio.heard_us(TIME_US, INTERVAL_S, drawn_from("radio"))

    assert (heard != NEVER_US).mean() == pytest.approx(share, abs=0.01)


def test_a_collar_that_is_answered_loses_nothing_and_keeps_its_order() -> None:
    """It sends again with its next reading: loss is delay."""
    radio = Radio(0.1, answered=True)

    heard = radio.heard_us(TIME_US, INTERVAL_S, drawn_from("radio"))

    assert (heard >= TIME_US).all()
    assert (np.diff(heard) >= 0).all()
    late = (heard - TIME_US) > INTERVAL_S * SECOND_US
    assert 0.05 < late.mean() < 0.25


def test_order_is_kept_from_one_day_to_the_next() -> None:
    """A recording is made day by day; a collar does not know."""
    rng = drawn_from("days")
    radio = Radio(0.8, answered=True)

    days = [radio.heard_us(TIME_US[n : n + 50], INTERVAL_S, rng) for n in range(0, 5000, 50)]

    assert (np.diff(np.concatenate(days)) >= 0).all()


def test_what_was_kept_through_a_gap_comes_after_it_and_what_was_not_never() -> None:
    """Out of reach, or dead."""
    begins_us, ends_us = int(TIME_US[100]), int(TIME_US[200])
    for kept in (True, False):
        radio = Radio(0.0001, answered=True, gaps=[Gap(begins_us, ends_us, kept)])

        heard = radio.heard_us(TIME_US, INTERVAL_S, drawn_from("gap"))

        within = heard[100:199]
        assert (within >= ends_us).all() if kept else (within == NEVER_US).all()
        assert not ((heard >= begins_us) & (heard < ends_us)).any()


def test_a_storm_loses_more() -> None:
    """Six times the usual."""
    storm = [(int(TIME_US[0]), int(TIME_US[-1]))]
    radio = Radio(0.02, answered=False, storms=storm)

    heard = radio.heard_us(TIME_US, INTERVAL_S, drawn_from("storm"))

    assert (heard == NEVER_US).mean() == pytest.approx(0.12, abs=0.01)


def test_a_few_readings_are_heard_twice_the_second_time_later() -> None:
    """An answer that was lost: who folds the log must count them once."""
    which, again_us = repeated(TIME_US, drawn_from("again"))

    assert 0.001 < len(which) / len(TIME_US) < 0.006
    assert (again_us > TIME_US[which]).all()
