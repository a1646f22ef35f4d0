"""A child of the box: tied to us, bounded in its log, and explained when it dies."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from farmbox import service
from farmbox.errors import BoxError, ChildDiedError
from farmbox.service import LAUNCHER, Service
from farmbox.supervision import Supervision
from tests.waiting import eventually

MakeChild = Callable[[str], "Child"]

SLEEPS = "import signal; print('up', flush=True); signal.pause()"
IGNORES_TERM = "import signal; signal.signal(15, signal.SIG_IGN); " + SLEEPS


class Child(Service):
    """A Python program as a service; it answers once it has said `up`."""

    name = "child"

    def __init__(self, directory: Path, program: str) -> None:
        super().__init__(directory, port=1)
        self.program = program

    def command(self) -> list[str]:
        """The program, without anything of this checkout."""
        return [sys.executable, "-I", "-c", self.program]

    def answers(self) -> bool:
        """Whether this child has said `up`."""
        return "up" in self._log_text()


@pytest.fixture
def child(tmp_path: Path) -> Iterator[MakeChild]:
    """Makes a child of a program, and ends it after the test."""
    made: list[Child] = []

    def make(program: str) -> Child:
        made.append(Child(tmp_path / "child", program))
        return made[-1]

    yield make
    for one in made:
        one.crash()


def test_a_child_that_dies_is_explained_with_its_own_last_words(child: MakeChild) -> None:
    """`exit status 1` helps nobody, and the words of an earlier child mislead."""
    earlier = child("print('of an earlier start'); raise SystemExit(1)")
    earlier.start()
    eventually(lambda: not earlier.alive)
    broken = child("print('the disk caught fire'); raise SystemExit(3)")
    broken.start()

    with pytest.raises(ChildDiedError) as died:
        broken.wait_ready()

    assert "child ended by itself (status 3)" in str(died.value)
    assert str(died.value).endswith("ends:\nthe disk caught fire")


def test_a_child_that_never_answers_is_explained_too(child: MakeChild) -> None:
    """Waiting has a limit, and at its end the log is worth more than a stack trace."""
    silent = child("import signal; print('thinking', flush=True); signal.pause()")
    silent.start()
    eventually(lambda: "thinking" in silent.log_tail())

    with pytest.raises(BoxError, match=r"child gave no answer on .* within 0 s[^$]*thinking"):
        silent.wait_ready(within_s=0.0)


def test_a_child_that_ignores_the_request_is_killed(
    child: MakeChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C must end `herd`, whatever a server thinks of it."""
    stubborn = child(IGNORES_TERM)
    monkeypatch.setattr(Child, "stop_max_s", 0.2)
    stubborn.start()
    stubborn.wait_ready()

    stubborn.stop()

    assert not stubborn.alive


def test_a_child_dies_with_its_parent(tmp_path: Path) -> None:
    """Also when the parent is killed, and cannot tell anybody."""
    parent_program = (
        f"import subprocess, sys, os, signal; p = subprocess.Popen([sys.executable, '-I', '-S', "
        f"{str(LAUNCHER)!r}, str(os.getpid()), '9', '-1', '--', sys.executable, '-c', "
        "'import signal; signal.pause()']); print(p.pid, flush=True); signal.pause()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", parent_program], stdout=subprocess.PIPE, text=True, cwd=tmp_path
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    # Before the launcher is done, its look at its own parent would end the child, not the kernel.
    itself = [b"-c", b"import signal; signal.pause()"]
    cmdline = Path(f"/proc/{pid}/cmdline")
    eventually(lambda: cmdline.read_bytes().split(b"\0")[1:3] == itself)

    parent.kill()
    parent.wait()
    parent.stdout.close()

    eventually(lambda: not runs(pid))


def test_a_child_whose_parent_is_gone_before_it_is_tied_ends_at_once() -> None:
    """The kernel sends nothing for a death that came before it was asked to."""
    not_our_pid = 1
    launch = [sys.executable, "-I", "-S", str(LAUNCHER), str(not_our_pid), "9", "-1", "--"]

    done = subprocess.run([*launch, sys.executable, "-c", "print('ran')"], capture_output=True)  # noqa: PLW1510 (its status is the test)

    assert done.returncode == 113
    assert done.stdout == b""


def test_a_child_is_spawned_from_the_main_thread_alone(child: MakeChild) -> None:
    """Its life is tied to the thread that forked it, and would end with that one."""
    refused: list[str] = []

    def spawn() -> None:
        try:
            child(SLEEPS).start()
        except BoxError as error:
            refused.append(str(error))

    thread = threading.Thread(target=spawn)
    thread.start()
    thread.join()

    assert refused == ["child must be spawned from the main thread, or it dies with it."]


def test_a_child_gets_nothing_of_our_environment(
    child: MakeChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our tokens are no business of a server's, and our PYTHONPATH none of its imports."""
    monkeypatch.setenv("HERD_API_TOKEN", "secret")
    program = "import json, os; print(json.dumps(sorted(os.environ)), flush=True)"
    told = child(program)
    told.start()
    eventually(lambda: not told.alive)

    assert set(json.loads(told.log_tail())) <= {"LC_ALL", "LC_CTYPE", "PATH"}


def test_a_log_is_bounded_while_its_child_writes_on(
    child: MakeChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk filled by a log takes the data down with it."""
    monkeypatch.setattr(service, "LOG_SIZE_MAX_BYTES", 1000)
    chatty = child("for n in range(400): print(f'line {n}')\n" + SLEEPS)
    chatty.start()
    chatty.wait_ready()

    chatty.bound_log()

    assert chatty.log_path.stat().st_size == 0
    older = chatty.log_path.with_suffix(".log.1")
    assert older.stat().st_size == 1000
    assert older.read_text("utf-8").endswith("line 399\nup\n")


def test_the_dead_are_started_again_later_the_more_often_they_die(child: MakeChild) -> None:
    """At once for an accident; a server that cannot start must not take the machine's time."""
    watch = Supervision([child("raise SystemExit(1)")]).watches[0]
    watch.service.prepare()
    watch.spawn()
    begun_s = watch.started_at_s
    started_s: list[float] = []

    now_s = begun_s
    while watch.restarts < 5:
        eventually(lambda: not watch.service.alive)
        watch.poll(now_s)
        if watch.restarts > len(started_s):
            started_s.append(now_s - begun_s)
        now_s += 0.25

    pauses = [later - earlier for earlier, later in pairwise(started_s)]
    assert started_s[0] <= 0.25
    assert pauses == sorted(pauses)
    assert pauses[-1] >= 4.0


def runs(pid: int) -> bool:
    """Whether the process is there, and no zombie that nobody waits for."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("ascii").rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
