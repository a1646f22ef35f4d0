"""Sessions: signed, over after a month, ended by a new owner's token; tickets spent once."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis import Redis as RedisClient

from api.adapters.tickets import ROOT, RedisTickets, TicketsUnavailableError
from api.auth import OwnerToken, User
from api.sessions import SESSION_DAYS, AnyOf, Sessions, new_ticket
from contracts.clock import FakeClock
from contracts.ids import UserId
from farmbox.redis import Redis
from tests.builders import MORNING
from tests.waiting import eventually

OWNER_TOKEN = "a-long-enough-owner-token"


def some_sessions(clock: FakeClock | None = None, *, owner: str = OWNER_TOKEN) -> Sessions:
    """The sessions of an installation with this owner's token."""
    return Sessions(OwnerToken(owner).session_key(), clock or FakeClock(MORNING))


A_TOKEN, _ = some_sessions().begin()  # one for all examples: hypothesis repeats them


def test_a_session_is_the_owners_but_lets_nobody_in() -> None:
    """A phone may do what the owner does; that it mints tickets would make sessions endless."""
    sessions = some_sessions()

    token, until = sessions.begin()

    assert sessions.redeem(token) == User(UserId("owner"), farms=None, may_invite=False)
    assert until == MORNING + timedelta(days=SESSION_DAYS)


def test_a_session_is_over_after_its_days() -> None:
    """A lost phone must not stay in for ever."""
    clock = FakeClock(MORNING)
    sessions = some_sessions(clock)
    token, _ = sessions.begin()

    clock.advance(timedelta(days=SESSION_DAYS, seconds=-1))
    before = sessions.redeem(token)
    clock.advance(timedelta(seconds=1))

    assert before is not None
    assert sessions.redeem(token) is None


def test_every_process_with_the_same_owners_token_knows_it_and_no_other() -> None:
    """Sessions survive a restart and a balancer; a new owner's token ends them all."""
    token, _ = some_sessions().begin()

    assert some_sessions().redeem(token) is not None
    assert some_sessions(owner="another-long-enough-token").redeem(token) is None


def test_two_sessions_are_never_the_same() -> None:
    """One could not be told from the other in a list of those to be ended."""
    sessions = some_sessions()

    assert sessions.begin()[0] != sessions.begin()[0]


@given(st.data())
def test_a_token_that_was_touched_is_nobodys(data: st.DataObject) -> None:
    """One character less or other, wherever it stands."""
    # the last of 43 base64 characters holds two bits that say nothing
    place = data.draw(st.integers(0, len(A_TOKEN) - 2))
    other = data.draw(st.characters(exclude_characters=A_TOKEN[place]))
    sessions = some_sessions()

    assert sessions.redeem(A_TOKEN) is not None
    assert sessions.redeem(A_TOKEN[:place] + other + A_TOKEN[place + 1 :]) is None
    assert sessions.redeem(A_TOKEN[:place]) is None


@pytest.mark.parametrize("token", ["", ".", "a.b", "x" * 5000, "\ud800.\ud800", "é.é"])
def test_nonsense_is_nobodys(token: str) -> None:
    """Whatever is sent, the answer is the same no."""
    assert some_sessions().redeem(token) is None


def test_whoever_one_kind_of_token_knows_comes_in() -> None:
    """The owner's token and a session's stand in the same header."""
    owner, sessions = OwnerToken(OWNER_TOKEN), some_sessions()
    both = AnyOf(owner, sessions)
    token, _ = sessions.begin()

    found = [both.redeem(text) for text in (OWNER_TOKEN, token, "nobodys")]

    assert [user and user.may_invite for user in found] == [True, False, None]


@pytest.mark.services
def test_a_ticket_lets_in_as_many_as_it_was_minted_for(redis: RedisClient) -> None:
    """A code on the kitchen's wall for three phones is worth nothing to the fourth."""
    tickets, ticket = RedisTickets(redis), new_ticket()
    tickets.put(ticket, uses=3, ttl_s=600)

    let_in = [tickets.spend(ticket) for _ in range(5)]

    assert let_in == [True, True, True, False, False]


@pytest.mark.services
def test_a_ticket_ends_by_itself(redis: RedisClient) -> None:
    """A picture of the code in a chat is worth nothing tomorrow; spending does not prolong it."""
    tickets, ticket = RedisTickets(redis), new_ticket()
    tickets.put(ticket, uses=2, ttl_s=1)

    first = tickets.spend(ticket)

    assert first
    eventually(lambda: not redis.keys(f"{ROOT}:*"), within_s=5)
    assert not tickets.spend(ticket)


@pytest.mark.services
def test_what_redis_holds_lets_nobody_in(redis: RedisClient) -> None:
    """A backup of Redis in the wrong hands holds no ticket, only what one looks like hashed."""
    tickets, ticket = RedisTickets(redis), new_ticket()

    tickets.put(ticket, uses=1, ttl_s=600)

    (key,) = map(str, redis.keys(f"{ROOT}:*"))
    assert ticket not in key
    assert not tickets.spend(key.removeprefix(f"{ROOT}:"))


@pytest.mark.services
def test_while_redis_is_away_nobody_is_told_that_his_ticket_is_spent(
    redis: RedisClient, redis_server: Redis
) -> None:
    """Access fails closed, and says that it is our fault."""
    tickets, ticket = RedisTickets(redis), new_ticket()
    tickets.put(ticket, uses=1, ttl_s=600)
    redis_server.crash()

    with pytest.raises(TicketsUnavailableError):
        tickets.spend(ticket)
