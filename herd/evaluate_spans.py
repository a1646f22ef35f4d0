"""A laid down readings file as a farm's log: a day at a time, in order, each reading once."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from contracts.columns import moment
from herd.evaluate_csv import CENTI_BINS, DAY_US, FileError, LaidDown, Notes, Rows
from pipeline.evaluate_input import NOT_SAID, Heard

DAYS_MAX = 4000  # eleven years: further apart, one of them is a slip of the pen
# hundredths of °C, of a herd's median: below it is skin or ear, and no body temperature
BODY_FROM, RUMEN_FROM = 3750, 3895  # core 38.3 to 38.8, the rumen half a degree more
SOMEWHERE = "skin"
# an index counts in units of its maker; the engine holds hundredths, and takes a million an hour
# for broken. What is usual is her own, so a power of ten changes no judgement
INDEX, INDEX_LEAST, INDEX_MOST, INDEX_AIM = "activity", 1.0, 10_000.0, 100.0
SAMPLE_DAYS = 7


def days_of(laid: LaidDown) -> range:
    """The days since 1970 that a file spans; raises FileError if that cannot be meant."""
    days = range(laid.first_us // DAY_US, laid.last_us // DAY_US + 1)
    if len(days) > DAYS_MAX:
        first, last = moment(laid.first_us).date(), moment(laid.last_us).date()
        raise FileError(f"readings lie between {first} and {last}: more than {DAYS_MAX} days")
    return days


def spans_of(laid: LaidDown, unsaid: int, notes: Notes) -> Iterator[Heard]:
    """The file's readings in order of time, a day a span; what stands there twice counts once.

    A reading is heard at its own time, which ends the span that it covers. unsaid: the site of
    temperatures that name none.
    """
    next_seq = np.ones(len(laid.animals), np.int64)
    scale = _index_scale(laid, notes)
    for number in days_of(laid):
        rows = _each_once(laid.day(number), laid.columns, notes)
        if scale != 1.0:
            rows[INDEX] *= scale
        yield _heard(rows, (number + 1) * DAY_US, next_seq, laid, unsaid)


def site_unsaid(laid: LaidDown) -> int:
    """What is assumed of temperatures whose site nobody said, as an index of the file's sites.

    By their median: cattle are 38.3 to 38.8 °C warm inside, half a degree more in the rumen.
    """
    count = int(laid.unsaid.sum())
    if not count:
        return NOT_SAID
    low, _, step = CENTI_BINS
    middle = low + step * int(np.searchsorted(np.cumsum(laid.unsaid), count / 2)) + step // 2
    name = SOMEWHERE if middle < BODY_FROM else "core" if middle < RUMEN_FROM else "rumen"
    if name not in laid.sites:
        laid.sites.append(name)
    return laid.sites.index(name)


def _index_scale(laid: LaidDown, notes: Notes) -> float:
    """By which power of ten the file's activity is multiplied, so that the engine can hold it."""
    if INDEX not in laid.columns:
        return 1.0
    rows: Rows = np.concatenate([laid.day(number) for number in days_of(laid)[:SAMPLE_DAYS]])
    hourly = rows[INDEX] * 3600.0 / np.maximum(rows["interval"], 1)
    moves = hourly[np.isfinite(hourly) & (hourly > 0)]
    middle = float(np.median(moves)) if len(moves) else INDEX_AIM
    if INDEX_LEAST <= middle <= INDEX_MOST:
        return 1.0
    scale = float(10.0 ** round(np.log10(INDEX_AIM / middle)))
    notes.told.append(f"{INDEX} counts {middle:.3g} an hour in the median: times {scale:g}")
    return scale


def _heard(
    rows: Rows, until_us: int, next_seq: NDArray[np.int64], laid: LaidDown, unsaid: int
) -> Heard:
    animal = rows["animal"].astype(np.int64)
    site = rows["site"].astype(np.int64)
    return Heard(
        until_us=until_us,
        heard_us=rows["time"].astype(np.int64),
        time_us=rows["time"].astype(np.int64),
        animal=animal,
        seq=_seqs(animal, next_seq),
        interval_s=rows["interval"].astype(np.int64),
        station=np.full(len(rows), NOT_SAID, np.int64),
        site=np.where(site < 0, unsaid, site),
        columns={name: rows[name].astype(np.float64) for name in laid.columns},
    )


def _seqs(animal: NDArray[np.int64], next_seq: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each animal's readings counted on; moves next_seq (animals of the file,) on."""
    order = np.argsort(animal, kind="stable")
    sizes = np.bincount(animal, minlength=len(next_seq))
    starts = np.cumsum(sizes) - sizes
    seq = np.empty(len(animal), np.int64)
    seq[order] = next_seq[animal[order]] + np.arange(len(animal)) - starts[animal[order]]
    next_seq += sizes
    return seq


def _each_once(rows: Rows, columns: tuple[str, ...], notes: Notes) -> Rows:
    """Rows in order of time; of those of one animal, time and interval one is made.

    Files are made of several: a bolus and a collar may stand in two rows of one time. What only one
    of them says is kept; of two that say the same thing the first counts.
    """
    rows = rows[np.lexsort((rows["interval"], rows["animal"], rows["time"]))]
    key = rows[["time", "animal", "interval"]]
    again = np.append([False], key[1:] == key[:-1]) if len(rows) else np.zeros(0, np.bool_)
    if not again.any():
        return rows
    notes.doubled += int(again.sum())
    firsts = np.nonzero(~again)[0]
    kept = rows[firsts]
    owner = np.cumsum(~again) - 1
    for place in np.nonzero(again)[0].tolist():
        mine, others = kept[owner[place]], rows[place]
        for name in columns:
            if np.isnan(mine[name]) and not np.isnan(others[name]):
                mine[name] = others[name]
                if name == "temperature_c":
                    mine["site"] = others["site"]
    return kept
