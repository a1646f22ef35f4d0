"""One open case per subject and cause, whatever the machine and people say in whatever order."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.domain.alert import (
    NOTE_CHARS_MAX,
    Alert,
    AlertEvent,
    Status,
    alert_stream,
    decide,
    evolve,
    fold,
)
from alerts.domain.commands import Command, RecordDetection
from alerts.domain.errors import (
    AlertClosedError,
    AlertError,
    AlertNotFoundError,
    AlertResolvedError,
    AlertTakenOnError,
    CorruptStreamError,
    NoteRefusedError,
)
from alerts.intake import ACTOR
from contracts.alert_event import (
    AlertAcknowledged,
    AlertAmended,
    AlertClosed,
    AlertRaised,
    AlertReleased,
    AlertReopened,
    AlertResolved,
    Outcome,
    Priority,
)
from contracts.detection import Condition, Phase
from contracts.ids import FarmId, InvalidIdError, Subject, SubjectKind, UserId
from tests.alerts.cases import (
    FIRST,
    SECOND,
    STREAM,
    acknowledge,
    actor,
    after,
    close,
    found,
    machine,
    release,
    resolve,
)
from tests.builders import FARM, MORNING


def kinds(events: list[AlertEvent]) -> list[type[AlertEvent]]:
    """What happened, without the details."""
    return [type(event) for event in events]


def status_of(alert: Alert | None) -> Status | None:
    """Where a case stands; None if there is none."""
    return alert.status if alert else None


def test_an_onset_raises_the_first_case() -> None:
    """The farmer sees one alert, numbered, with how pressing it is."""
    alert, events = after(machine())

    raised = AlertRaised(
        alert_id=FIRST,
        number=1,
        subject_kind=SubjectKind.ANIMAL,
        condition=Condition.FEVER,
        priority=Priority.URGENT,
        detection_id="d-1",
        revision=1,
        onset_at=MORNING,
    )
    assert events == [raised]
    assert status_of(alert) is Status.OPEN


@pytest.mark.parametrize("revision", [1, 2])
def test_a_revision_told_again_changes_nothing(revision: int) -> None:
    """After a restore the pipeline tells its last revision again, unchanged."""
    alert, _ = after(machine(), machine(revision=2, phase=Phase.UPDATE))

    assert decide(alert, machine(revision=revision, phase=Phase.UPDATE)) == ()


def test_a_newer_revision_amends_openly() -> None:
    """What the case rests on has changed, and that is an event like any other."""
    _, events = after(machine(), machine(revision=2, phase=Phase.UPDATE))

    assert events[1:] == [AlertAmended(alert_id=FIRST, detection_id="d-1", revision=2)]


def test_another_detection_of_an_open_case_amends_it() -> None:
    """A second onset while the first is being worked on is the same case."""
    _, events = after(machine(), machine("d-2"))

    assert events[1:] == [AlertAmended(alert_id=FIRST, detection_id="d-2", revision=1)]


@pytest.mark.parametrize("seen", [False, True])
def test_the_end_resolves_the_case(seen: bool) -> None:  # noqa: FBT001  a parameter of the test
    """The fever is over: the case waits for a judgement, nobody has to hurry."""
    before = (machine(), acknowledge()) if seen else (machine(),)

    alert, events = after(*before, machine(revision=2, phase=Phase.END))

    assert events[-1] == AlertResolved(alert_id=FIRST, detection_id="d-1", revision=2)
    assert status_of(alert) is Status.RESOLVED


def test_an_onset_after_the_end_reopens_the_case() -> None:
    """Nobody has judged it yet: it is the same trouble come back."""
    over = machine(revision=2, phase=Phase.END)
    alert, events = after(machine(), acknowledge(), over, machine("d-2"))

    assert events[-1] == AlertReopened(
        alert_id=FIRST, detection_id="d-2", revision=1, onset_at=MORNING
    )
    assert status_of(alert) is Status.OPEN


def test_an_end_that_is_taken_back_reopens_the_case() -> None:
    """Late readings may show that the episode goes on: the same detection, a newer revision."""
    over = machine(revision=2, phase=Phase.END)
    alert, events = after(machine(), over, machine(revision=3, phase=Phase.UPDATE))

    assert kinds(events)[-1] is AlertReopened
    assert status_of(alert) is Status.OPEN


def test_what_people_resolved_stays_resolved_until_a_new_onset() -> None:
    """A machine that repeats itself every six hours must not undo what a person said."""
    still = machine(revision=2, phase=Phase.UPDATE)
    alert, events = after(machine(), resolve(), still)

    assert kinds(events) == [AlertRaised, AlertResolved, AlertAmended]
    assert status_of(alert) is Status.RESOLVED
    assert kinds(list(decide(alert, machine("d-2")))) == [AlertReopened]


@pytest.mark.parametrize("phase", list(Phase))
def test_a_detection_that_people_have_judged_raises_nothing(phase: Phase) -> None:
    """Whoever found nothing is not called again about the same episode."""
    alert, _ = after(machine(), close(outcome=Outcome.NOTHING_FOUND))

    assert decide(alert, machine(revision=9, phase=phase)) == ()


def test_a_new_onset_after_closing_is_the_next_case() -> None:
    """A second fever in her life is a second case of the same stream."""
    alert, events = after(machine(), close(), machine("d-2"))

    assert isinstance(events[-1], AlertRaised)
    assert (events[-1].alert_id, events[-1].number) == (SECOND, 2)
    assert decide(alert, machine(revision=7, phase=Phase.UPDATE)) == ()


def test_an_episode_known_by_its_end_alone_is_a_short_case() -> None:
    """A lost output may cost hours, never the alert."""
    alert, events = after(machine(revision=4, phase=Phase.END))

    assert kinds(events) == [AlertRaised, AlertResolved]
    assert decide(alert, machine(revision=1)) == ()


def test_the_end_of_another_episode_does_not_end_an_open_case() -> None:
    """A short one that was never heard of ends beside the one that is being worked on."""
    alert, events = after(machine(), machine("d-2", revision=3, phase=Phase.END))

    assert kinds(events) == [AlertRaised, AlertAmended]
    assert status_of(alert) is Status.OPEN


def test_acknowledging_twice_is_one_event() -> None:
    """A second click, or a request that was retried, changes nothing."""
    _, events = after(machine(), acknowledge(), acknowledge())

    assert kinds(events) == [AlertRaised, AlertAcknowledged]


def test_whoever_took_a_case_on_gives_it_back() -> None:
    """The undo of a tap: the case is open again, and a second tap on undo changes nothing."""
    alert, events = after(machine(), acknowledge(), release(), release())

    assert kinds(events) == [AlertRaised, AlertAcknowledged, AlertReleased]
    assert status_of(alert) is Status.OPEN
    assert kinds(list(decide(alert, acknowledge()))) == [AlertAcknowledged]


def test_a_case_that_nobody_took_on_is_not_given_back() -> None:
    """There is nothing to undo, and nothing to complain about either."""
    alert, _ = after(machine())

    assert decide(alert, release()) == ()


def test_another_persons_case_is_given_back_by_an_owner_alone() -> None:
    """A vet's case must not slip from his hands by somebody else's finger."""
    alert, _ = after(machine(), acknowledge())
    other = UserId("u-2")

    with pytest.raises(AlertTakenOnError, match=FIRST):
        decide(alert, release(by=other))
    assert kinds(list(decide(alert, release(by=other, by_owner=True)))) == [AlertReleased]


def test_a_resolved_case_is_not_given_back() -> None:
    """It waits for a judgement, whoever had it."""
    alert, _ = after(machine(), acknowledge(), resolve())

    with pytest.raises(AlertResolvedError, match="close it"):
        decide(alert, release())


def test_a_case_that_came_back_belongs_to_nobody() -> None:
    """Who had taken on the first spell has not taken on the second."""
    over = machine(revision=2, phase=Phase.END)
    alert, _ = after(machine(), acknowledge(), over, machine("d-2"))

    assert alert is not None
    assert alert.taken_by is None


def test_resolving_twice_is_one_event() -> None:
    """As above."""
    _, events = after(machine(), resolve(), resolve())

    assert kinds(events) == [AlertRaised, AlertResolved]


@pytest.mark.parametrize("before", [(), (acknowledge(),), (resolve(),), (acknowledge(), resolve())])
def test_a_case_is_closed_from_any_state(before: tuple[Command, ...]) -> None:
    """Whoever has looked may judge at once."""
    judged = close(outcome=Outcome.OTHER_FINDING, note="lame, not ill")

    alert, events = after(machine(), *before, judged, judged)

    closed = AlertClosed(alert_id=FIRST, outcome=Outcome.OTHER_FINDING, note="lame, not ill")
    assert events[-1] == closed
    assert kinds(events).count(AlertClosed) == 1
    assert status_of(alert) is Status.CLOSED


@pytest.mark.parametrize(
    "late", [acknowledge(), release(), resolve(), close(outcome=Outcome.DEVICE_FAULT)]
)
def test_a_closed_case_takes_no_orders(late: Command) -> None:
    """A judgement is not overwritten by whoever comes second."""
    alert, _ = after(machine(), close())

    with pytest.raises(AlertClosedError, match="confirmed"):
        decide(alert, late)


def test_an_order_about_an_earlier_case_says_that_it_is_closed() -> None:
    """A screen left open over night shows yesterday's case."""
    alert, _ = after(machine(), close(), machine("d-2"))

    with pytest.raises(AlertClosedError, match=FIRST):
        decide(alert, acknowledge(alert_id=FIRST))


def test_a_resolved_case_is_not_taken_on() -> None:
    """There is nothing left to hurry for; it wants a judgement."""
    alert, _ = after(machine(), resolve())

    with pytest.raises(AlertResolvedError, match="close it"):
        decide(alert, acknowledge())


@pytest.mark.parametrize("alert_id", ["nobody", SECOND])
def test_a_case_that_is_not_there_is_not_found(alert_id: str) -> None:
    """Neither an invented id nor one that may come one day."""
    alert, _ = after(machine())

    with pytest.raises(AlertNotFoundError, match=alert_id):
        decide(alert, acknowledge(alert_id=alert_id))
    with pytest.raises(AlertNotFoundError):
        decide(None, acknowledge(alert_id=alert_id))


@pytest.mark.parametrize("note", ["x" * (NOTE_CHARS_MAX + 1), "a\0b", "\ud800"])
def test_a_note_that_cannot_be_stored_is_refused(note: str) -> None:
    """With a sentence, before the store stumbles over it."""
    alert, _ = after(machine())

    with pytest.raises(NoteRefusedError, match="the note"):
        decide(alert, close(note=note))


@pytest.mark.parametrize("wrong", ["farm-a:animal", "", "Farm"])
def test_an_id_cannot_reach_into_another_stream(wrong: str) -> None:
    """A colon in a farm's id would name another farm's case."""
    with pytest.raises(InvalidIdError):
        alert_stream(FarmId(wrong), Subject(SubjectKind.ANIMAL, "nl-1"), Condition.FEVER)
    with pytest.raises(InvalidIdError):
        alert_stream(FARM, Subject(SubjectKind.ANIMAL, wrong), Condition.FEVER)


CANNOT_FOLLOW: list[tuple[list[Command], AlertEvent]] = [
    ([], AlertAcknowledged(alert_id=FIRST)),
    ([machine()], AlertReopened(alert_id=FIRST, detection_id="d", revision=1)),
    ([machine()], AlertAcknowledged(alert_id=SECOND)),
    ([machine(), acknowledge()], AlertAcknowledged(alert_id=FIRST)),
    ([machine(), resolve()], AlertResolved(alert_id=FIRST)),
    ([machine()], AlertReleased(alert_id=FIRST)),
    ([machine(), close()], AlertResolved(alert_id=FIRST)),
]


@pytest.mark.parametrize(("before", "event"), CANNOT_FOLLOW)
def test_a_stream_that_makes_no_sense_is_said_to_be_damaged(
    before: list[Command], event: AlertEvent
) -> None:
    """Going on with a guess would hide it."""
    alert, _ = after(*before)

    with pytest.raises(CorruptStreamError, match="cannot follow"):
        evolve(alert, event, "somebody")


def test_cases_do_not_overlap() -> None:
    """A second case beside an open one is what the numbering is there to prevent."""
    alert, events = after(machine())

    with pytest.raises(CorruptStreamError):
        evolve(alert, events[0], ACTOR)


DETECTIONS = st.builds(
    machine,
    st.sampled_from(["d-1", "d-2", "d-3"]),
    st.integers(1, 4),
    st.sampled_from([Phase.ONSET, Phase.UPDATE, Phase.END]),
)
PEOPLE = st.builds(
    lambda make, alert_id: make(alert_id=alert_id),
    st.sampled_from([acknowledge, release, resolve, close]),
    st.sampled_from([FIRST, SECOND]),
)
ORDERS = st.lists(st.one_of(DETECTIONS, PEOPLE), max_size=25)


def carried_out(orders: list[Command]) -> list[tuple[AlertEvent, str]]:
    """The events of a stream after these orders, with their actors; refused ones change nothing."""
    alert: Alert | None = None
    events: list[tuple[AlertEvent, str]] = []
    for order in orders:
        try:
            decided = decide(alert, order)
        except AlertError:
            continue
        for event in decided:
            alert = evolve(alert, event, actor(order))
            events.append((event, actor(order)))
    return events


@given(ORDERS)
def test_at_most_one_case_is_open_in_any_interleaving(orders: list[Command]) -> None:
    """Whatever machine and people do: cases follow one another, and no stream gets damaged."""
    told = carried_out(orders)
    events = [event for event, _ in told]

    raised = [index for index, event in enumerate(events) if isinstance(event, AlertRaised)]
    assert all(AlertClosed in kinds(events[a:b]) for a, b in pairwise(raised))
    assert [events[i].alert_id for i in raised][:2] == [FIRST, SECOND][: len(raised)]
    assert fold(told) == fold(list(told))


@given(ORDERS, st.data())
def test_a_detection_taken_in_once_never_counts_again(
    orders: list[Command], data: st.DataObject
) -> None:
    """Kafka repeats, the pipeline repeats: not even the inbox is needed to be safe from it."""
    alert = fold(carried_out(orders))
    told = [order for order in orders if isinstance(order, RecordDetection)]
    if told:
        again = data.draw(st.sampled_from(told))
        assert decide(alert, again) == ()


@given(ORDERS)
def test_a_detection_is_never_lost(orders: list[Command]) -> None:
    """Each is part of some case afterwards, open or judged: none slips through."""
    alert = fold(carried_out(orders))
    told = {o.detection.detection_id for o in orders if isinstance(o, RecordDetection)}

    known = set(alert.revisions) | alert.earlier if alert else set()
    assert told <= known


def test_a_retracted_detection_raises_no_case() -> None:
    """Readings were another animal's before anybody was told: there is nothing to look at."""
    alert, events = after(machine(revision=2, phase=Phase.RETRACTED))

    assert (alert, events) == (None, [])


def test_a_case_whose_detection_is_retracted_is_over_and_says_why() -> None:
    """Nobody is to be sent to an animal for her neighbour's fever; its history tells it."""
    alert, events = after(machine(), machine(revision=2, phase=Phase.RETRACTED))

    assert alert is not None
    assert alert.status is Status.RESOLVED
    assert events[-1] == AlertResolved(
        alert_id=FIRST, detection_id="d-1", revision=2, retracted=True
    )


def test_a_case_that_is_over_says_when_it_turns_out_that_it_never_was() -> None:
    """And when it turns out that it was after all; each once."""
    over, retracted = (
        machine(revision=2, phase=Phase.END),
        machine(revision=3, phase=Phase.RETRACTED),
    )
    was = machine(revision=4, phase=Phase.END)

    alert, events = after(machine(), over, retracted, retracted, was)

    assert kinds(events) == [AlertRaised, AlertResolved, AlertResolved, AlertResolved]
    assert [event.retracted for event in events if isinstance(event, AlertResolved)] == [
        False,
        True,
        False,
    ]
    assert status_of(alert) is Status.RESOLVED


def test_a_case_of_two_episodes_was_although_one_never_was() -> None:
    """The other one is over as it was."""
    over, other = machine(revision=2, phase=Phase.END), machine("d-2")
    other_over = machine("d-2", revision=2, phase=Phase.END)

    _, events = after(
        machine(), over, other, other_over, machine(revision=3, phase=Phase.RETRACTED)
    )

    assert isinstance(events[-1], AlertAmended)


def test_what_was_retracted_and_is_so_after_all_opens_the_case_again() -> None:
    """The register was set right twice."""
    retracted = machine(revision=2, phase=Phase.RETRACTED)

    alert, _ = after(machine(), retracted, machine(revision=3, phase=Phase.UPDATE))

    assert alert is not None
    assert alert.status is Status.OPEN


def test_a_retraction_of_what_the_case_does_not_know_leaves_it_open() -> None:
    """The fever that somebody looks at is another one."""
    alert, _ = after(machine(), machine("d-2", phase=Phase.RETRACTED))

    assert alert is not None
    assert alert.status is Status.OPEN


@given(st.permutations([(1, Phase.ONSET), (2, Phase.UPDATE), (3, Phase.UPDATE), (4, Phase.END)]))
def test_revisions_out_of_order_end_where_the_newest_says(
    told: list[tuple[int, Phase]],
) -> None:
    """An older revision after a newer one changes nothing."""
    alert, _ = after(*(machine("d-1", revision, phase) for revision, phase in told))

    assert alert is not None
    assert alert.status is Status.RESOLVED
    assert alert.revisions == {"d-1": 4}


def test_the_stream_names_farm_subject_and_cause() -> None:
    """Another farm, another animal, another cause: another case."""
    assert STREAM == "alert:farm-a:animal:nl-0017:fever"
    assert found().condition is Condition.FEVER
