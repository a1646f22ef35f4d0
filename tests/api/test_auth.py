"""Who may see what: every route and the socket ask, the list is made from the application."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute

from api import live
from api.auth import OwnerToken, TokenFileError, User, may_see
from api.dashboard_files import PAGES
from api.routes import alerts, animals, board, health, register, sessions
from contracts.ids import FarmId, UserId
from tests.api.conftest import OWNER_TOKEN, Api
from tests.builders import FARM

OTHER = FarmId("farm-b")
TICKETS, SESSIONS, FARMS = "/api/v1/tickets", "/api/v1/sessions", "/api/v1/farms"
# a ticket is all that one needs for a session; the dashboard's files hold nothing of any farm
PUBLIC = {"/health/live", "/health/ready", "/problems/{slug}", "/openapi.json", SESSIONS}
BODIES: dict[str, dict[str, Any]] = {
    "/close": {"outcome": "confirmed"},
    "/animals": {"external_id": "NL 1"},
    "/assignments": {"animal_id": "nl-0017"},
}


def routes() -> Iterator[tuple[str, str]]:
    """(method, path) of every HTTP route but the public ones."""
    for room in (board, alerts, animals, register, sessions, health):
        for route in room.router.routes:
            if isinstance(route, APIRoute) and route.path not in PUBLIC:
                yield from ((method, route.path) for method in sorted(route.methods or ()))


def farm_routes() -> Iterator[tuple[str, str]]:
    """Those that are about one farm."""
    return ((method, path) for method, path in routes() if path not in {TICKETS, FARMS})


def asked(api: Api, method: str, path: str, farm: FarmId, headers: dict[str, str]) -> Any:  # noqa: ANN401
    """The answer to a well-formed request about a case of `farm`."""
    alert_id = api.chain.detected(farm=farm)
    api.chain.project()
    address = path.format(farm_id=farm, alert_id=alert_id, collar_id="c-17", animal_id="nl-0017")
    body = next((body for end, body in BODIES.items() if path.endswith(end)), None)
    with httpx.Client(base_url=api.base, timeout=20) as client:
        return client.request(method, address, json=body, headers=headers)


@pytest.mark.services
def test_the_list_of_routes_is_the_applications(api: Api) -> None:
    """A router that this file does not know would be tested by nobody."""
    app = api.app
    known = {path for _, path in routes()} | PUBLIC
    sockets = {route.path for route in live.router.routes if isinstance(route, APIWebSocketRoute)}
    unlisted = {route.path for route in app.routes if isinstance(route, APIRoute)} - known

    assert set(app.openapi()["paths"]) | {"/openapi.json"} == known
    assert sockets == {"/live"}
    assert unlisted == {*PAGES, "/assets/{path:path}"}
    assert all("{farm_id}" in path for _, path in farm_routes())


@pytest.mark.services
@pytest.mark.parametrize(("method", "path"), list(farm_routes()))
def test_a_farm_that_was_not_given_looks_as_if_it_were_not_there(
    api: Api, method: str, path: str
) -> None:
    """Nobody learns which farms, cases or animals there are beside his own."""
    refused = asked(api, method, path, OTHER, api.as_vet())
    missing = asked(api, method, path, FarmId("farm-of-nobody"), api.as_vet())
    misspelt = httpx.request(
        method, api.base + path.format(farm_id="A%00B", alert_id="x", collar_id="c", animal_id="a"),
        headers=api.as_vet(), json={} if method == "POST" else None, timeout=20,
    )  # fmt: skip

    assert refused.status_code == missing.status_code == 404
    assert refused.json() == missing.json()
    assert misspelt.status_code in {404, 422}
    assert "alert.acknowledged.v1" not in {e.event_type for e in api.chain.store.read(0, 100)}


@pytest.mark.services
@pytest.mark.parametrize(("method", "path"), list(routes()))
def test_without_a_token_of_ours_nothing_is_answered(api: Api, method: str, path: str) -> None:
    """Missing, forged and malformed look alike."""
    answers = [
        asked(api, method, path, FARM, headers)
        for headers in (
            {},
            {"Authorization": "Bearer forged-token-of-some-length"},
            {"Authorization": "Basic dGhlOm93bmVy"},
            {"Authorization": "Bearer"},
        )
    ]

    assert {answer.status_code for answer in answers} == {401}
    assert {answer.headers["www-authenticate"] for answer in answers} == {"Bearer"}
    assert len({answer.text for answer in answers}) == 1


@pytest.mark.services
@pytest.mark.parametrize(("method", "path"), list(farm_routes()))
def test_a_farm_that_was_given_is_answered(api: Api, method: str, path: str) -> None:
    """The refusals above mean something only if the same requests pass with the right farm."""
    answer = asked(api, method, path, FARM, api.as_vet())

    # an assignment needs an animal, which the register does not know here
    assert answer.status_code == (404 if path.endswith("/assignments") else 200), answer.text


@pytest.mark.services
def test_the_animals_of_a_farm_that_was_given_wear_its_collars(api: Api) -> None:
    """The last of the requests above, with the animal it needs."""
    api.http.post(f"{api.farm()}/animals", json={"animal_id": "nl-0017"})

    answer = asked(api, "POST", "/api/v1/farms/{farm_id}/collars/{collar_id}/assignments", FARM,
                   api.as_vet())  # fmt: skip

    assert answer.status_code == 200


@pytest.mark.services
def test_the_list_of_farms_holds_those_that_were_given(api: Api) -> None:
    """Nobody learns from the list what he cannot learn from the addresses."""
    for farm in (FARM, OTHER):
        api.http.post(f"{api.farm(farm)}/animals", json={"animal_id": f"a-{farm}"})
    api.chain.project()

    owner = api.http.get(FARMS).json()["farms"]
    vet = api.http.get(FARMS, headers=api.as_vet()).json()["farms"]

    assert {farm["farm_id"]: farm["animals"] for farm in owner} == {FARM: 1, OTHER: 1}
    assert [farm["farm_id"] for farm in vet] == [FARM]


@pytest.mark.services
def test_a_ticket_is_spent_for_a_session_that_goes_everywhere_the_owner_goes(api: Api) -> None:
    """The way of a phone: scan, spend, and then REST and socket like the owner himself."""
    minted = api.http.post(TICKETS, json={"uses": 1, "ttl_s": 60})
    with httpx.Client(base_url=api.base, timeout=20) as phone:
        session = phone.post(SESSIONS, json={"ticket": minted.json()["ticket"]})
        again = phone.post(SESSIONS, json={"ticket": minted.json()["ticket"]})
        phone.headers["Authorization"] = f"Bearer {session.json()['token']}"
        board = phone.get(f"{api.farm()}/board")
        invites = phone.post(TICKETS, json={})

    assert (minted.status_code, session.status_code) == (201, 201)
    assert session.json()["user_id"] == "owner"
    assert session.json()["expires_at"].endswith("Z")
    assert (again.status_code, again.json()["type"]) == (401, "/problems/ticket-refused")
    assert board.status_code == 200
    assert (invites.status_code, invites.json()["type"]) == (403, "/problems/forbidden")


@pytest.mark.services
@pytest.mark.parametrize("body", [{"ttl_s": 3601}, {"uses": 21}, {"uses": 0}, {"farm": "x"}])
def test_a_ticket_has_its_limits(api: Api, body: dict[str, Any]) -> None:
    """An hour and twenty phones; who wants more mints another."""
    assert api.http.post(TICKETS, json=body).status_code == 422


@pytest.mark.services
def test_who_tries_tickets_is_slowed_down(api: Api) -> None:
    """A script that guesses is told to wait, and a right ticket from there waits as well."""
    minted = api.http.post(TICKETS, json={}).json()["ticket"]
    with httpx.Client(base_url=api.base, timeout=20) as script:
        guesses = [script.post(SESSIONS, json={"ticket": f"guess-{n}"}) for n in range(21)]
        right = script.post(SESSIONS, json={"ticket": minted})

    assert [answer.status_code for answer in guesses] == [401] * 20 + [429]
    assert 1 <= int(guesses[-1].headers["retry-after"]) <= 60
    assert right.status_code == 429


@pytest.mark.services
def test_no_token_and_no_ticket_is_ever_logged(api: Api, capfd: pytest.CaptureFixture[str]) -> None:
    """A log is read by more people than a token is meant for."""
    ticket = api.http.post(TICKETS, json={}).json()["ticket"]
    token = httpx.post(f"{api.base}{SESSIONS}", json={"ticket": ticket}).json()["token"]
    httpx.get(f"{api.base}{api.farm()}/board", headers={"Authorization": f"Bearer {token}"})
    httpx.post(f"{api.base}{SESSIONS}", json={"ticket": ticket})

    out, err = capfd.readouterr()

    assert "session_begun" in out + err
    assert not [secret for secret in (ticket, token, OWNER_TOKEN) if secret in out + err]


def test_may_see_asks_for_the_farm_and_nothing_else() -> None:
    """The one question, in one place."""
    owner = User(UserId("owner"), farms=None)
    vet = User(UserId("vet"), farms=frozenset({FARM}))
    nobody = User(UserId("new"), farms=frozenset())

    assert [may_see(user, FARM) for user in (owner, vet, nobody)] == [True, True, False]
    assert [may_see(user, OTHER) for user in (owner, vet, nobody)] == [True, False, False]


def test_the_owners_token_is_compared_whole(tmp_path: Path) -> None:
    """A prefix, another case and odd characters are nobody's."""
    file = tmp_path / "token"
    file.write_text("a-long-enough-owner-token\n")
    tokens = OwnerToken.from_file(file)

    user = tokens.redeem("a-long-enough-owner-token")

    assert user is not None
    assert user.actor == "user:owner"
    for wrong in ("", "a-long-enough-owner-toke", "A-long-enough-owner-token", "\ud800", "é" * 30):
        assert tokens.redeem(wrong) is None


def test_a_token_file_that_is_missing_or_too_short_is_told(tmp_path: Path) -> None:
    """An API that starts without a secret would let everybody in, or nobody."""
    short = tmp_path / "short"
    short.write_text("secret")

    with pytest.raises(TokenFileError, match="HERD_API_OWNER_TOKEN_FILE"):
        OwnerToken.from_file(tmp_path / "missing")
    with pytest.raises(TokenFileError, match="at least 20"):
        OwnerToken.from_file(short)
