"""What screens load: everything a card shows in one answer, and holes with names when need be."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from psycopg_pool import ConnectionPool

from api.gathering import Absences
from contracts.clock import Clock, FakeClock
from contracts.detection import Condition, Evidence
from contracts.envelope import Event
from contracts.hour import LEARNING_DAYS, AnimalHour, HourScore, HourSignal
from contracts.ids import FarmId, SubjectKind, new_id
from read_models import Analytics, History, open_analytics
from tests.api.conftest import Api
from tests.builders import FARM, MORNING, an_event

pytestmark = pytest.mark.services

NOW = MORNING + timedelta(minutes=20)
NOWHERE = "postgresql://127.0.0.1:1/nowhere?connect_timeout=1"


@pytest.fixture
def clock() -> Clock:
    """Twenty past five on the farm, for as long as a test takes."""
    return FakeClock(NOW)


def an_hour(animal: str, hours_ago: int, *signals: HourSignal, **said: Any) -> Event[AnimalHour]:  # noqa: ANN401  any field
    """A judged hour that began so many hours before the current one."""
    hour_at = NOW.replace(minute=0) - timedelta(hours=hours_ago)
    values: dict[str, Any] = {"revision": 1, "readings": 12, "coverage_share": 1.0}
    hour = AnimalHour(
        hour_at=hour_at, known_at=hour_at + timedelta(hours=1), signals=signals, **(values | said)
    )
    return an_event(hour, timestamp=hour_at, aggregate_id=animal)


def registered(api: Api, animal: str, **said: str) -> None:
    """The register knows her."""
    answer = api.http.post(f"{api.farm()}/animals", json={"animal_id": animal, **said})
    assert answer.status_code == 200
    api.chain.project()


def away(api: Api, **stores: Any) -> None:  # noqa: ANN401  a store each
    """From now on the screens ask these stores."""
    services = api.app.state.services
    screens = replace(services.screens, **stores, absences=Absences())
    api.app.state.services = replace(services, screens=screens)


def no_history() -> History:
    """A history whose PostgreSQL is away."""
    return History(ConnectionPool(NOWHERE, min_size=1, open=True, timeout=0.2))


def no_analytics() -> Analytics:
    """Figures whose ClickHouse is away."""
    return open_analytics("http://127.0.0.1:1")


def test_the_board_has_all_that_a_card_shows(api: Api) -> None:
    """One request in the morning: case, animal, curve, track record, freshness."""
    cow = new_id()
    registered(api, cow, external_id="NL 0312 345", name="Berta", group="dry")
    api.chain.heard(cow, at=NOW - timedelta(minutes=3))
    api.chain.judged(
        an_hour(cow, 1, HourSignal(signal="temperature_c", value=40.1, usual=38.6, spread=0.2)),
        an_hour(cow, 47, HourSignal(signal="temperature_c", value=38.5)),
    )
    alert_id = api.chain.raised(cow)

    board = api.http.get(f"{api.farm()}/board").json()

    (case,) = board["cases"]
    assert (board["now"], board["missing"], board["done"]) == ("2026-03-01T04:20:00Z", [], [])
    assert (board["epoch"], board["position"]) == (api.chain.store.epoch(), api.chain.position)
    assert case["alert"]["alert_id"] == alert_id
    assert (case["animal"]["name"], case["animal"]["tag"]) == ("Berta", "345")
    assert case["animal"]["last_heard_at"] == "2026-03-01T04:17:00Z"
    assert (case["spark"]["signal"], case["spark"]["unit"]) == ("temperature_c", "Cel")
    assert case["spark"]["start"] == "2026-02-27T04:00:00Z"
    assert len(case["spark"]["values"]) == 48
    assert (case["spark"]["values"][1], case["spark"]["values"][47]) == (38.5, 40.1)
    assert (case["spark"]["usual"][47], case["spark"]["spread"][0]) == (38.6, None)
    assert case["track"] == {"closed": 0, "right": 0, "last": []}
    assert board["pulse"] == {
        "newest_reading_at": "2026-03-01T04:17:00Z",
        "newest_received_at": "2026-03-01T04:17:02Z",
        "heard": 1,
        "animals": 1,
    }


def test_what_was_judged_is_done_and_on_the_record(api: Api) -> None:
    """The farmer sees what he did today, and how often we were right."""
    done, open_case = api.chain.raised("nl-0001"), api.chain.raised("nl-0002")
    api.http.post(f"{api.farm()}/alerts/{done}/close", json={"outcome": "confirmed"})
    api.chain.project()

    board = api.http.get(f"{api.farm()}/board").json()

    assert [entry["alert"]["alert_id"] for entry in board["done"]] == [done]
    assert board["done"][0]["alert"]["outcome"] == "confirmed"
    assert [case["alert"]["alert_id"] for case in board["cases"]] == [open_case]
    assert board["cases"][0]["track"] == {"closed": 1, "right": 1, "last": ["confirmed"]}


def test_a_silent_collar_has_no_curve(api: Api) -> None:
    """There is nothing to draw: that is the finding."""
    silent = Evidence(signal="silent_minutes", unit="min", value=190.0, at=MORNING)
    api.chain.raised("nl-0003", condition=Condition.COLLAR_SILENT, evidence=(silent,))

    (case,) = api.http.get(f"{api.farm()}/board").json()["cases"]

    assert case["spark"] is None


def test_a_case_about_no_animal_stands_on_the_board(api: Api) -> None:
    """A whole farm may be too warm."""
    api.chain.raised("farm-a", condition=Condition.HEAT_STRESS, subject_kind=SubjectKind.FARM)

    (case,) = api.http.get(f"{api.farm()}/board").json()["cases"]

    assert case["animal"] is None


def test_without_the_stores_beside_it_the_board_shows_the_cases_and_says_what_is_missing(
    api: Api,
) -> None:
    """A database that restarts must not take the ill cow from the farmer's sight."""
    alert_id = api.chain.raised("nl-0017")
    api.chain.forget_latest()
    history = no_history()
    away(api, history=history, analytics=no_analytics())

    answer = api.http.get(f"{api.farm()}/board")
    history.close()

    board = answer.json()
    assert answer.status_code == 200
    assert sorted(board["missing"]) == ["analytics", "history", "latest"]
    assert [case["alert"]["alert_id"] for case in board["cases"]] == [alert_id]
    assert board["cases"][0]["animal"]["tag"] == "017"
    assert (board["cases"][0]["spark"], board["cases"][0]["track"]) == (None, None)
    assert (board["pulse"], board["done"]) == (None, [])


def test_what_only_one_store_knows_is_try_again_while_it_is_away(api: Api) -> None:
    """An empty chart would say that nothing was measured."""
    history = no_history()
    away(api, history=history, analytics=no_analytics())

    answers = [
        api.http.get(f"{api.farm()}/animals/nl-0017{rest}") for rest in ("", "/signals", "/events")
    ] + [api.http.get(f"{api.farm()}/animals"), api.http.get("/api/v1/farms")]
    history.close()

    assert [answer.status_code for answer in answers] == [503] * 5
    assert {answer.headers["retry-after"] for answer in answers} == {"2"}


def test_an_animal_is_shown_with_her_cases_and_her_newest_reading(api: Api) -> None:
    """What the farmer opens from a case, or from the tag he just read."""
    registered(api, "nl-0017", external_id="NL 17", name="Berta")
    registered(api, "nl-0018", external_id="NL 18")
    alert_id = api.chain.raised("nl-0017")
    api.chain.raised("nl-0018")
    api.chain.heard("nl-0017", at=MORNING, temperature_c=40.5, rumination_minutes=1.0)

    page = api.http.get(f"{api.farm()}/animals/nl-0017").json()

    assert page["animal"]["name"] == "Berta"
    assert [case["alert_id"] for case in page["cases"]] == [alert_id]
    assert page["latest"]["measures"] == {"temperature_c": 40.5, "rumination_minutes": 1.0}
    assert page["latest"]["received_at"] == "2026-03-01T04:00:02Z"
    assert page["missing"] == []


def test_while_the_register_is_away_a_known_animal_is_still_shown(api: Api) -> None:
    """The vet stands in the barn and taps on the case."""
    api.chain.raised("nl-0017")
    history = no_history()
    away(api, history=history)

    page = api.http.get(f"{api.farm()}/animals/nl-0017").json()
    history.close()

    assert len(page["cases"]) == 1
    assert (page["missing"], page["track"]) == (["history"], {})


@pytest.mark.parametrize("animal", ["nobody", "A%20B", "x" * 41])
def test_an_animal_that_is_not_there_is_not_found(api: Api, animal: str) -> None:
    """Neither an id that could be one nor one that could not."""
    assert api.http.get(f"{api.farm()}/animals/{animal}").status_code == 404


def test_another_farms_animal_is_not_found_here(api: Api) -> None:
    """Its id is a key to its own farm's door alone."""
    elsewhere = api.farm(FarmId("farm-b"))
    api.http.post(f"{elsewhere}/animals", json={"animal_id": "be-1"})
    api.chain.raised("be-1", farm=FarmId("farm-b"))
    api.chain.heard("be-1", at=MORNING, farm=FarmId("farm-b"))
    api.chain.project()

    here = api.http.get(f"{api.farm()}/animals/be-1")

    assert api.http.get(f"{elsewhere}/animals/be-1").status_code == 200
    assert here.status_code == 404
    assert api.http.get(f"{api.farm()}/animals/be-1/events").json()["events"] == []


def test_the_herd_is_listed_worst_first_and_found_by_words(api: Api) -> None:
    """Who needs somebody stands on top; a number or a name finds the rest."""
    registered(api, "a-1", external_id="NL 1", name="Anna")
    registered(api, "a-2", external_id="NL 2", name="Berta", group="dry")
    registered(api, "a-3", external_id="NL 3", name="Clara", group="dry")
    api.chain.raised("a-2")

    def names(query: str) -> list[str]:
        found = api.http.get(f"{api.farm()}/animals{query}").json()["animals"]
        return [entry["animal"]["name"] for entry in found]

    listed = api.http.get(f"{api.farm()}/animals?limit=2").json()
    assert names("") == ["Berta", "Anna", "Clara"]
    assert names("?q=DRY clara") == ["Clara"]
    assert names("?q=nl 4") == []
    assert ([entry["worst"] for entry in listed["animals"]], listed["more"]) == (
        ["urgent", None],
        True,
    )


def test_an_animals_days_are_served_by_the_hour(api: Api) -> None:
    """One value an hour beside what is usual for her; what was never measured is left out."""
    cow = new_id()
    score = HourScore(
        detector="oestrus", condition=Condition.OESTRUS, unit="1", score=1.2, limit=2.0
    )
    api.chain.judged(
        an_hour(
            cow,
            1,
            HourSignal(signal="temperature_c", value=38.7, usual=38.6, spread=0.2),
            HourSignal(signal="steps", value=120.0),
            scores=(score,),
            coverage_share=0.5,
        )
    )

    found = api.http.get(f"{api.farm()}/animals/{cow}/signals?days=2").json()

    assert (found["start"], found["end"]) == ("2026-02-27T04:00:00Z", "2026-03-01T04:00:00Z")
    assert [(s["name"], s["unit"]) for s in found["signals"]] == [
        ("temperature_c", "Cel"),
        ("steps", "1"),
    ]
    assert len(found["signals"][0]["values"]) == len(found["coverage"]) == 48
    assert (found["signals"][0]["values"][-1], found["signals"][0]["usual"][-1]) == (38.7, 38.6)
    assert found["signals"][1]["usual"] == [None] * 48
    assert (found["coverage"][-1], found["coverage"][0]) == (0.5, None)
    assert found["scores"][0]["score"] == 1.2
    assert found["scores_at"] is not None
    assert (found["learnt_days"], found["learning_days"]) == (None, LEARNING_DAYS)


def test_an_animal_that_was_never_measured_has_empty_days(api: Api) -> None:
    """Not an error: she got her collar today."""
    found = api.http.get(f"{api.farm()}/animals/nl-0099/signals").json()

    assert (found["signals"], found["scores"], found["scores_at"]) == ([], [], None)


def test_everything_that_happened_to_her_is_read_page_by_page(api: Api) -> None:
    """Newest first; the vet scrolls back as far as he likes."""
    registered(api, "nl-0017", external_id="NL 17")
    alert_id = api.chain.raised("nl-0017")
    api.http.post(f"{api.farm()}/alerts/{alert_id}/acknowledge")
    api.chain.project()
    address = f"{api.farm()}/animals/nl-0017/events"

    first = api.http.get(f"{address}?limit=2").json()
    rest = api.http.get(f"{address}?limit=2&before={first['events'][-1]['position']}").json()

    assert [event["type"] for event in first["events"]] == [
        "alert.acknowledged.v1",
        "alert.raised.v1",
    ]
    assert first["events"][0]["actor"] == "user:owner"
    assert first["events"][1]["data"]["condition"] == "fever"
    assert first["more"]
    assert [event["type"] for event in rest["events"]] == ["animal.registered.v1"]
    assert not rest["more"]


@pytest.mark.parametrize(
    "query",
    [
        "?limit=0",
        "?limit=1001",
        "?q=" + "x" * 101,
        "?q=%00",
        "/nl-0017/signals?days=93",
        "/nl-0017/events?limit=501",
        "/nl-0017/events?before=-1",
        "/nl-0017/events?before=9223372036854775808",
    ],
)
def test_a_question_without_measure_is_refused(api: Api, query: str) -> None:
    """Every span and every list has its limit."""
    assert api.http.get(f"{api.farm()}/animals{query}").status_code == 422


def test_questions_are_about_the_farm_that_is_named(api: Api) -> None:
    """The board of an unknown farm is empty for its owner, not an error: it may begin today."""
    board = api.http.get(f"{api.farm(FarmId('farm-new'))}/board").json()

    assert (board["cases"], board["pulse"]["animals"]) == ([], 0)
    assert FARM not in str(board)
