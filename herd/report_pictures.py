"""Single events as small drawings: signals, her usual band, what was true, what was said. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from contracts.columns import moment
from contracts.detection import Condition
from contracts.hour import HOUR_SIGNALS
from herd.report_style import DRAWING_STYLE
from pipeline.evaluate import ILL
from pipeline.evaluate_pictures import Picture, Trace, running_mean
from pipeline.tables import DAY_US, HOUR_US

Floats = NDArray[np.float64]
C = Condition

WIDTH, LEFT, RIGHT = 640.0, 44.0, 8.0
TOP, PANEL, GAP, FOOT = 46.0, 74.0, 18.0, 18.0
PANELS_MAX = 3
SAME_WORD_APART = 150.0  # of the drawing: a name is said again only so far from itself
DAYS_HOURLY_MAX = 10  # longer than that, an hour is a jitter: means of a day are drawn
BY_DAY = ILL | {C.LAMENESS, C.RUMINATION_DROP, C.FEEDING_DROP}  # so are what days tell
DAYS_NAMED_MAX = 9  # more days than that are named every so many
DAY_HOURS = 24
NAMES = {
    "temperature_c": "body temperature, °C",
    "rumination_minutes": "rumination, min an hour",
    "eating_minutes": "eating, min an hour",
    "lying_minutes": "lying, min an hour",
    "lying_bouts": "lying bouts an hour",
    "drinking_minutes": "drinking, min an hour",
    "steps": "steps an hour",
    "activity": "activity an hour",
}
TEMPERATURE, RUMINATION, EATING = "temperature_c", "rumination_minutes", "eating_minutes"
LYING, DRINKING, ACTIVITY, STEPS = "lying_minutes", "drinking_minutes", "activity", "steps"
# which signals say most of a condition; others follow where these are not measured
SHOWN = {
    C.OESTRUS: (ACTIVITY, STEPS, RUMINATION, LYING, TEMPERATURE),
    C.CALVING: (TEMPERATURE, RUMINATION, "lying_bouts", ACTIVITY, LYING),
    C.CALVING_PROLONGED: (TEMPERATURE, LYING, RUMINATION, ACTIVITY),
    C.LAMENESS: (LYING, ACTIVITY, STEPS, EATING),
    C.DOWN: (LYING, ACTIVITY, STEPS, EATING),
    C.FEVER: (TEMPERATURE, RUMINATION, ACTIVITY),
    C.HYPOTHERMIA: (TEMPERATURE, ACTIVITY, EATING),
    C.MASTITIS: (TEMPERATURE, RUMINATION, EATING),
    C.METRITIS: (TEMPERATURE, RUMINATION, EATING),
    C.DRINKING_STOPPED: (DRINKING, TEMPERATURE, EATING),
    C.HEAT_STRESS: (TEMPERATURE, LYING, DRINKING),
}
SHOWN_ELSE = (RUMINATION, EATING, ACTIVITY, STEPS, TEMPERATURE)


@dataclass(frozen=True, slots=True)
class _Scale:
    """From hours and values to the drawing's units."""

    hours: int
    low: float
    high: float
    top: float

    def x(self, hour: float) -> float:
        share = min(max(hour / max(self.hours, 1), 0.0), 1.0)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return self.top + PANEL * (1 - min(max(share, 0.0), 1.0))


def drawing(picture: Picture) -> str:
    """One event as an SVG."""
    traces = _shown(picture)
    hours = max(len(one.value) for one in traces)
    height = TOP + len(traces) * (PANEL + GAP) - GAP + FOOT
    bottom = height - FOOT
    scale = _Scale(hours, 0.0, 1.0, TOP)
    box = f"0 0 {WIDTH:.0f} {height:.0f}"
    parts = [
        f'<svg viewBox="{box}" role="img" aria-label="{escape(_label(picture))}">',
        *_truth_spans(picture, scale, bottom),
        *_days(picture, scale, bottom),
    ]
    for place, trace in enumerate(traces):
        of = " (mean of 24 h)" if _by_day(picture) else ""
        parts += _panel(trace, of, hours, TOP + place * (PANEL + GAP))
    parts += [*_truth_edges(picture, scale, bottom), *_said(picture, scale, bottom), "</svg>"]
    return "".join(parts)


def standalone(picture: Picture) -> str:
    """The same as a file of its own, for a page of somebody else."""
    begin, rest = drawing(picture).split(">", 1)
    head = begin.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"')
    ground = '<rect class="ground" width="100%" height="100%"/>'
    return f"{head}><style>{DRAWING_STYLE}</style>{ground}{rest}\n"


def key() -> str:
    """What the lines and colours mean."""
    told = '<path class="said" d="M8 0 V14"/><rect class="said-span" x="8" width="26" height="4"/>'
    marks = (
        ('<path class="value" d="M0 9 L11 3 L22 11 L34 5"/>', "measured"),
        (
            '<rect class="band" width="34" height="14"/><path class="usual" d="M0 7 H34"/>',
            "usual for her at that hour, and its spread",
        ),
        (
            '<rect class="truth" width="34" height="14"/><path class="truth-edge" d="M6 0 V14"/>',
            "what was true; the line is its reference moment",
        ),
        (told, "when it was told, and how long it lasted"),
        ('<path class="others" d="M8 0 V14"/>', "what else was told of her"),
    )
    items = "".join(
        f'<span><svg viewBox="0 0 34 14" aria-hidden="true">{mark}</svg>{word}</span>'
        for mark, word in marks
    )
    return f'<div class="key">{items}</div>'


def _label(picture: Picture) -> str:
    return f"{picture.condition} of {picture.subject_id}, {picture.kind}"


def _shown(picture: Picture) -> list[Trace]:
    wanted = SHOWN.get(picture.condition, SHOWN_ELSE)
    by_name = {one.signal: one for one in picture.traces}
    names = [name for name in (*wanted, *HOUR_SIGNALS) if name in by_name]
    if STEPS in names and ACTIVITY in names:
        names.remove(STEPS)  # they say the same
    chosen = [by_name[name] for name in dict.fromkeys(names)][:PANELS_MAX]
    if _by_day(picture):
        chosen = [running_mean(one, DAY_HOURS) for one in chosen]
    return chosen


def _by_day(picture: Picture) -> bool:
    hours = len(picture.traces[0].value)
    return picture.condition in BY_DAY or hours > DAYS_HOURLY_MAX * DAY_HOURS


def _panel(trace: Trace, of: str, hours: int, top: float) -> list[str]:
    low, high = _limits(trace)
    scale = _Scale(hours, low, high, top)
    name = NAMES.get(trace.signal, trace.signal) + of
    form = ".1f" if high - low < 10 else ".0f"  # noqa: PLR2004  of a few units tenths matter
    return [
        *(f'<path class="band" d="{one}"/>' for one in _bands(trace, scale)),
        *(f'<path class="usual" d="{one}"/>' for one in _lines(trace.usual, scale)),
        *(f'<path class="value" d="{one}"/>' for one in _lines(trace.value, scale)),
        f'<text class="name" x="{LEFT:.0f}" y="{top - 4:.0f}">{escape(name)}</text>',
        f'<text x="{LEFT - 6:.0f}" y="{top + 9:.0f}" text-anchor="end">{high:{form}}</text>',
        f'<text x="{LEFT - 6:.0f}" y="{top + PANEL:.0f}" text-anchor="end">{low:{form}}</text>',
    ]


def _limits(trace: Trace) -> tuple[float, float]:
    """The lowest and highest that is drawn: all values, the band where it does not dwarf them."""
    values = trace.value[np.isfinite(trace.value)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    band = np.concatenate([trace.usual - trace.spread, trace.usual + trace.spread])
    known = band[np.isfinite(band)]
    if len(known):
        low, high = min(low, float(known.min())), max(high, float(known.max()))
    margin = max(0.06 * (high - low), 0.05)
    # no animal eats less than nothing
    lowest = low - margin if trace.signal == TEMPERATURE else max(0.0, low - margin)
    return lowest, high + margin


def _runs(known: NDArray[np.bool_]) -> Iterable[tuple[int, int]]:
    """(begin, end) of the runs of true."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(np.int8), [0]])))
    return zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def _lines(values: Floats, scale: _Scale) -> list[str]:
    found = []
    for begin, end in _runs(np.isfinite(values)):
        at = [f"{scale.x(h + 0.5):.1f} {scale.y(float(values[h])):.1f}" for h in range(begin, end)]
        found.append("M" + " L".join(at) + (" h0.1" if len(at) == 1 else ""))
    return found


def _bands(trace: Trace, scale: _Scale) -> list[str]:
    low, high = trace.usual - trace.spread, trace.usual + trace.spread
    found = []
    for begin, end in _runs(np.isfinite(low)):
        over = [f"{scale.x(h + 0.5):.1f} {scale.y(float(high[h])):.1f}" for h in range(begin, end)]
        under = [f"{scale.x(h + 0.5):.1f} {scale.y(float(low[h])):.1f}" for h in range(begin, end)]
        found.append("M" + " L".join([*over, *reversed(under)]) + "Z")
    return found


def _days(picture: Picture, scale: _Scale, bottom: float) -> list[str]:
    first_us = -(-picture.since_us // DAY_US) * DAY_US
    last_us = picture.since_us + scale.hours * HOUR_US
    days = range(first_us, last_us, DAY_US)
    every = max(1, -(-len(days) // DAYS_NAMED_MAX))
    found = []
    for number, day_us in enumerate(days):
        x = scale.x((day_us - picture.since_us) / HOUR_US)
        found.append(f'<path class="day" d="M{x:.1f} {TOP:.0f} V{bottom:.0f}"/>')
        if number % every == 0 and x < WIDTH - 40:  # a name's width
            name = f"{moment(day_us):%-d %b}"
            found.append(f'<text x="{x:.1f}" y="{bottom + 13:.0f}">{name}</text>')
    return found


def _truth_spans(picture: Picture, scale: _Scale, bottom: float) -> list[str]:
    found = []
    for row in picture.rows:
        begins = scale.x((row.start_us - picture.since_us) / HOUR_US)
        ends = scale.x((row.end_us - picture.since_us) / HOUR_US)
        found.append(
            f'<rect class="truth" x="{begins:.1f}" y="{TOP:.0f}" '
            f'width="{max(ends - begins, 3):.1f}" height="{bottom - TOP:.0f}"/>'
        )
    return found


def _truth_edges(picture: Picture, scale: _Scale, bottom: float) -> list[str]:
    """After the bands, which would cover them."""
    found, words = [], []
    for row in picture.rows:
        x = scale.x((row.start_us - picture.since_us) / HOUR_US)
        found.append(f'<path class="truth-edge" d="M{x:.1f} {TOP:.0f} V{bottom:.0f}"/>')
        words.append((x, str(row.condition)))
    return [*found, *_words(words, 11.0, "truth-word")]


def _said(picture: Picture, scale: _Scale, bottom: float) -> list[str]:
    found, words = [], []
    for finding in picture.findings:
        as_illness = finding.condition is C.ILLNESS and picture.condition in ILL
        mine = finding.condition is picture.condition or as_illness
        kind = "said" if mine else "others"
        begins = scale.x((finding.known_us - picture.since_us) / HOUR_US)
        found.append(f'<path class="{kind}" d="M{begins:.1f} {TOP:.0f} V{bottom:.0f}"/>')
        if mine and finding.ended_us is not None:
            ends = scale.x((finding.ended_us - picture.since_us) / HOUR_US)
            found.append(
                f'<rect class="said-span" x="{begins:.1f}" y="{bottom - 3:.0f}" '
                f'width="{max(ends - begins, 2):.1f}" height="3"/>'
            )
        words.append((begins, str(finding.condition)))
    return [*found, *_words(words, 25.0, "said-word")]


def _words(words: Sequence[tuple[float, str]], y: float, kind: str) -> list[str]:
    """Names at their places, where they have room: one that would cover another is left out."""
    found: list[str] = []
    free = 0.0
    last: dict[str, float] = {}
    for x, word in sorted(words):
        text = word.replace("_", " ")
        width = 6.2 * len(text)
        at = min(x, WIDTH - RIGHT - width)
        if at >= free and at - last.get(word, -WIDTH) >= SAME_WORD_APART:
            found.append(f'<text class="{kind}" x="{at:.1f}" y="{y:.0f}">{escape(text)}</text>')
            free, last[word] = at + width + 6, at
    return found
