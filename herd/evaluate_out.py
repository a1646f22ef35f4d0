"""Simulated farms as the files that `herd evaluate` reads: for detectors of others, and ours."""

from collections.abc import Callable, Sequence
from pathlib import Path

from firmware_sim.course import truth_csv
from firmware_sim.farm_recording import recording_of
from firmware_sim.recording import Composition
from firmware_sim.recording_files import animals_csv, readings_csv


def write_farms(
    compositions: Sequence[Composition], directory: Path, tell: Callable[[str], None]
) -> list[str]:
    """Write readings.csv, truth.csv and animals.csv of each farm into a directory of its seed.

    Returns the directories; raises OSError.
    """
    written = []
    for composition in compositions:
        place = directory / composition.seed
        place.mkdir(parents=True, exist_ok=True)
        recording = recording_of(composition)
        (place / "truth.csv").write_text(truth_csv(recording.truths()), "utf-8")
        (place / "animals.csv").write_text(animals_csv(recording.animals), "utf-8")
        with (place / "readings.csv").open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in readings_csv(recording))
        tell(f"{composition.animals} animals, {composition.days} days in {place}")
        written.append(str(place))
    return written
