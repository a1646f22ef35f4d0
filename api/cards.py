"""The small pieces of a screen: who she is, her curve, how right we were; each from its rows."""

from api.schemas.herd import AnimalCardOut, SparkOut, TrackOut
from contracts.hour import HOUR_SIGNALS
from read_models import AlertRow, AnimalRow, LatestReading, Series, Track

TAG_CHARS = 3  # what a person reads from an ear across the barn


def card(animal_id: str, row: AnimalRow | None, reading: LatestReading | None) -> AnimalCardOut:
    """Who she is by the register; the collar that was heard where the register is silent."""
    worn = row.collar_id if row else None
    return AnimalCardOut(
        animal_id=animal_id,
        external_id=row.external_id if row else None,
        name=row.name if row else None,
        group=row.group if row else None,
        tag=tag_of(row.external_id if row else "", animal_id),
        parity=row.parity if row else None,
        calved_at=row.calved_at if row else None,
        collar_id=worn or (reading.collar_id if reading else None),
        last_heard_at=reading.at if reading else None,
    )


def tag_of(external_id: str, animal_id: str) -> str:
    """The last digits of her ear tag; without any, the end of her id."""
    digits = "".join(c for c in external_id if c.isascii() and c.isdigit())
    return digits[-TAG_CHARS:] or animal_id[-TAG_CHARS:]


def fits(row: AnimalRow, words: str) -> bool:
    """Whether her names and numbers together hold every word, in any case of letters."""
    known = (row.external_id, row.name, row.group, row.animal_id, row.collar_id)
    text = " ".join(part for part in known if part).casefold()
    return all(word in text for word in words.casefold().split())


def main_signal(row: AlertRow) -> str | None:
    """The first signal of its evidence that hours are kept of; None if there is none."""
    named = (evidence.signal for evidence in row.evidence)
    return next((signal for signal in named if signal in HOUR_SIGNALS), None)


def spark_out(signal: str | None, series: Series | None) -> SparkOut | None:
    """A curve; None where nothing was measured, or nothing can be said."""
    if signal is None or series is None:
        return None
    return SparkOut(
        signal=signal,
        unit=HOUR_SIGNALS[signal],
        start=series.start,
        step_s=series.step_s,
        values=list(series.values),
        usual=list(series.usual),
        spread=list(series.spread),
    )


def track_out(track: Track | None) -> TrackOut:
    """How often we were right; none of its cases was ever judged if there is no track."""
    return TrackOut.model_validate(track) if track else TrackOut(closed=0, right=0, last=[])
