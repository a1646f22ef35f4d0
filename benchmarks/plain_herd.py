"""The detectors as a good engineer would write them without columns: one record after the other.

Dictionaries and plain numbers, the limits of the detectors' own cards. What it finds in a log
without late or moved readings, context, deafness and stuck sensors is what an engine with TWINS
finds, byte by byte in canonical form: an oracle of the engine, and of what is usual, that shares
none of their code but limits.
"""

from dataclasses import dataclass
from typing import Any

from benchmarks.frozen_drop import FrozenRuminationDrop
from benchmarks.frozen_oestrus import FrozenOestrus
from benchmarks.plain_cow import Cow, Held, body_centi_c
from benchmarks.plain_hours import DROP, EVIDENCE, Judged, drops, oestruses, told_hour
from benchmarks.plain_usual import DAY_HOURS, Shape
from contracts.columns import moment
from contracts.detection import Detection, Evidence, Phase, detection_event_id
from contracts.envelope import Event
from contracts.hour import AnimalHour
from contracts.ids import FarmId, SubjectKind, derived_id
from contracts.messages import event_type_of
from pipeline.detectors import collar_silent, fever, system_deaf
from pipeline.detectors.base import Detector, Spec
from pipeline.episodes import REPEAT_US
from pipeline.hours import OPEN_HOURS
from pipeline.lines import GRACE_US, SETTLED_US
from pipeline.sums import HERD_MIN
from pipeline.tables import HOUR_US
from pipeline.verdicts import LOOKBACK_HOURS, UNUSUAL_HOURS_MAX
from pipeline.windows import AHEAD_MAX_US, LATE_MAX_US, LINE_US

FEVER, SILENT = fever.SPEC, collar_silent.SPEC
MINUTE_US = 60_000_000
# what an engine is to run that is held against it: those of the live registry that are as plain,
# and twins of those that have become richer than a loop over single numbers should be
TWINS: tuple[Detector, ...] = (
    fever.Fever(),
    FrozenRuminationDrop(),
    FrozenOestrus(),
    collar_silent.CollarSilent(),
    system_deaf.SystemDeaf(),
)


@dataclass(slots=True)
class Case:
    """One open episode as it was last told."""

    spec: Spec
    cow: Cow
    detection_id: str
    onset_us: int
    revision: int
    known_us: int
    newest: list[EVIDENCE]


class PlainHerds:
    """All animals of one partition; `told` and `hours` grow until somebody takes them away."""

    def __init__(self) -> None:
        self.told: list[Event[Detection]] = []
        self.hours: list[Event[AnimalHour]] = []
        self._cows: dict[tuple[str, str], Cow] = {}
        self._farms: dict[str, list[Cow]] = {}
        self._shapes: dict[str, Shape] = {}
        self._tops: dict[tuple[str, str, int], int] = {}
        self._holes: dict[tuple[str, str, int], set[int]] = {}
        self._cases: dict[tuple[str, Cow], Case] = {}
        self._log_us: int | None = None
        self._judged_until: int | None = None
        self._learnt_until: int | None = None

    def reading(self, record: dict[str, Any], occurred_us: int, received_us: int) -> None:
        """One reading; record: as fastavro gives it."""
        fields = record["payload"]
        farm_id, animal_id = record["farm_id"], record["aggregate_id"]
        cow = self._cows.get((farm_id, animal_id))
        if cow is None:
            cow = self._cows[farm_id, animal_id] = Cow(farm_id, animal_id)
            self._farms.setdefault(farm_id, []).append(cow)
        if not self._counts((farm_id, fields["collar_id"], fields["boot_id"]), fields["seq"]):
            return
        log_us, cause = self._log_us, record["event_id"]
        known = received_us if log_us is None else max(log_us, received_us)
        in_time = fields["clock"] == "ok" and occurred_us <= known + AHEAD_MAX_US
        in_time = in_time and (log_us is None or occurred_us >= log_us - LATE_MAX_US)
        heard_us = log_us
        if in_time:
            cow.fold(occurred_us, fields)
            heard_us = occurred_us if log_us is None else max(log_us, occurred_us)
            centi = body_centi_c(fields)
            if centi is not None and heard_us is not None:
                rumen = fields["temperature_site"] == "rumen"
                self._fever(cow, occurred_us, centi, heard_us, cause, rumen=rumen)
        if heard_us is not None:
            self._hear(cow, heard_us, fields["interval_s"] * 1_000_000, cause)

    def tick(self, at_us: int, cause: str) -> None:
        """A tick of the partition: acts at each line of five minutes that it crosses."""
        before = self._log_us
        if before is not None and at_us <= before:
            return
        self._log_us = at_us
        last = at_us - at_us % LINE_US
        first = last
        if before is not None:
            first = max(before - before % LINE_US + LINE_US, last - LATE_MAX_US)
        for line_us in range(first, last + 1, LINE_US):
            self._line(line_us, cause)

    def _counts(self, boot: tuple[str, str, int], seq: int) -> bool:
        top = self._tops.get(boot)
        if top is None or seq > top:
            if top is not None and seq > top + 1:
                self._holes.setdefault(boot, set()).update(range(top + 1, seq))
            self._tops[boot] = seq
            return True
        holes = self._holes.get(boot)
        if holes is None or seq not in holes:
            return False
        holes.remove(seq)
        return True

    def _fever(
        self, cow: Cow, at_us: int, centi: int, known_us: int, cause: str, *, rumen: bool
    ) -> None:
        if cow.newest and at_us <= cow.newest[-1][0]:
            return
        limit = round((fever.RUMEN_LIMIT if rumen else fever.CORE_LIMIT).value * 100)
        usual = cow.level("temperature_c", at_us // HOUR_US)
        if usual is not None:
            limit = max(limit, round(usual * 100) + round(fever.USUAL_LIMIT.value * 100))
        hot = centi >= limit
        cow.fever_run = max(cow.fever_run, 0) + 1 if hot else min(cow.fever_run, 0) - 1
        cow.newest = [*cow.newest[-fever.SUCCESSIVE + 1 :], (at_us, centi, limit)]
        if abs(cow.fever_run) >= fever.SUCCESSIVE and cow.fever_open != hot:
            cow.fever_open = hot
            evidence = self._temperatures(cow)
            if hot:
                self._begin(FEVER, cow, cow.newest[0][0], known_us, evidence, cause)
            else:
                self._end(FEVER, cow, known_us, evidence, cause)

    def _temperatures(self, cow: Cow) -> list[EVIDENCE]:
        found: list[EVIDENCE] = []
        for at_us, centi, limit in cow.newest:
            usual = cow.level("temperature_c", at_us // HOUR_US)
            shown = None if usual is None else round(usual, 2)
            found.append(("temperature_c", "Cel", at_us, centi / 100, limit / 100, shown))
        return found

    def _hear(self, cow: Cow, heard_us: int, interval_us: int, cause: str) -> None:
        if cow.silent:
            cow.silent = False
            self._end(SILENT, cow, heard_us, self._silence(cow, heard_us), cause)
        if cow.heard_us is None or (heard_us, interval_us) > (cow.heard_us, cow.interval_us):
            cow.heard_us, cow.interval_us = heard_us, interval_us

    def _silence(self, cow: Cow, at_us: int) -> list[EVIDENCE]:
        heard_us = cow.heard_us or 0
        minutes = round(max(at_us - heard_us, 0) / MINUTE_US, 1)
        limit = _silent_limit_us(cow) / MINUTE_US
        return [("silent_minutes", "min", heard_us, minutes, limit, None)]

    def _line(self, line_us: int, cause: str) -> None:
        settled = (line_us - SETTLED_US) // HOUR_US
        known = settled if self._learnt_until is None else self._learnt_until
        first = max(known, line_us // HOUR_US - OPEN_HOURS)
        for hour in range(first, settled):
            for cow in self._cows.values():
                cow.learn(hour)
                cow.forget_before(hour)
            if hour % DAY_HOURS == DAY_HOURS - 1:
                for farm_id, cows in self._farms.items():
                    shape = self._shapes.setdefault(farm_id, Shape())
                    shape.settle([cow.usual for cow in cows])
        self._learnt_until = max(first, settled)
        oldest = (line_us - LATE_MAX_US) // HOUR_US
        hour = max(oldest if self._judged_until is None else self._judged_until, oldest)
        due = range(hour, max(hour, (line_us - GRACE_US) // HOUR_US))
        self._judged_until = due.stop
        for herd in self._farms.values():
            for hour in due:
                self._judge(herd, hour, line_us, cause)
            self._wait(herd, line_us, cause)
        self._repeat(line_us, cause)

    def _wait(self, herd: list[Cow], line_us: int, cause: str) -> None:
        spoke = [cow for cow in herd if cow.heard_us is not None]
        silent = [c for c in spoke if line_us - (c.heard_us or 0) >= _silent_limit_us(c)]
        most = collar_silent.SHARE_MAX * len(spoke)
        if len(spoke) >= HERD_MIN and len(silent) > most:
            return
        for cow in silent:
            if not cow.silent:
                cow.silent = True
                evidence = self._silence(cow, line_us)
                self._begin(SILENT, cow, cow.heard_us or 0, line_us, evidence, cause)

    def _repeat(self, line_us: int, cause: str) -> None:
        for case in list(self._cases.values()):
            if -(-(case.known_us + REPEAT_US) // LINE_US) * LINE_US > line_us:
                continue
            evidence = case.newest
            if case.spec is FEVER:
                evidence = self._temperatures(case.cow)
            elif case.spec is SILENT:
                evidence = self._silence(case.cow, line_us)
            case.revision, case.known_us = case.revision + 1, line_us
            self._tell(case, Phase.UPDATE, evidence, cause)

    def _judge(self, herd: list[Cow], hour: int, line_us: int, cause: str) -> None:
        since = hour - LOOKBACK_HOURS + 1
        there = [cow for cow in herd if cow.heard_in(since, hour)]
        if not there:
            return
        ours = set(map(id, herd))
        opened = [
            case for case in self._cases.values() if id(case.cow) in ours and not case.spec.teaches
        ]
        ill = {id(case.cow) for case in opened if case.spec in (FEVER, DROP)}
        ill |= {id(cow) for cow in there if cow.was_unusual(since, hour)}
        verdicts = []
        for judged in (drops(there, hour), oestruses(there, ill, hour)):
            for cow, one in zip(there, judged, strict=True):
                if one.score is not None:
                    self._turn(cow, one, hour, line_us, cause)
            verdicts.append(judged)
        for case in opened:
            if hour - case.onset_us // HOUR_US < UNUSUAL_HOURS_MAX:
                case.cow.mark_unusual(hour, hour)
        for place, cow in enumerate(there):
            found = cow.hours.get(hour)
            if found is not None and found.heard:
                said = [judged[place] for judged in verdicts]
                self.hours.append(told_hour(cow, found, hour, line_us, cause, said))

    def _turn(self, cow: Cow, judged: Judged, hour: int, line_us: int, cause: str) -> None:
        """Move a cow's run on by one judged hour; see sustained.turns."""
        spec, hold = judged.spec, judged.hold
        held = cow.held.setdefault(spec.name, Held())
        held.run = held.run + 1 if (judged.under if held.open else judged.over) else 0
        if not held.open and held.run == 1:
            held.first_hour = hour
        if not held.open and held.run >= hold.onset_hours:
            held.run, held.open = 0, True
            cow.mark_unusual(hour - judged.window_hours + 1, hour)
            onset_us = held.first_hour * HOUR_US
            self._begin(spec, cow, onset_us, line_us, judged.evidence(), cause)
        elif held.open and held.run >= hold.end_hours:
            held.run, held.open, held.ended_hour = 0, False, hour
            self._end(spec, cow, line_us, judged.evidence(), cause)
        elif held.open:
            self._cases[spec.name, cow].newest = judged.evidence()

    def _begin(
        self,
        spec: Spec,
        cow: Cow,
        onset_us: int,
        known_us: int,
        evidence: list[EVIDENCE],
        cause: str,
    ) -> None:
        subject = ("detection", cow.farm_id, SubjectKind.ANIMAL, cow.animal_id)
        detection_id = derived_id(*subject, spec.condition, onset_us)
        case = Case(spec, cow, detection_id, onset_us, 1, known_us, evidence)
        self._cases[spec.name, cow] = case
        self._tell(case, Phase.ONSET, evidence, cause)

    def _end(
        self, spec: Spec, cow: Cow, known_us: int, evidence: list[EVIDENCE], cause: str
    ) -> None:
        case = self._cases.pop((spec.name, cow))
        case.revision, case.known_us = case.revision + 1, known_us
        self._tell(case, Phase.END, evidence, cause)

    def _tell(self, case: Case, phase: Phase, evidence: list[EVIDENCE], cause: str) -> None:
        detection = Detection(
            detection_id=case.detection_id,
            revision=case.revision,
            subject_kind=SubjectKind.ANIMAL,
            condition=case.spec.condition,
            phase=phase,
            onset_at=moment(case.onset_us),
            known_at=moment(case.known_us),
            detector=case.spec.name,
            detector_version=case.spec.version,
            evidence=tuple(
                Evidence(signal=s, unit=u, value=v, limit=limit, at=moment(at_us), usual=usual)
                for s, u, at_us, v, limit, usual in evidence
            ),
        )
        self.told.append(
            Event(
                event_id=detection_event_id(case.detection_id, case.revision),
                event_type=event_type_of(Detection),
                timestamp=detection.onset_at,
                aggregate_id=case.cow.animal_id,
                actor=f"pipeline:{case.spec.name}",
                farm_id=FarmId(case.cow.farm_id),
                causation_id=cause,
                payload=detection,
            )
        )


def _silent_limit_us(cow: Cow) -> int:
    limits = collar_silent.SILENT_LIMIT.value * MINUTE_US, collar_silent.INTERVALS_LIMIT.value
    return max(int(limits[0]), int(limits[1]) * cow.interval_us)
