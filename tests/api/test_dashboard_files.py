"""The dashboard's files: right types, cached as long as they may be, and nothing beside them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api import problems
from api.dashboard_files import POLICY, read_files, serve_dashboard
from api.hosts import KnownHosts
from api.limits import Limits

SCRIPT = "console.log('a cow');\n" * 200


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small build, and a secret beside it."""
    built = tmp_path / "static"
    (built / "fonts").mkdir(parents=True)
    (built / "index.html").write_text("<!doctype html><title>Herdlog</title>")
    (built / "app.js").write_text(SCRIPT)
    (built / "fonts" / "a.woff2").write_bytes(b"wOF2")
    (tmp_path / "secret").write_text("owner token")
    return built


def client_of(folder: Path) -> TestClient:
    """A browser in front of a server that serves this folder."""
    app = FastAPI()
    serve_dashboard(app, folder)
    problems.answer_with_problems(app)
    app.add_middleware(KnownHosts, names=())
    app.add_middleware(Limits)
    return TestClient(app, base_url="http://127.0.0.1:8080", raise_server_exceptions=False)


@pytest.fixture
def browser(folder: Path) -> Iterator[TestClient]:
    """In front of the small build."""
    with client_of(folder) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/now", "/animals/nl-0017"])
def test_every_screen_can_be_reloaded(browser: TestClient, path: str) -> None:
    """A link to an animal must open her, not a page that says not found."""
    answer = browser.get(path)

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.startswith("<!doctype html>")


def test_a_page_may_load_nothing_but_our_own_files(browser: TestClient) -> None:
    """A cow named <script> stays a name, and nobody frames the farm's screen."""
    headers = browser.get("/").headers

    assert headers["content-security-policy"] == POLICY
    assert "unsafe" not in POLICY
    assert "frame-ancestors 'none'" in POLICY
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


def test_a_script_comes_compressed_and_is_asked_for_again_with_its_tag(
    browser: TestClient,
) -> None:
    """Over a farm's mobile line the second visit costs a few bytes."""
    first = browser.get("/assets/app.js")
    again = browser.get("/assets/app.js", headers={"If-None-Match": first.headers["etag"]})
    plain = browser.get("/assets/app.js", headers={"Accept-Encoding": "gzip;q=0, identity"})

    assert first.headers["content-type"] == "text/javascript; charset=utf-8"
    assert first.headers["content-encoding"] == "gzip"
    assert first.headers["cache-control"] == "no-cache"
    assert int(first.headers["content-length"]) < len(SCRIPT) / 4
    assert (again.status_code, again.content) == (304, b"")
    assert plain.text == first.text == SCRIPT
    assert "content-encoding" not in plain.headers
    assert plain.headers["etag"] != first.headers["etag"]


def test_a_file_is_kept_for_long_only_under_its_own_hash(browser: TestClient, folder: Path) -> None:
    """A page of the next build must not fill caches with this build's script under its name."""
    own = read_files(folder)["app.js"].hash

    named = browser.get("/assets/app.js", params={"v": own[:12]})
    other = browser.get("/assets/app.js", params={"v": "0" * 12})
    short = browser.get("/assets/app.js", params={"v": own[:2]})

    assert "immutable" in named.headers["cache-control"]
    assert other.headers["cache-control"] == short.headers["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/assets/../secret",
        "/assets/%2e%2e/secret",
        "/assets/..%2fsecret",
        "/assets//etc/passwd",
        "/assets/fonts",
        "/assets/",
        "/api/v1/nothing",
        "/secret",
    ],
)
def test_no_address_leads_out_of_the_folder(browser: TestClient, path: str) -> None:
    """What is not of the build is not there, and says so as a problem."""
    answer = browser.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_font_is_not_compressed_twice(browser: TestClient) -> None:
    """It would only cost time."""
    answer = browser.get("/assets/fonts/a.woff2")

    assert answer.headers["content-type"] == "font/woff2"
    assert "content-encoding" not in answer.headers
    assert browser.head("/assets/fonts/a.woff2").status_code == 200


def test_a_missing_build_is_told_in_a_sentence(tmp_path: Path) -> None:
    """A checkout without the built files must say what to do, in the browser."""
    with client_of(tmp_path / "nowhere") as browser:
        answer = browser.get("/")

    assert answer.status_code == 503
    assert "npm run build" in answer.text


def test_who_calls_us_by_a_name_that_is_not_ours_gets_nothing(browser: TestClient) -> None:
    """DNS rebinding: a page from elsewhere whose name points at us."""
    answer = browser.get("/", headers={"Host": "rebound.example:8080"})

    assert answer.status_code == 421
    assert answer.json()["type"] == "/problems/unknown-host"
