"""Failed tries: counted by address, forgiven after a while, bounded whatever comes."""

from api.tries import ADDRESSES_MAX, FAILURES_MAX, WINDOW_S, FailedTries


def failing(tries: FailedTries, address: str, times: int, *, at: float = 0.0) -> None:
    """Fail so often from this address."""
    for _ in range(times):
        tries.failed(address, at)


def test_an_address_that_fails_too_often_waits_for_the_rest_of_its_window() -> None:
    """Some wrong scans are human; twenty a minute are a script."""
    tries = FailedTries()

    failing(tries, "10.0.0.9", FAILURES_MAX - 1)
    before = tries.wait_s("10.0.0.9", 1.0)
    tries.failed("10.0.0.9", 10.0)

    assert before == 0
    assert tries.wait_s("10.0.0.9", 20.0) == WINDOW_S - 20
    assert tries.wait_s("10.0.0.9", WINDOW_S) == 0
    assert tries.wait_s("10.0.0.8", 20.0) == 0


def test_a_new_window_begins_with_nothing() -> None:
    """Who was refused yesterday is as good as anybody today."""
    tries = FailedTries()
    failing(tries, "10.0.0.9", FAILURES_MAX)

    tries.failed("10.0.0.9", WINDOW_S)

    assert tries.wait_s("10.0.0.9", WINDOW_S) == 0


def test_a_storm_of_addresses_takes_no_more_room() -> None:
    """IPv6 gives anybody as many as he likes."""
    tries = FailedTries()

    for number in range(3 * ADDRESSES_MAX):
        tries.failed(f"2001:db8::{number:x}", 0.0)

    assert len(tries._windows) == ADDRESSES_MAX
