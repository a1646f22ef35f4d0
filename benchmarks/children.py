"""Programs of a bench that wait for a word: asked by a line of JSON, answering by another."""

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

ENDS_MAX_S = 300.0


class Children:
    """Processes of one module, one an asking; all are ready when this is made."""

    def __init__(self, module: str, askings: Sequence[dict[str, Any]]) -> None:
        self._children = [
            subprocess.Popen(  # noqa: S603  our own modules
                [sys.executable, "-m", module],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in askings
        ]
        try:
            for child, asked in zip(self._children, askings, strict=True):
                self._say(child, json.dumps(asked))
            for child in self._children:
                _until_ready(child)
        except BaseException:
            self.kill()
            raise

    def go(self) -> None:
        """Give the word."""
        for child in self._children:
            self._say(child, "go")

    def answers(self) -> list[dict[str, Any]]:
        """What each of them says at its end."""
        found: list[str] = []
        try:
            for child in self._children:
                said, _ = child.communicate(timeout=ENDS_MAX_S)
                found.append(said)
        except BaseException:
            self.kill()
            raise
        return [json.loads(said) for said in found]

    def kill(self) -> None:
        """End all of them."""
        for child in self._children:
            child.kill()
            child.wait()

    def _say(self, child: "subprocess.Popen[str]", line: str) -> None:
        if child.stdin is None:
            raise RuntimeError("a child without a stdin")
        child.stdin.write(line + "\n")
        child.stdin.flush()


def _until_ready(child: "subprocess.Popen[str]") -> None:
    if child.stdout is None or child.stdout.readline() != "ready\n":
        raise RuntimeError(f"{child.args!r} did not come up")
