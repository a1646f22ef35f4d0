"""A modest floor under what detectors are worth; the figures stand in docs/detectors.md."""

from datetime import timedelta

from contracts.detection import Condition
from firmware_sim.conditions import Truth
from tests.builders import MORNING, a_detection
from tests.pipeline.quality import Figures, Herd, figures_of, run


def test_a_small_herd_with_known_truth_is_mostly_understood() -> None:
    """A change that makes detectors much worse must not go unseen; one seed cannot say more."""
    found = run(Herd(seed=7, animals=40, days=18, interval_s=900, illness_per_day=0.06))

    heats, drops = found[Condition.OESTRUS], found[Condition.RUMINATION_DROP]
    assert heats.events >= 4
    assert heats.detected >= 0.5 * heats.events
    assert drops.events >= 5
    assert drops.detected >= 0.5 * drops.events
    assert sum(figures.false for figures in found.values()) <= 8


def test_a_row_of_truth_is_found_once_and_signs_of_an_illness_are_never_false() -> None:
    """The rules of an evaluation, in one small case."""
    day = timedelta(days=1)
    truths = [Truth(a_detection().aggregate_id, Condition.MASTITIS, MORNING, MORNING + day)]  # type: ignore[arg-type]  # an animal's id
    fevers = [a_detection(onset=MORNING + n * day) for n in (0, 1, 30)]

    found = figures_of(fevers, truths, MORNING - day)

    assert found == {Condition.FEVER: Figures(events=0, detected=0, false=1)}
