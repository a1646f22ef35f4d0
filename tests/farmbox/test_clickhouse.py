"""ClickHouse's HTTP interface over the engine: what is inserted stays, errors are the engine's."""

import json
import threading
from collections.abc import Iterator

import httpx
import psutil
import pytest

from farmbox.clickhouse import ClickHouse
from farmbox.clickhouse_server import BODY_MAX_BYTES
from farmbox.ports import assign_ports
from tests.waiting import eventually

pytestmark = [pytest.mark.services, pytest.mark.timeout(120)]

ROWS = 10_000
BIG_ROWS = 300_000


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """One engine for this file, on a directory of its own; each test names its own tables."""
    data = tmp_path_factory.mktemp("clickhouse")
    port = assign_ports(data / "ports.json", ["clickhouse"], {}, "127.0.0.1")["clickhouse"]
    service = ClickHouse(data / "clickhouse", port)
    service.start()
    service.wait_ready()
    yield service
    service.stop()


def post(
    service: ClickHouse, query: str, body: str | bytes = "", **parameters: str
) -> httpx.Response:
    """A query that may write, with its data."""
    return httpx.post(service.url, params={"query": query, **parameters}, content=body, timeout=60)


def get(service: ClickHouse, query: str, **parameters: str) -> httpx.Response:
    """A query that may only read."""
    return httpx.get(service.url, params={"query": query, **parameters}, timeout=60)


def told(response: httpx.Response) -> tuple[int, str]:
    """Status and the engine's own code of a refusal."""
    return response.status_code, response.headers["x-clickhouse-exception-code"]


def test_rows_inserted_over_http_outlive_kill_9(clickhouse: ClickHouse) -> None:
    """Figures over months must not depend on a process that never dies."""
    create = "CREATE TABLE kept (animal String, temperature_c Float32) ENGINE MergeTree ORDER BY ()"
    post(clickhouse, create).raise_for_status()
    rows = "\n".join(
        json.dumps({"animal": f"cow-{number % 10}", "temperature_c": 38 + number % 3})
        for number in range(ROWS)
    )
    post(clickhouse, "INSERT INTO kept FORMAT JSONEachRow", rows).raise_for_status()
    grouped = "SELECT animal, count(), sum(temperature_c) FROM kept GROUP BY animal ORDER BY animal"
    before = get(clickhouse, grouped).text

    clickhouse.crash()
    clickhouse.start()
    clickhouse.wait_ready()

    assert before.splitlines()[0].startswith(f"cow-0\t{ROWS // 10}\t")
    assert len(before.splitlines()) == 10
    assert get(clickhouse, grouped).text == before


@pytest.mark.parametrize("work_s", [0.02, 0.2, 0.4])
def test_an_insert_that_is_killed_is_there_as_a_whole_or_not_at_all(
    clickhouse: ClickHouse, work_s: float
) -> None:
    """Whoever sends it again must not meet half of it."""
    table = f"whole_{int(work_s * 100)}"
    post(clickhouse, f"CREATE TABLE {table} (a UInt64, b String) ENGINE MergeTree ORDER BY a")
    rows = "\n".join(f"{number}\tcow-{number % 10}" for number in range(BIG_ROWS))
    answers: list[int] = []

    def insert() -> None:
        try:
            answer = post(clickhouse, f"INSERT INTO {table} FORMAT TabSeparated", rows)
            answers.append(answer.status_code)
        except httpx.TransportError:
            answers.append(0)

    process = psutil.Process(clickhouse.pid)
    before_s = process.cpu_times().user
    sender = threading.Thread(target=insert)
    sender.start()
    eventually(lambda: process.cpu_times().user - before_s >= work_s or answers, within_s=30)
    clickhouse.crash()
    sender.join()
    clickhouse.start()
    clickhouse.wait_ready()

    count = int(get(clickhouse, f"SELECT count() FROM {table}").text)  # noqa: S608 (our name)
    assert count in ({BIG_ROWS} if answers == [200] else {0, BIG_ROWS})


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("JSONEachRow", '{"a": 1, "b": "x;y"}\n{"a": 2, "b": "z"}\n'),
        ("TabSeparated", "1\tx;y\n2\tz\n"),
        ("Values", "(1, 'x;y'), (2, 'z')"),
    ],
)
def test_a_body_is_the_data_of_an_insert(clickhouse: ClickHouse, form: str, body: str) -> None:
    """Rows are sent behind the query, in the forms that clients use."""
    post(clickhouse, f"CREATE TABLE of_{form} (a UInt8, b String) ENGINE MergeTree ORDER BY a")

    post(clickhouse, f"INSERT INTO of_{form} FORMAT {form}", body).raise_for_status()

    rows = get(clickhouse, f"SELECT * FROM of_{form} ORDER BY a FORMAT JSONCompactEachRow")  # noqa: S608 (our name)
    assert rows.text == '[1, "x;y"]\n[2, "z"]\n'


def test_one_bad_row_refuses_the_whole_insert(clickhouse: ClickHouse) -> None:
    """Half a batch would be counted twice when it is sent again."""
    post(clickhouse, "CREATE TABLE bad_row (a UInt8) ENGINE MergeTree ORDER BY a")

    refused = post(clickhouse, "INSERT INTO bad_row FORMAT JSONEachRow", '{"a": 1}\n{"a": "cow"}')

    assert refused.status_code == 400
    assert get(clickhouse, "SELECT count() FROM bad_row").text == "0\n"


def test_bytes_that_are_no_text_are_kept_as_they_are(clickhouse: ClickHouse) -> None:
    """A server that replaces what it cannot read changes data without a word."""
    post(clickhouse, "CREATE TABLE raw (a String) ENGINE MergeTree ORDER BY a")

    post(clickhouse, "INSERT INTO raw FORMAT TabSeparated", b"\xff\xfe\n").raise_for_status()

    assert get(clickhouse, "SELECT hex(a) FROM raw").text == "FFFE\n"


def test_parameters_are_values_and_never_sql(clickhouse: ClickHouse) -> None:
    """A farm's id from a request must not become part of a query."""
    answer = get(clickhouse, "SELECT {farm:String} AS farm FORMAT JSON", param_farm="a' OR 1")
    refused = get(clickhouse, "SELECT {count:UInt8}", param_count="many")

    assert answer.json()["data"] == [{"farm": "a' OR 1"}]
    assert told(refused) == (400, "457")


def test_formats_database_and_settings_come_with_the_request(clickhouse: ClickHouse) -> None:
    """They are the request's own: nothing of one is left for the next."""
    first = get(
        clickhouse,
        "SELECT currentDatabase() AS d, getSetting('max_block_size') AS t",
        database="system",
        default_format="JSONEachRow",
        max_block_size="12345",
    )
    post(clickhouse, "SET max_block_size = 12345").raise_for_status()
    second = get(clickhouse, "SELECT currentDatabase(), getSetting('max_block_size') = 12345")

    assert first.json() == {"d": "system", "t": 12345}
    assert second.text == "default\t0\n"


def test_errors_carry_the_engines_own_code_and_words(clickhouse: ClickHouse) -> None:
    """Clients tell a missing table from a typing error by the code."""
    missing = get(clickhouse, "SELECT * FROM nowhere")

    assert told(missing) == (404, "60")
    assert missing.text.startswith("Code: 60. DB::Exception: Unknown table expression")
    assert told(get(clickhouse, "SELEKT 1")) == (400, "62")
    assert told(get(clickhouse, "SELECT 1", database="nowhere`")) == (404, "81")
    assert told(get(clickhouse, "SELECT 1", moo="1")) == (404, "115")
    assert told(get(clickhouse, "SELECT 1", **{"max_threads = 1 --": "1"})) == (404, "115")


@pytest.mark.parametrize(
    "query",
    [
        "INSERT INTO untouched VALUES (1)",
        "DROP TABLE untouched",
        "WITH 1 AS x SELECT 1; DROP TABLE untouched",
        "SET readonly = 0",
    ],
)
def test_a_get_only_reads(clickhouse: ClickHouse, query: str) -> None:
    """A link that somebody follows must change nothing."""
    post(clickhouse, "CREATE TABLE IF NOT EXISTS untouched (a UInt8) ENGINE MergeTree ORDER BY a")

    refused = get(clickhouse, query)

    assert told(refused) == (500, "164")
    assert get(clickhouse, "SELECT count() FROM untouched").text == "0\n"


def test_a_query_that_fails_half_way_leaves_nothing_in_the_next_answer(
    clickhouse: ClickHouse,
) -> None:
    """The engine keeps what it had already written, and would begin the next answer with it."""
    failing = "SELECT throwIf(number = 5) FROM numbers(10) SETTINGS max_block_size = 1"

    refused = get(clickhouse, failing)
    after = get(clickhouse, "SELECT 7")

    assert refused.status_code == 500
    assert after.text == "7\n"


def test_what_is_too_much_is_refused(clickhouse: ClickHouse) -> None:
    """One careless query must not take the farm's memory, nor its evening."""
    wide = get(clickhouse, "SELECT number FROM numbers(100000000)")
    hungry = get(clickhouse, "SELECT groupArray(number) FROM numbers(1000000000) FORMAT Null")
    long = get(clickhouse, "SELECT sleepEachRow(1) FROM numbers(3)", max_execution_time="1")
    large = post(clickhouse, "INSERT INTO x FORMAT TSV", b" " * (BODY_MAX_BYTES + 1))

    assert told(wide) == (500, "396")
    assert told(hungry) == (500, "241")
    assert told(long) == (500, "159")
    assert told(large) == (413, "307")
    assert get(clickhouse, "SELECT 7").text == "7\n"


def test_it_answers_pings_while_a_query_runs_and_refuses_web_pages(clickhouse: ClickHouse) -> None:
    """Readiness does not wait for a query; a page in the farmer's browser gets nothing."""
    slow = threading.Thread(target=get, args=(clickhouse, "SELECT sleep(2)"))
    slow.start()

    ping = httpx.get(f"{clickhouse.url}/ping", timeout=1.5)
    foreign = httpx.get(f"{clickhouse.url}/ping", headers={"Origin": "http://a.example"})
    slow.join()

    assert ping.text == "Ok.\n"
    assert foreign.status_code == 403


def test_sigterm_closes_the_engine_and_ends_with_status_0(clickhouse: ClickHouse) -> None:
    """A stop in order is not a crash that happens to lose nothing."""
    process = clickhouse._process
    assert process is not None

    clickhouse.stop()
    status = process.returncode
    clickhouse.start()
    clickhouse.wait_ready()

    assert status == 0
