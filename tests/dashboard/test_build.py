"""The dashboard's build: what is committed is what the sources give, small, and its parts hold."""

import gzip
import json
import subprocess
from pathlib import Path

import pytest

DASHBOARD = Path(__file__).parents[2] / "api" / "dashboard"
STATIC = DASHBOARD / "static"
LANGUAGES = ("words_de.js", "words_es.js")  # beside English, which is in app.js
FILES = ("index.html", "app.js", "app.css", "icon.svg", *LANGUAGES)
GZIPPED_BYTES_MAX = 80_000  # on a barn's 3G: two seconds, once


@pytest.fixture(scope="module")
def packages() -> None:
    """The packages of the lock; installed where they are not."""
    if not (DASHBOARD / "node_modules" / "esbuild").exists():
        _run("npm", "ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund")


def _run(*command: str) -> str:
    done = subprocess.run(command, cwd=DASHBOARD, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done.stdout


@pytest.mark.node
@pytest.mark.usefixtures("packages")
def test_the_committed_files_are_what_the_sources_give(tmp_path: Path) -> None:
    """What is served is what was reviewed; whoever changes a source builds again."""
    _run("node", "build.mjs", "--out", str(tmp_path))

    built = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert sorted(built) == sorted(FILES)
    stale = [name for name in FILES if built[name] != (STATIC / name).read_bytes()]
    assert not stale, f"run `npm run build` in api/dashboard and commit: {stale}"


@pytest.mark.node
@pytest.mark.usefixtures("packages")
def test_the_types_hold() -> None:
    """A word that one language lacks, or a field that the API does not send, ends the build."""
    _run("npm", "run", "--silent", "check")


@pytest.mark.node
@pytest.mark.usefixtures("packages")
def test_the_pure_parts_keep_their_promises() -> None:
    """Sentences, the live stream, the board and the charts' shapes, by node's own test runner."""
    told = _run("npm", "run", "--silent", "test")

    assert "\n# fail 0\n" in told
    assert "\n# pass 0\n" not in told


def test_everything_together_stays_small() -> None:
    """The first page has to come over a thin line in the yard."""
    sizes = {name: len(gzip.compress((STATIC / name).read_bytes(), 9)) for name in FILES}

    for spoken in (None, *LANGUAGES):
        loaded = [size for name, size in sizes.items() if name not in LANGUAGES or name == spoken]
        assert sum(loaded) <= GZIPPED_BYTES_MAX, (spoken, sizes)


def test_nothing_comes_from_elsewhere() -> None:
    """A farm without internet has the whole page, and no third party learns of a visit."""
    page = (STATIC / "index.html").read_text("utf-8")
    styles = (STATIC / "app.css").read_text("utf-8")

    assert "http" not in page.replace("http://www.w3.org/", "")
    assert "<style" not in page
    assert "style=" not in page
    assert "<script>" not in page
    assert "url(" not in styles.replace("url(#", "")


def test_the_lock_names_versions_and_no_host() -> None:
    """The packages are the same everywhere, whichever mirror they come from."""
    lock = json.loads((DASHBOARD / "package-lock.json").read_text("utf-8"))
    package = json.loads((DASHBOARD / "package.json").read_text("utf-8"))

    named = [name for name, one in lock["packages"].items() if "resolved" in one]
    assert not named
    unlocked = [name for name, one in lock["packages"].items() if name and "integrity" not in one]
    assert not unlocked
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert all(version[0].isdigit() for version in versions.values()), versions
