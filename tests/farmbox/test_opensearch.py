"""OpenSearch beside the box: nothing waits for it, it comes back, web pages may not talk to it."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from farmbox import box as box_module
from farmbox.box import Box
from farmbox.opensearch import PORTS, OpenSearch
from farmbox.ports import assign_ports
from tests.waiting import eventually

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenSearch]:
    """One node of its own, ready."""
    directory = tmp_path_factory.mktemp("search")
    ports = assign_ports(
        directory / "ports.json", ["search", "transport"], {}, HOST, within={"search": PORTS}
    )
    node = OpenSearch(directory / "search", ports["search"], transport_port=ports["transport"])
    node.start()
    try:
        began = time.monotonic()
        node.wait_ready()
        print(  # noqa: T201  figures to be read
            f"ready after {time.monotonic() - began:.1f} s, {memory_mb(node)} MB"
        )
        yield node
    finally:
        node.stop()


def memory_mb(node: OpenSearch) -> int:
    """Resident memory of the node's process."""
    status = Path(f"/proc/{node.pid}/status").read_text("utf-8")
    return int(next(line.split()[1] for line in status.splitlines() if "VmRSS" in line)) // 1024


@pytest.mark.services
@pytest.mark.timeout(180)
def test_what_was_indexed_is_found_by_a_word_also_after_a_kill(search: OpenSearch) -> None:
    """A search that forgets when the power fails would have to be rebuilt every time."""
    with httpx.Client(base_url=search.url, timeout=30) as client:
        shape = {"settings": {"number_of_replicas": 0}, "mappings": {"properties": {}}}
        client.put("/notes", json=shape).raise_for_status()
        note = {"text": "Bella lahmt hinten links"}
        client.put("/notes/_doc/1?refresh=true", json=note).raise_for_status()
        search.crash()
        search.spawn()
        search.wait_ready()

        found = client.get("/notes/_search", params={"q": "text:lahmt"}).raise_for_status().json()

        assert [hit["_id"] for hit in found["hits"]["hits"]] == ["1"]


@pytest.mark.services
def test_a_foreign_web_page_is_refused_and_a_misspelt_index_is_not_made(search: OpenSearch) -> None:
    """It asks for no password, so what a browser sends for another page must not get in."""
    foreign = {"Origin": "https://elsewhere.example"}

    refused = httpx.post(f"{search.url}/_all/_flush", headers=foreign)
    misspelt = httpx.put(f"{search.url}/noets/_doc/1", json={"text": "lost"})

    assert refused.status_code == 403
    assert misspelt.status_code == 404


@pytest.mark.services
@pytest.mark.timeout(240)
def test_the_box_is_up_before_it_and_starts_it_again(tmp_path: Path) -> None:
    """The slowest server of all must not make a farm wait, nor end it."""
    with Box(tmp_path / "data", mqtt_port=None, clickhouse=False, search=True) as box:
        service = box.services["search"]
        assert not service.alive, "it is started when all else is up"

        def comes_up() -> bool:
            box.poll()
            return service.answers()

        eventually(comes_up, within_s=120, why="OpenSearch answers")
        service.crash()
        eventually(comes_up, within_s=120, why="OpenSearch is back")

        assert box.restarts("search") == 1
        assert box.addresses.search_url == f"http://{service.address}"
        assert box.beside == {"search"}


def test_a_small_machine_goes_without_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Search is a comfort; a farm that swaps is none."""
    monkeypatch.setattr(box_module, "memory_available_gib", lambda: 1.5)
    box = Box(tmp_path, mqtt_port=None, search=True)

    box._weigh_search()

    assert not box.search
    assert "OpenSearch is left out: 1.5 GiB" in box.left_out
