"""A service's loops inside the test's process: started, watched for errors, stopped."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from runtime.lifecycle import Loop, Running
from tests.waiting import eventually

STOP_MAX_S = 20.0


@contextmanager
def loops_running(loops: Mapping[str, Loop], *, within_s: float = 60.0) -> Iterator[None]:
    """Run them until the block ends; enter it once the service says that it is ready.

    An error of a loop is raised at the end of the block: no service dies unseen.
    """
    running, ready = Running(), threading.Event()
    running._ready = ready.set
    failed: list[BaseException] = []

    def guarded(loop: Loop) -> None:
        try:
            loop(running)
        except BaseException as error:  # noqa: BLE001  handed to the test below
            failed.append(error)
            running.stop()

    threads = [threading.Thread(target=guarded, args=(loop,)) for loop in loops.values()]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: ready.is_set() or failed, within_s=within_s, why="the service is ready")
        yield
    finally:
        running.stop()
        for thread in threads:
            thread.join(STOP_MAX_S)
        assert not any(thread.is_alive() for thread in threads), "a loop did not stop"
        assert not failed, failed
