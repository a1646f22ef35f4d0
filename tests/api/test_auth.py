"""Who may see what: every route and the socket ask, the list is made from the application."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute, APIWebSocketRoute

from alerts import Alerts
from api import live
from api.app import create_app
from api.auth import OwnerToken, TokenFileError, User, may_see
from api.dependencies import Services
from api.routes import alerts, animals, health
from api.settings import ApiSettings
from contracts.clock import SystemClock
from contracts.ids import FarmId, UserId
from event_store.memory import MemoryEventStore
from herdbook import Herdbook
from read_models import open_worklist
from tests.api.conftest import Api
from tests.builders import FARM

OTHER = FarmId("farm-b")
PUBLIC = {"/health/live", "/health/ready", "/problems/{slug}", "/openapi.json"}
BODIES: dict[str, dict[str, Any]] = {
    "/close": {"outcome": "confirmed"},
    "/animals": {"external_id": "NL 1"},
    "/assignments": {"animal_id": "nl-0017"},
}


def farm_routes() -> Iterator[tuple[str, str]]:
    """(method, path) of every HTTP route but the public ones."""
    for router in (alerts.router, animals.router, health.router):
        for route in router.routes:
            if isinstance(route, APIRoute) and route.path not in PUBLIC:
                yield from ((method, route.path) for method in sorted(route.methods or ()))


def asked(api: Api, method: str, path: str, farm: FarmId, headers: dict[str, str]) -> Any:  # noqa: ANN401
    """The answer to a well-formed request about a case of `farm`."""
    alert_id = api.chain.detected(farm=farm)
    api.chain.project()
    address = path.format(farm_id=farm, alert_id=alert_id, collar_id="c-17")
    body = next((body for end, body in BODIES.items() if path.endswith(end)), None)
    with httpx.Client(base_url=api.base, timeout=20) as client:
        return client.request(method, address, json=body, headers=headers)


def test_the_list_of_routes_is_the_applications() -> None:
    """A router that this file does not know would be tested by nobody."""
    store = MemoryEventStore()
    services = Services(
        worklist=open_worklist("redis://127.0.0.1:1/0"),  # only the routes are asked for
        alerts=Alerts(store),
        herdbook=Herdbook(store),
        tokens=OwnerToken("a-long-enough-owner-token"),
        clock=SystemClock(),
    )
    app = create_app(ApiSettings(), services)
    known = {path for _, path in farm_routes()} | PUBLIC
    sockets = {route.path for route in live.router.routes if isinstance(route, APIWebSocketRoute)}

    assert set(app.openapi()["paths"]) | {"/openapi.json"} == known
    assert sockets == {"/live"}
    assert all("{farm_id}" in path for path in known - PUBLIC)


@pytest.mark.services
@pytest.mark.parametrize(("method", "path"), list(farm_routes()))
def test_a_farm_that_was_not_given_looks_as_if_it_were_not_there(
    api: Api, method: str, path: str
) -> None:
    """Nobody learns which farms, cases or animals there are beside his own."""
    refused = asked(api, method, path, OTHER, api.as_vet())
    missing = asked(api, method, path, FarmId("farm-of-nobody"), api.as_vet())
    misspelt = httpx.request(
        method, api.base + path.format(farm_id="A%00B", alert_id="x", collar_id="c"),
        headers=api.as_vet(), json={} if method == "POST" else None, timeout=20,
    )  # fmt: skip

    assert refused.status_code == missing.status_code == 404
    assert refused.json() == missing.json()
    assert misspelt.status_code in {404, 422}
    assert "alert.acknowledged.v1" not in {e.event_type for e in api.chain.store.read(0, 100)}


@pytest.mark.services
@pytest.mark.parametrize(("method", "path"), list(farm_routes()))
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
    assert answer.status_code == (404 if path.endswith("/assignments") else 200)


@pytest.mark.services
def test_the_animals_of_a_farm_that_was_given_wear_its_collars(api: Api) -> None:
    """The last of the requests above, with the animal it needs."""
    api.http.post(f"{api.farm()}/animals", json={"animal_id": "nl-0017"})

    answer = asked(api, "POST", "/api/v1/farms/{farm_id}/collars/{collar_id}/assignments", FARM,
                   api.as_vet())  # fmt: skip

    assert answer.status_code == 200


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
