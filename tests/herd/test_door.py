"""The way in for people: the printed address carries its ticket where no log keeps it."""

import ipaddress
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from herd.door import Door, lan_address

TOKEN = "the-owner's-token"


class TicketDesk(BaseHTTPRequestHandler):
    """What the door asks of the API, and what it was asked."""

    asked: list[tuple[str, str | None, dict[str, Any]]]

    def do_POST(self) -> None:
        """Hand out a ticket."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, self.headers["Authorization"], body))
        self.send_response(201)
        self.end_headers()
        self.wfile.write(b'{"ticket": "abc", "expires_at": "2026-03-01T04:00:00Z"}')

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def desk() -> Iterator[HTTPServer]:
    """A server on loopback."""
    TicketDesk.asked = []
    server = HTTPServer(("127.0.0.1", 0), TicketDesk)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_ticket_stands_behind_the_hash(desk: HTTPServer) -> None:
    """What stands there no browser sends on, so no proxy and no log of ours ever holds it."""
    api = f"http://127.0.0.1:{desk.server_port}"

    assert Door(api, TOKEN).open() == f"{api}/#t=abc"
    ((path, bearer, _),) = TicketDesk.asked
    assert (path, bearer) == ("/api/v1/tickets", f"Bearer {TOKEN}")


def test_over_the_network_a_ticket_is_for_one_phone(desk: HTTPServer) -> None:
    """A photograph of the code must not let a second one in."""
    url = Door(f"http://127.0.0.1:{desk.server_port}", TOKEN, lan=True).open()

    assert TicketDesk.asked[0][2]["uses"] == 1
    assert url == f"http://{lan_address()}:{desk.server_port}/#t=abc"


def test_the_lan_address_is_an_address() -> None:
    """A name would be refused by the API unless it was told of it; an address never is."""
    assert ipaddress.ip_address(lan_address()).version == 4
