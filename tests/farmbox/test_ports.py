"""Ports: remembered, never in the clients' range, and a taken one is explained."""

import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from farmbox.errors import PortTakenError
from farmbox.ports import assign_ports, require_free

HOST = "127.0.0.1"


@pytest.fixture
def listener() -> Iterator[int]:
    """A port that somebody listens on: this process."""
    with socket.create_server((HOST, 0)) as server:
        yield int(server.getsockname()[1])


def test_ports_are_the_same_at_the_next_start(tmp_path: Path) -> None:
    """Whoever noted an address finds it again."""
    first = assign_ports(tmp_path / "ports.json", ["kafka", "redis"], {}, HOST)
    again = assign_ports(tmp_path / "ports.json", ["kafka", "redis"], {}, HOST)

    assert first == again
    assert len(set(first.values())) == 2


def test_a_remembered_port_that_is_taken_is_replaced(tmp_path: Path, listener: int) -> None:
    """A port that nobody asked for is no reason to fail."""
    path = tmp_path / "ports.json"
    path.write_text(json.dumps({"kafka": listener}), encoding="utf-8")

    assert assign_ports(path, ["kafka"], {}, HOST)["kafka"] != listener


def test_a_damaged_list_costs_new_ports_and_nothing_else(tmp_path: Path) -> None:
    """The list is a convenience."""
    path = tmp_path / "ports.json"
    path.write_text("{", encoding="utf-8")

    assert set(assign_ports(path, ["kafka"], {}, HOST)) == {"kafka"}


def test_a_taken_port_is_explained_with_its_holder_and_the_option(listener: int) -> None:
    """`Address already in use` helps nobody."""
    with pytest.raises(PortTakenError) as refused:
        require_free("mqtt", listener, HOST)

    message = str(refused.value)
    assert message.startswith(f"Port {listener} for mqtt is taken by ")
    assert f"(process {os.getpid()})" in message
    assert message.endswith("or choose another port with --mqtt-port.")


def test_no_service_listens_where_clients_connect_from(tmp_path: Path) -> None:
    """A client that reconnects there to a dead service can meet itself, and bar its return."""
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text("ascii").split()[0])
    ports = assign_ports(tmp_path / "ports.json", [f"s{n}" for n in range(20)], {}, HOST)

    assert all(port < low for port in ports.values())
