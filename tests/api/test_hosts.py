"""Which names are ours: addresses and localhost always, other names by the settings alone."""

import pytest

from api.hosts import is_ours

NAMES = frozenset({"herd.example.org"})


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:8080",
        "127.0.0.1",
        "192.168.1.20:8080",
        "localhost:8080",
        "LOCALHOST",
        "[::1]:8080",
        "[2001:db8::1]",
        "herd.example.org",
        "Herd.Example.org:443",
    ],
)
def test_an_address_and_the_names_we_were_given_are_ours(host: str) -> None:
    """A phone that scanned the code asks by address; no address can be rebound."""
    assert is_ours(host, NAMES)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "rebound.example",
        "rebound.example:8080",
        "127.0.0.1.rebound.example",
        "localhost.rebound.example",
        "herd.example.org.rebound.example",
        "herd.example.org@rebound.example",
        "127.0.0.1:8080:80",
        "127.0.0.1:",
        "127.0.0.1:http",
        "[::1",
        "[::1]8080",
        "[::1]:",
        "[localhost]",
        "2130706433",
        "0x7f000001",
    ],
)
def test_a_name_of_somebody_else_is_not(host: str) -> None:
    """A page that points its own name at our address would else speak to us as if it were ours."""
    assert not is_ours(host, NAMES)
