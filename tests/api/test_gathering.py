"""Gathering: a store that is away leaves a hole with its name on it, and costs one wait."""

import pytest

from api.gathering import Absences, Gathering
from read_models import ReadModelUnavailableError


def away() -> str:
    """A question to a store that is away."""
    raise ReadModelUnavailableError("it does not answer")


def test_who_is_away_is_named_and_the_others_answer() -> None:
    """A screen says what it could not ask, and shows the rest."""
    stores = Gathering(Absences())

    found = [stores.ask("latest", lambda: "here"), stores.ask("history", away)]

    assert found == ["here", None]
    assert stores.missing == ["history"]


def test_who_is_away_is_not_waited_for_twice() -> None:
    """Three questions to a server that hangs would take three times its limit."""
    stores, asked = Gathering(Absences()), []
    stores.ask("history", away)

    assert stores.ask("history", lambda: asked.append("again")) is None
    assert (asked, stores.missing) == ([], ["history"])


def test_others_do_not_wait_for_a_store_that_was_just_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A database that hangs must not take all threads from the orders; it is tried again soon."""
    absences = Absences()
    Gathering(absences).ask("history", away)

    at_once = Gathering(absences)
    skipped = at_once.ask("history", lambda: "back")
    monkeypatch.setattr("api.gathering.time.monotonic", lambda: 1e9)

    assert (skipped, at_once.missing) == (None, ["history"])
    assert Gathering(absences).ask("history", lambda: "back") == "back"


def test_a_fault_of_ours_is_not_hidden() -> None:
    """Only an outage is a hole; a wrong query must fail the request and be seen."""
    with pytest.raises(ZeroDivisionError):
        Gathering(Absences()).ask("analytics", lambda: 1 // 0)
