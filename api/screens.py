"""What screens load in one go: the board, the herd, one animal, put together from four stores."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from api.cards import card, fits, main_signal, spark_out, track_out
from api.gathering import Absences, Gathering
from api.schemas.alerts import AlertOut
from api.schemas.herd import (
    AnimalCardOut,
    AnimalInListOut,
    AnimalListOut,
    AnimalPageOut,
    BoardOut,
    CaseOnBoardOut,
    DoneOut,
    LatestOut,
    PulseOut,
)
from contracts.alert_event import Priority
from contracts.clock import Clock
from contracts.detection import Condition
from contracts.ids import AnimalId, FarmId, SubjectKind
from read_models import (
    AlertRow,
    Analytics,
    AnimalRow,
    History,
    Latest,
    LatestReading,
    Series,
    Track,
    Worklist,
)

SPARK_HOURS = 48  # a night and the one before it, to compare
DONE_HOURS = 24
DONE_MAX = 50
SPARKS_MAX = 200  # the most pressing cases; nobody scrolls further for a curve
LATEST, ANALYTICS, HISTORY, WORKLIST = "latest", "analytics", "history", "worklist"
_urgency = {priority: place for place, priority in enumerate(Priority)}


@dataclass(frozen=True, slots=True)
class Herd:
    """Who is on a farm, and who was heard last when, by animal."""

    roster: dict[str, AnimalRow]
    heard: dict[str, LatestReading]

    def card(self, animal_id: str) -> AnimalCardOut:
        """Who she is; what is not known of her is None."""
        return card(animal_id, self.roster.get(animal_id), self.heard.get(animal_id))

    def card_of(self, row: AlertRow) -> AnimalCardOut | None:
        """The animal that a case is about; None if it is about something else."""
        return self.card(row.subject_id) if row.subject_kind is SubjectKind.ANIMAL else None


@dataclass(frozen=True, slots=True)
class Screens:
    """The screens' answers, from the stores behind them. clock: the farm's."""

    worklist: Worklist
    latest: Latest
    analytics: Analytics
    history: History
    clock: Clock
    absences: Absences = field(default_factory=Absences)

    def board(self, farm_id: FarmId) -> BoardOut:
        """The open cases with what their cards show, and what was closed in the last 24 h.

        Raises ReadModelUnavailableError if the worklist is away; other stores are `missing`.
        """
        view, now, stores = (
            self.worklist.open_alerts(farm_id),
            self.clock.now(),
            Gathering(self.absences),
        )
        herd = self._herd(farm_id, stores)
        return BoardOut(
            epoch=view.epoch,
            position=view.position,
            as_of=view.as_of,
            now=now,
            pulse=self._pulse(farm_id, herd, stores),
            cases=self._cases(farm_id, view.alerts, herd, stores, now),
            done=self._done(farm_id, herd, stores, now),
            missing=stores.missing,
        )

    def animals(self, farm_id: FarmId, words: str, limit: int) -> AnimalListOut:
        """The animals whose names or numbers hold all the words, worst first, at most `limit`.

        Raises ReadModelUnavailableError without the history: it alone knows who there is.
        """
        roster, stores = self.history.animals(farm_id), Gathering(self.absences)
        heard = stores.ask(LATEST, lambda: self.latest.of(farm_id)) or {}
        worst: dict[str, Priority] = {}
        for case in self._open(farm_id, stores):  # most pressing first
            if case.subject_kind is SubjectKind.ANIMAL:
                worst.setdefault(case.subject_id, case.priority)
        found = [
            AnimalInListOut(
                animal=card(row.animal_id, row, heard.get(row.animal_id)),
                worst=worst.get(row.animal_id),
            )
            for row in roster
            if fits(row, words)
        ]
        found.sort(key=_place)
        return AnimalListOut(animals=found[:limit], more=len(found) > limit, missing=stores.missing)

    def animal(self, farm_id: FarmId, animal_id: AnimalId) -> AnimalPageOut | None:
        """One animal; None if nobody knows her.

        Raises ReadModelUnavailableError if only a store that is away could know her.
        """
        stores = Gathering(self.absences)
        row = stores.ask(HISTORY, lambda: self.history.animal(farm_id, animal_id))
        reading = stores.ask(LATEST, lambda: self.latest.of(farm_id).get(animal_id))
        cases = [
            AlertOut.model_validate(case)
            for case in self._open(farm_id, stores)
            if (case.subject_kind, case.subject_id) == (SubjectKind.ANIMAL, animal_id)
        ]
        if row is None and reading is None and not cases:
            # asked again, a register that is away raises: an unknown animal is another answer
            row = self.history.animal(farm_id, animal_id)
            if row is None:
                return None
        tracks = self._tracks(farm_id, stores) or {}
        return AnimalPageOut(
            animal=card(animal_id, row, reading),
            now=self.clock.now(),
            cases=cases,
            latest=LatestOut.model_validate(reading) if reading else None,
            track={Condition(name): track_out(track) for name, track in tracks.items()},
            missing=stores.missing,
        )

    def _cases(
        self,
        farm_id: FarmId,
        rows: tuple[AlertRow, ...],
        herd: Herd,
        stores: Gathering,
        now: datetime,
    ) -> list[CaseOnBoardOut]:
        tracks = self._tracks(farm_id, stores)
        sparks = self._sparks(farm_id, rows, stores, now)
        return [
            CaseOnBoardOut(
                alert=AlertOut.model_validate(row),
                animal=herd.card_of(row),
                spark=spark_out(main_signal(row), sparks.get(_key(row))),
                track=None if tracks is None else track_out(tracks.get(row.condition)),
            )
            for row in rows
        ]

    def _done(self, farm_id: FarmId, herd: Herd, stores: Gathering, now: datetime) -> list[DoneOut]:
        since = now - timedelta(hours=DONE_HOURS)
        rows = stores.ask(
            HISTORY, lambda: self.history.closed_since(farm_id, since, limit=DONE_MAX)
        )
        return [
            DoneOut(alert=AlertOut.model_validate(row), animal=herd.card_of(row))
            for row in rows or ()
        ]

    def _pulse(self, farm_id: FarmId, herd: Herd, stores: Gathering) -> PulseOut | None:
        pulse = stores.ask(LATEST, lambda: self.latest.pulse(farm_id))
        if pulse is None:
            return None
        return PulseOut(
            newest_reading_at=pulse.newest_reading_at,
            newest_received_at=pulse.newest_received_at,
            heard=pulse.heard,
            animals=None if HISTORY in stores.missing else len(herd.roster),
        )

    def _herd(self, farm_id: FarmId, stores: Gathering) -> Herd:
        roster = stores.ask(HISTORY, lambda: self.history.animals(farm_id)) or []
        heard = stores.ask(LATEST, lambda: self.latest.of(farm_id)) or {}
        return Herd({row.animal_id: row for row in roster}, heard)

    def _open(self, farm_id: FarmId, stores: Gathering) -> tuple[AlertRow, ...]:
        return stores.ask(WORKLIST, lambda: self.worklist.open_alerts(farm_id).alerts) or ()

    def _tracks(self, farm_id: FarmId, stores: Gathering) -> dict[str, Track] | None:
        return stores.ask(HISTORY, lambda: self.history.tracks(farm_id))

    def _sparks(
        self, farm_id: FarmId, rows: tuple[AlertRow, ...], stores: Gathering, now: datetime
    ) -> dict[tuple[str, str], Series]:
        wanted = list(dict.fromkeys(_key(row) for row in rows if _key(row)[1]))[:SPARKS_MAX]
        if not wanted:
            return {}
        until = now.replace(minute=0, second=0, microsecond=0)  # the last hour that is over
        since = until - timedelta(hours=SPARK_HOURS)
        found = stores.ask(ANALYTICS, lambda: self.analytics.sparks(farm_id, wanted, since, until))
        return found or {}


def _key(row: AlertRow) -> tuple[str, str]:
    """Animal and signal of a case's curve; the signal is empty where there is none."""
    signal = main_signal(row) if row.subject_kind is SubjectKind.ANIMAL else None
    return row.subject_id, signal or ""


def _place(entry: AnimalInListOut) -> tuple[int, str, str]:
    worst = len(_urgency) if entry.worst is None else _urgency[entry.worst]
    return worst, entry.animal.external_id or "", entry.animal.animal_id
