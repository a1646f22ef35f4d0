"""ClickHouse's HTTP interface over the engine: what is inserted stays, and errors are the engine's."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from farmbox.clickhouse import ClickHouse
from farmbox.ports import assign_ports

ROWS = 10_000


@pytest.fixture
def clickhouse(tmp_path: Path) -> Iterator[ClickHouse]:
    """An engine of its own on an empty directory."""
    port = assign_ports(tmp_path / "ports.json", ["clickhouse"], {}, "127.0.0.1")["clickhouse"]
    service = ClickHouse(tmp_path / "clickhouse", port)
    service.start()
    service.wait_ready()
    yield service
    service.stop()


def ask(service: ClickHouse, query: str, body: str = "", **parameters: str) -> httpx.Response:
    """POST a query with its data."""
    return httpx.post(service.url, params={"query": query, **parameters}, content=body, timeout=30)


@pytest.mark.services
def test_rows_inserted_over_http_outlive_kill_9(clickhouse: ClickHouse) -> None:
    """Figures over months must not depend on a process that never dies."""
    ask(
        clickhouse,
        "CREATE TABLE readings (animal String, temperature_c Float32) "
        "ENGINE = MergeTree ORDER BY animal",
    ).raise_for_status()
    rows = "\n".join(
        json.dumps({"animal": f"cow-{number % 10}", "temperature_c": 38 + number % 3})
        for number in range(ROWS)
    )
    ask(clickhouse, "INSERT INTO readings FORMAT JSONEachRow", rows).raise_for_status()
    grouped = "SELECT animal, count() FROM readings GROUP BY animal ORDER BY animal"
    before = ask(clickhouse, grouped).text

    clickhouse.crash()
    clickhouse.start()
    clickhouse.wait_ready()

    assert before.splitlines()[0] == f"cow-0\t{ROWS // 10}"
    assert ask(clickhouse, grouped).text == before


@pytest.mark.services
def test_parameters_are_values_and_never_sql(clickhouse: ClickHouse) -> None:
    """A farm's id from a request must not become part of a query."""
    answer = ask(clickhouse, "SELECT {farm:String}", param_farm="a' OR 1")

    assert answer.text.strip() == "a\\' OR 1"


@pytest.mark.services
def test_errors_carry_the_engines_own_code(clickhouse: ClickHouse) -> None:
    """Clients tell a missing table from a typing error by the code."""
    missing = ask(clickhouse, "SELECT * FROM nowhere")
    broken = ask(clickhouse, "SELEKT 1")
    written_by_get = httpx.get(clickhouse.url, params={"query": "CREATE TABLE x (y Int8)"})

    assert (missing.status_code, missing.headers["x-clickhouse-exception-code"]) == (404, "60")
    assert (broken.status_code, broken.headers["x-clickhouse-exception-code"]) == (400, "62")
    assert written_by_get.headers["x-clickhouse-exception-code"] == "164"
