"""The code's own tidiness, read from its source: sizes, purity, where clients may appear."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = (
    "contracts",
    "runtime",
    "firmware_sim",
    "gateway",
    "pipeline",
    "event_store",
    "alerts",
    "herdbook",
    "read_models",
    "api",
    "herd",
    "farmbox",
)
FILE_LINES_MAX, TEST_LINES_MAX, FUNCTION_LINES_MAX = 400, 600, 70

# Pure: the standard library, numpy, msgspec and contracts; no asyncio, logging, clock, randomness.
PURE = (
    "contracts/*.py",
    "firmware_sim/animal.py",
    "firmware_sim/collar.py",
    "firmware_sim/conditions.py",
    "firmware_sim/course.py",
    "firmware_sim/day.py",
    "firmware_sim/draws.py",
    "firmware_sim/effects.py",
    "firmware_sim/grid.py",
    "firmware_sim/habits.py",
    "firmware_sim/history.py",
    "firmware_sim/barn.py",
    "firmware_sim/battery.py",
    "firmware_sim/conditions_*.py",
    "firmware_sim/confounders.py",
    "firmware_sim/course_*.py",
    "firmware_sim/days.py",
    "firmware_sim/drinks.py",
    "firmware_sim/farm_recording*.py",
    "firmware_sim/faults*.py",
    "firmware_sim/places.py",
    "firmware_sim/posture.py",
    "firmware_sim/pulse.py",
    "firmware_sim/recording_*.py",
    "firmware_sim/stage.py",
    "firmware_sim/warmth.py",
    "firmware_sim/weather.py",
    "gateway/payloads/*.py",
    "gateway/sequence.py",
    "gateway/attribution.py",
    "gateway/intake.py",
    "gateway/moves.py",
    "gateway/letters.py",
    "gateway/taken.py",
    "pipeline/state.py",
    "pipeline/windows.py",
    "pipeline/episodes.py",
    "pipeline/engine.py",
    "pipeline/lines.py",
    "pipeline/moves.py",
    "pipeline/moving.py",
    "pipeline/telling.py",
    "pipeline/features.py",
    "pipeline/baselines.py",
    "pipeline/herd_hour.py",
    "pipeline/hour_events.py",
    "pipeline/sequences.py",
    "pipeline/hours.py",
    "pipeline/canonical.py",
    "pipeline/snapshots.py",
    "pipeline/keys.py",
    "pipeline/leaving.py",
    "pipeline/rejudging.py",
    "pipeline/slots.py",
    "pipeline/comparison.py",
    "pipeline/air.py",
    "pipeline/airing.py",
    "pipeline/backtest.py",
    "pipeline/drift.py",
    "pipeline/evaluate.py",
    "pipeline/evaluate_pictures.py",
    "pipeline/heeded.py",
    "pipeline/herds.py",
    "pipeline/learning.py",
    "pipeline/medians.py",
    "pipeline/priors.py",
    "pipeline/stuck.py",
    "pipeline/sums.py",
    "pipeline/yardsticks.py",
    "read_models/worklist.py",
    "read_models/latest.py",
    "read_models/analytics.py",
    "read_models/dead_letters.py",
    "read_models/wearing.py",
    "read_models/weather.py",
    "read_models/animal_history.py",
    "pipeline/detectors/*.py",
    "alerts/domain/*.py",
    "herdbook/domain/*.py",
)
PURE_ALLOWED = {"numpy", "msgspec", "contracts"}
PURE_EXCEPTIONS = {
    "contracts/serde.py": {"fastavro"},  # the one place where records become bytes
    "contracts/columns.py": {"fastavro"},  # reads singly what it cannot read column-wise
}
IMPURE_STANDARD = {"asyncio", "logging", "random", "secrets", "threading", "socket", "time", "os"}
CLOCKS = {"contracts/clock.py"}  # SystemClock and FarmClock may read the system's clock
MAY_DRAW = {"contracts/ids.py"}  # uuid4

LOOPS = {
    # loops: they read and commit, and are wired in app.py; each is tested on the real service
    "pipeline/runner.py",
    "gateway/bridge.py",
    "gateway/clock.py",
}
CLIENTS = {"confluent_kafka", "paho", "psycopg", "psycopg_pool", "redis", "opensearchpy"}


@cache
def sources() -> tuple[Path, ...]:
    """Every Python file of ours that git knows or would take."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return tuple(sorted(ROOT / name for name in listed if (ROOT / name).exists()))


def in_rooms() -> list[Path]:
    """The files of the product, tests left out."""
    return [path for path in sources() if path.relative_to(ROOT).parts[0] in ROOMS]


def name_of(path: Path) -> str:
    """A file's path as the rules above write it."""
    return path.relative_to(ROOT).as_posix()


def imported(path: Path) -> set[str]:
    """The top-level packages a file imports, wherever in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def is_pure(path: Path) -> bool:
    """Whether the rules above call this file pure."""
    place = path.relative_to(ROOT)
    return path.name != "__init__.py" and any(place.match(pattern) for pattern in PURE)


def offenders(rule: str, found: list[str]) -> None:
    """Fail with every place that breaks a rule."""
    assert not found, f"{rule}:\n  " + "\n  ".join(found)


def test_no_file_and_no_function_outgrows_a_readers_patience() -> None:
    """A file over its limit is missing a wall."""
    found = []
    for path in sources():
        text = path.read_text("utf-8")
        limit = TEST_LINES_MAX if "tests" in path.parts else FILE_LINES_MAX
        lines = text.count("\n")
        if lines > limit:
            found.append(f"{name_of(path)}: {lines} lines, at most {limit}")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                size = (node.end_lineno or node.lineno) - node.lineno + 1
                if size > FUNCTION_LINES_MAX:
                    found.append(f"{name_of(path)}: {node.name} has {size} lines")

    offenders("too long", found)


def test_pure_files_import_nothing_that_acts() -> None:
    """What decides must answer the same on every machine, at every time, in every test."""
    found = []
    for path in filter(is_pure, in_rooms()):
        name = name_of(path)
        ours_or_foreign = {
            package
            for package in imported(path)
            if package in ROOMS or package not in sys.stdlib_module_names
        }
        room = name.split("/")[0]
        allowed = PURE_ALLOWED | PURE_EXCEPTIONS.get(name, set()) | {room}
        found += [f"{name} imports {package}" for package in ours_or_foreign - allowed]
        found += [f"{name} imports {package}" for package in imported(path) & IMPURE_STANDARD]

    offenders("pure files", found)


def test_pure_files_read_no_clock() -> None:
    """Log time comes from the log; a clock read while deciding gives another answer at replay."""
    clock = re.compile(r"datetime\.(now|utcnow|today)\(|time\.(time|monotonic)\(|uuid4\(")
    found = [
        f"{name_of(path)}: {match.group(0)}"
        for path in filter(is_pure, in_rooms())
        for match in clock.finditer(path.read_text("utf-8"))
        if name_of(path) not in CLOCKS | MAY_DRAW
    ]

    offenders("clock or randomness in a pure file", found)


def test_every_pure_file_has_its_test() -> None:
    """Pure code is the easiest to test, so there is no excuse."""
    tests = {path.name for path in sources() if "tests" in path.parts}
    found = [
        name_of(path)
        for path in filter(is_pure, in_rooms())
        if "class " in path.read_text("utf-8") or "def " in path.read_text("utf-8")
        if f"test_{path.stem}.py" not in tests and not is_words_only(path)
    ]

    offenders("no test file of its name", found)


def is_words_only(path: Path) -> bool:
    """Whether a file only defines dataclasses and enums: their use elsewhere is their test."""
    tree = ast.parse(path.read_text("utf-8"))
    return not any(
        isinstance(node, ast.FunctionDef) and not node.name.startswith("__")
        for node in ast.walk(tree)
    )


def test_client_libraries_stay_at_the_edge() -> None:
    """A decision that knows Kafka can only be tested with Kafka."""
    found = []
    for path in in_rooms():
        name = name_of(path)
        at_the_edge = name.startswith(("runtime/", "farmbox/", "herd/")) or "/adapters/" in name
        if not at_the_edge and name not in LOOPS:
            found += [f"{name} imports {package}" for package in imported(path) & CLIENTS]

    offenders("clients of Kafka, MQTT, Postgres, Redis outside the edge", found)


@pytest.mark.parametrize(
    ("pattern", "allowed", "why"),
    [
        (
            r"except (Exception|\(Exception)",
            {"runtime/lifecycle.py", "runtime/tries.py", "gateway/decoders/"},
            "only lifecycle catches everything, tries, and the guard around others' decoders",
        ),
        (r"\bos\.environ|\bgetenv\(", set(), "settings read the environment"),
        (r"fastapi", {"api/"}, "FastAPI only in api"),
    ],
)
def test_some_things_have_one_place(pattern: str, allowed: set[str], why: str) -> None:
    """What is done in one place can be changed in one place."""
    found = [
        f"{name_of(path)}: {pattern}"
        for path in in_rooms()
        if re.search(rf"^\s*(?!#).*{pattern}", path.read_text("utf-8"), re.MULTILINE)
        if not name_of(path).startswith(tuple(allowed) or ("?",))
        and not name_of(path).endswith("settings.py")
        and name_of(path).split("/")[0] not in {"herd", "farmbox"}
    ]

    offenders(why, found)


def test_tests_wait_for_conditions_and_never_sleep() -> None:
    """A sleep is either too long or too short, and on another machine the other of the two."""
    found = [
        name_of(path)
        for path in sources()
        if "tests" in path.parts and path.name not in {"waiting.py", "test_tidy.py"}
        if re.search(r"\btime\.sleep\(|\basyncio\.sleep\((?!0\))", path.read_text("utf-8"))
    ]

    offenders("sleeping tests", found)


def test_the_tree_names_no_host_of_a_registry_and_no_path_of_a_machine() -> None:
    """A checkout must mean the same on every machine and name none."""
    pattern = (
        r"p[y]pi\.org|python[h]osted\.org|npm[j]s\.(org|com)|repo1?\.[m]aven|[m]aven\.apache\.org/m"
        r"|crates\.i[o]|deb\.debi[a]n\.org|/[w]ork/|/[r]oot/"
    )
    listed = subprocess.run(
        ["git", "grep", "-nIE", "--untracked", pattern],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()

    offenders("hosts or machine paths", listed)
