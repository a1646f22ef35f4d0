"""The worker with a stop-watch around its parts: where its thread's CPU goes.

Thread time, so that what waits is not counted; the client's own threads (fetching, sending,
decompressing) are what is left of the process. Each part costs two clock readings a batch.
"""

import functools
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from contracts.column_reader import ColumnReader
from contracts.serde import Serde
from pipeline import app, partitions
from pipeline.adapters.input_log import InputLog
from pipeline.adapters.transactions import Transactions

TIMES_FILE = "HERD_BENCH_TIMES"


class StopWatch:
    """CPU seconds of the calling thread by part; a part within a part is not counted twice."""

    def __init__(self) -> None:
        self.spent_s: dict[str, float] = {}
        self._inner_s = 0.0

    def around(self, part: str, call: Callable[..., Any]) -> Callable[..., Any]:
        """The same call, its time noted under `part`."""

        @functools.wraps(call)
        def timed(*args: Any, **named: Any) -> Any:  # noqa: ANN401  whatever it takes and gives
            outer_s, self._inner_s = self._inner_s, 0.0
            begun_s = time.thread_time()
            try:
                return call(*args, **named)
            finally:
                whole_s = time.thread_time() - begun_s
                own_s = whole_s - self._inner_s
                self.spent_s[part] = self.spent_s.get(part, 0.0) + own_s
                self._inner_s = outer_s + whole_s

        return timed


def main() -> int:
    """Run one such worker; its times stand in the file named by HERD_BENCH_TIMES at its end."""
    watch = StopWatch()
    parts: list[tuple[str, Any, str]] = [
        ("consume and value", InputLog, "poll"),
        ("decode", ColumnReader, "read"),
        ("step", partitions, "step"),
        ("encode detections", Serde, "encode"),
        ("encode hours", Serde, "encode_hours"),
        ("commit", Transactions, "commit"),
    ]
    with ExitStack() as stack:
        for part, owner, name in parts:
            timed = watch.around(part, getattr(owner, name))
            stack.enter_context(patch.object(owner, name, timed))
        status = app.main()
    used = os.times()
    said = {"parts": watch.spent_s, "process": used.user + used.system}
    Path(os.environ[TIMES_FILE]).write_text(json.dumps(said), encoding="utf-8")
    return status


if __name__ == "__main__":
    sys.exit(main())
