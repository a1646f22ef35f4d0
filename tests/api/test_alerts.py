"""Cases over REST: what a screen loads, and what a person orders."""

from dataclasses import replace

import pytest

from alerts import Alerts
from contracts.ids import FarmId
from event_store.adapters.postgres import PostgresEventStore
from farmbox.redis import Redis
from tests.api.conftest import Api
from tests.waiting import eventually

pytestmark = pytest.mark.services


def test_the_list_tells_epoch_position_age_and_the_cases(api: Api) -> None:
    """A screen needs to know from where on the socket goes on, and how old all this is."""
    alert_id = api.chain.raised("nl-0001")

    found = api.http.get(f"{api.farm()}/alerts").json()

    assert found["epoch"] == api.chain.store.epoch()
    assert found["position"] == 1
    assert found["as_of"] is not None
    assert [row["alert_id"] for row in found["alerts"]] == [alert_id]
    assert found["alerts"][0]["subject_id"] == "nl-0001"
    assert found["alerts"][0]["evidence"][0]["unit"] == "Cel"


def test_a_person_takes_a_case_on_and_closes_it(api: Api) -> None:
    """The whole life of a case, by the orders of people, with the positions to wait for."""
    address = f"{api.farm()}/alerts/{api.chain.raised()}"

    taken = api.http.post(f"{address}/acknowledge").json()
    api.chain.project()
    seen = api.http.get(address).json()
    judgement = {"outcome": "confirmed", "note": "38.5 again"}
    closed = api.http.post(f"{address}/close", json=judgement).json()
    api.chain.project()

    assert (taken["status"], taken["position"]) == ("acknowledged", 2)
    assert (seen["status"], seen["acknowledged_by"]) == ("acknowledged", "user:owner")
    assert (closed["status"], closed["position"]) == ("closed", 3)
    assert api.http.get(f"{api.farm()}/alerts").json()["alerts"] == []
    assert api.http.get(address).json()["outcome"] == "confirmed"


def test_a_case_that_was_taken_on_by_mistake_is_given_back(api: Api) -> None:
    """The undo of "I'll go": open again, nobody's, and a second tap changes nothing."""
    address = f"{api.farm()}/alerts/{api.chain.raised()}"
    api.http.post(f"{address}/acknowledge")
    api.chain.project()

    given_back = api.http.post(f"{address}/release")
    again = api.http.post(f"{address}/release")
    api.chain.project()
    seen = api.http.get(address).json()

    assert given_back.json() == again.json() == {**given_back.json(), "status": "open"}
    assert (seen["status"], seen["acknowledged_by"]) == ("open", None)
    assert seen["onset_at"] == "2026-03-01T04:00:00Z"


def test_a_vet_cannot_give_back_the_farmers_case(api: Api) -> None:
    """Only who took it on, or the owner; the vet is told whom to ask."""
    address = f"{api.farm()}/alerts/{api.chain.raised()}"
    api.http.post(f"{address}/acknowledge")

    refused = api.http.post(f"{address}/release", headers=api.as_vet())

    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/alert-taken-on"


def test_an_order_given_twice_happens_once(api: Api) -> None:
    """A phone in a barn repeats what was not answered."""
    address = f"{api.farm()}/alerts/{api.chain.raised()}"
    key = {"Idempotency-Key": "tap-1"}

    first = api.http.post(f"{address}/resolve", headers=key)
    again = api.http.post(f"{address}/resolve", headers=key)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    assert len(api.chain.store.read(0, 100)) == 2


def test_one_key_for_two_orders_confuses_nothing(api: Api) -> None:
    """Some clients count their keys anew on each page."""
    one, two = api.chain.raised("nl-0001"), api.chain.raised("nl-0002")
    key = {"Idempotency-Key": "1"}

    answers = [
        api.http.post(f"{api.farm()}/alerts/{one}/acknowledge", headers=key),
        api.http.post(f"{api.farm()}/alerts/{two}/acknowledge", headers=key),
        api.http.post(f"{api.farm()}/alerts/{two}/resolve", headers=key),
    ]

    assert [answer.json()["status"] for answer in answers] == [
        "acknowledged",
        "acknowledged",
        "resolved",
    ]


def test_a_refused_order_says_why_as_a_problem(api: Api) -> None:
    """A screen can only help with what it can tell apart."""
    address = f"{api.farm()}/alerts/{api.chain.raised()}"
    api.http.post(f"{address}/close", json={"outcome": "nothing_found"})

    refused = api.http.post(f"{address}/close", json={"outcome": "confirmed"})

    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["type"] == "/problems/alert-closed"
    assert "nothing_found" in refused.json()["detail"]
    assert "closed" in api.http.get(refused.json()["type"]).text


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/body/outcome"),
        ({"outcome": "perhaps"}, "/body/outcome"),
        ({"outcome": "confirmed", "by": "somebody-else"}, "/body/by"),
        ({"outcome": "confirmed", "note": "a\x00b"}, "/body/note"),
        ({"outcome": "confirmed", "note": "x" * 2001}, "/body/note"),
    ],
)
def test_a_body_that_is_not_ours_is_refused_field_by_field(
    api: Api, body: dict[str, str], pointer: str
) -> None:
    """Unknown fields are refused, not ignored; odd characters never reach the store."""
    answer = api.http.post(f"{api.farm()}/alerts/{api.chain.raised()}/close", json=body)

    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/invalid-request"
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b'{"outcome": "conf', 400),
        (b'{"outcome": "confirmed", "note": "\\ud800"}', 422),
        (b'{"outcome": "confirmed", "note": NaN}', 422),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"null", 422),
        (b"", 422),
        (b'{"outcome": "confirmed", "note": "' + b"x" * 300_000 + b'"}', 413),
    ],
)
def test_no_body_makes_us_fail(api: Api, content: bytes, status: int) -> None:
    """Whatever comes, the answer is a problem of theirs, never a failure of ours."""
    address = f"{api.farm()}/alerts/{api.chain.raised()}/close"

    answer = api.http.post(address, content=content, headers={"Content-Type": "application/json"})

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_that_grows_without_end_is_cut(api: Api) -> None:
    """Without an announced length the limit must hold as well."""
    address = f"{api.farm()}/alerts/{api.chain.raised()}/close"
    parts = (b"x" * 1024 for _ in range(1000))

    answer = api.http.post(address, content=parts)

    assert answer.status_code == 413


@pytest.mark.parametrize("path", ["/nowhere", "/api/v1/farms/farm-a/alerts/no-such-case"])
def test_what_is_not_there_is_one_and_the_same_problem(api: Api, path: str) -> None:
    """One body for every address that leads nowhere."""
    api.chain.raised()

    answer = api.http.get(path)

    assert answer.status_code == 404
    assert answer.json()["type"] == "/problems/not-found"


def test_an_unknown_method_is_a_problem_too(api: Api) -> None:
    """FastAPI's own bodies must not show anywhere."""
    answer = api.http.delete(f"{api.farm()}/alerts")

    assert answer.status_code == 405
    assert answer.headers["content-type"] == "application/problem+json"
    assert "GET" in answer.headers["allow"]


def test_while_redis_is_away_the_answer_is_try_again(api: Api, redis_server: Redis) -> None:
    """A store that restarts is no reason for a storm of failures."""
    alert_id = api.chain.raised()
    redis_server.crash()

    answers = [
        api.http.get(f"{api.farm()}/alerts"),
        api.http.post(f"{api.farm()}/alerts/{alert_id}/acknowledge"),
        api.http.get("/health/ready"),
    ]
    alive = api.http.get("/health/live")
    redis_server.start()
    redis_server.wait_ready()

    assert [answer.status_code for answer in answers] == [503, 503, 503]
    assert all(answer.headers["retry-after"] == "2" for answer in answers)
    assert alive.status_code == 200
    eventually(lambda: api.http.get("/health/ready").status_code == 200)
    assert len(api.http.get(f"{api.farm()}/alerts").json()["alerts"]) == 1


def test_while_postgres_is_away_orders_are_try_again_and_the_list_is_read_on(api: Api) -> None:
    """The screen stays useful; only what must be stored has to wait."""
    alert_id = api.chain.raised()
    nowhere = PostgresEventStore("postgresql://127.0.0.1:1/nowhere?connect_timeout=1")
    api.app.state.services = replace(api.app.state.services, alerts=Alerts(nowhere))

    order = api.http.post(f"{api.farm()}/alerts/{alert_id}/acknowledge")
    listed = api.http.get(f"{api.farm()}/alerts")
    nowhere.close()

    assert order.status_code == 503
    assert order.json()["type"] == "/problems/unavailable"
    assert listed.status_code == 200


def test_nothing_is_said_of_a_worklist_that_is_not_built(api: Api) -> None:
    """An emptied Redis is not an empty worklist."""
    api.chain.raised()
    api.worklist._redis.flushall()

    answer = api.http.get(f"{api.farm()}/alerts")

    assert answer.status_code == 503


def test_an_animal_is_registered_and_wears_a_collar(api: Api) -> None:
    """The register over REST: ids by us or by the farm, and refused orders as problems."""
    known = api.http.post(f"{api.farm()}/animals", json={"external_id": "NL 1", "name": "Berta"})
    animal_id = known.json()["animal_id"]
    worn = api.http.post(
        f"{api.farm()}/collars/c-17/assignments",
        json={"animal_id": animal_id, "worn_from": "2026-03-01T04:00:00Z"},
    )
    stranger = api.http.post(f"{api.farm()}/collars/c-18/assignments", json={"animal_id": "nobody"})

    assert known.status_code == 200
    assert worn.json()["worn_from"] == "2026-03-01T04:00:00Z"
    assert worn.json()["position"] > known.json()["position"]
    assert stranger.status_code == 404


def test_another_farms_animal_cannot_be_taken_or_told_from_no_animal(api: Api) -> None:
    """An id that is in use elsewhere tells nothing of the farm that uses it."""
    elsewhere = api.farm(FarmId("farm-b"))
    api.http.post(f"{elsewhere}/animals", json={"animal_id": "a-1"})

    assigned = api.http.post(f"{api.farm()}/collars/c-1/assignments", json={"animal_id": "a-1"})
    missing = api.http.post(f"{api.farm()}/collars/c-1/assignments", json={"animal_id": "a-2"})
    taken = api.http.post(f"{api.farm()}/animals", json={"animal_id": "a-1"})

    assert assigned.status_code == missing.status_code == 404
    assert assigned.json() == missing.json()
    assert taken.status_code == 409
    assert "farm-b" not in taken.text


def test_the_description_is_there_and_calls_nobody(api: Api) -> None:
    """A farm's network may have no way out; the interactive pages would load scripts."""
    found = api.http.get("/openapi.json").json()

    assert f"{api.farm(FarmId('{farm_id}'))}/alerts" in found["paths"]
    assert api.http.get("/docs").status_code == 404
    assert api.http.get("/redoc").status_code == 404
