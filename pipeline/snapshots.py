"""A state as records of a compacted topic, and back: chunks first, the manifest last.

A partition of a large herd is hundreds of megabytes, and its worker must not stand still for them:
its arrays are copied once, right after a commit, and leave a slice a turn. A chunk is a piece of
all arrays laid end to end; it goes straight from the copy into a record, and from a record straight
into the array that it belongs to: nothing ever holds the whole a second time.

Whatever lacks a chunk, fails its hash or was written by another build is no snapshot. The newest
complete one at or below the committed offset is where a restore begins. What a writer left behind
that was interrupted is found by the next restore, and deleted by the next snapshot.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.detectors.registry import ALL
from pipeline.state import STATE_VERSION, PartitionState
from pipeline.tables import Arrays

CHUNK_BYTES_MAX = 512 * 1024  # half of Kafka's own limit for a message
MANIFEST = "manifest"
KEPT = 2  # the newest may be ahead of what a restored Kafka has committed
FORMAT = 2  # of manifest and chunks

# a snapshot of another build is not read: its arrays may mean something else
BUILD = "-".join(
    [f"format{FORMAT}-state{STATE_VERSION}", *(f"{d.spec.name}{d.spec.version}" for d in ALL)]
)

Bytes = NDArray[np.uint8]
Written = tuple[str, bytes | None]  # a record: key, value; None deletes the key


@dataclass(frozen=True, slots=True)
class Ends:
    """End offsets of one partition of three topics: where a snapshot's chunks and answers begin."""

    snapshots: int
    detections: int
    hours: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot consists of. input_offset: the first offset that is not in it.

    ends: as of its copy. arrays: (name, dtype, shape) in the order in which their bytes follow.
    sha256: of each chunk, in order. previous: (input_offset, owner_epoch, chunks) of the snapshot
    kept beside it, so that whoever writes the next one can delete that.
    """

    partition: int
    input_offset: int
    owner_epoch: int
    build: str
    ends: Ends
    arrays: tuple[tuple[str, str, tuple[int, ...]], ...]
    sha256: tuple[str, ...]
    previous: tuple[int, int, int] | None = None

    @property
    def name(self) -> tuple[int, int, int]:
        """(input_offset, owner_epoch, chunks)."""
        return self.input_offset, self.owner_epoch, len(self.sha256)

    def keys(self) -> list[str]:
        """The keys of all its records, the manifest's first."""
        return snapshot_keys(self.partition, self.name)


@dataclass(frozen=True, slots=True)
class Found:
    """A snapshot read back."""

    manifest: Manifest
    state: PartitionState


@dataclass(frozen=True, slots=True)
class Kept:
    """What a partition's snapshots gave. garbage: keys that belong to no snapshot worth keeping."""

    found: Found | None
    garbage: tuple[str, ...] = ()


def snapshot_keys(partition: int, snapshot: tuple[int, int, int]) -> list[str]:
    """Keys of a snapshot (input_offset, owner_epoch, chunks), the manifest's first."""
    input_offset, owner_epoch, chunks = snapshot
    prefix = f"{partition}/{input_offset}/{owner_epoch}"
    return [f"{prefix}/{MANIFEST}", *(f"{prefix}/{chunk}" for chunk in range(chunks))]


class Draft:
    """A snapshot that is being written: a copy of the state as of input_offset.

    previous: the newest one, kept beside it. garbage: keys to delete when it is complete.
    """

    def __init__(  # noqa: PLR0913  a snapshot's name and what stands beside it
        self,
        state: PartitionState,
        partition: int,
        input_offset: int,
        owner_epoch: int,
        *,
        ends: Ends,
        previous: Manifest | None = None,
        garbage: Sequence[str] = (),
    ) -> None:
        self.partition, self.input_offset = partition, input_offset
        self._owner_epoch, self._ends = owner_epoch, ends
        self._previous, self._garbage = previous, tuple(garbage)
        copied = {name: np.array(a, order="C") for name, a in state.to_arrays().items()}
        self._described = tuple((name, a.dtype.str, a.shape) for name, a in copied.items())
        self.bytes_total = sum(a.nbytes for a in copied.values())
        self._chunks = _cut(copied)
        self._sha256: list[str] = []

    @property
    def complete(self) -> bool:
        """Whether all chunks were handed out: the manifest is next."""
        return len(self._sha256) * CHUNK_BYTES_MAX >= self.bytes_total

    def slice(self, bytes_max: int) -> list[Written]:
        """The next chunks, one at least, together at most bytes_max or one."""
        found: list[Written] = []
        room = max(1, bytes_max // CHUNK_BYTES_MAX)
        prefix = f"{self.partition}/{self.input_offset}/{self._owner_epoch}"
        while len(found) < room and not self.complete:
            chunk = next(self._chunks)
            found.append((f"{prefix}/{len(self._sha256)}", chunk))
            self._sha256.append(hashlib.sha256(chunk).hexdigest())
        return found

    def finish(self) -> tuple[Manifest, list[Written]]:
        """The manifest, and the records that end the writing: deletions, then the manifest.

        They belong into one transaction: a reader finds either two snapshots complete, or two.
        """
        previous = self._previous
        manifest = Manifest(
            partition=self.partition,
            input_offset=self.input_offset,
            owner_epoch=self._owner_epoch,
            build=BUILD,
            ends=self._ends,
            arrays=self._described,
            sha256=tuple(self._sha256),
            previous=previous.name if previous else None,
        )
        outdated = previous.previous if previous else None
        deleted = snapshot_keys(self.partition, outdated) if outdated else []
        # a partition that left and came back may be saved under the same name again
        gone = dict.fromkeys([*deleted, *self._garbage]).keys() - set(manifest.keys())
        said = json.dumps(asdict(manifest), separators=(",", ":")).encode()
        return manifest, [*((key, None) for key in sorted(gone)), (manifest.keys()[0], said)]


class Assembly:
    """A snapshot that is being read: chunks go to their place in its arrays, in any order."""

    def __init__(self, manifest: Manifest) -> None:
        self.manifest = manifest
        _, *keys = manifest.keys()
        self._missing = {key: place for place, key in enumerate(keys)}
        self._arrays = {name: np.empty(shape, dtype) for name, dtype, shape in manifest.arrays}
        self._flat = [_flat(a) for a in self._arrays.values()]
        self._starts = np.cumsum([0, *(len(one) for one in self._flat)]).tolist()

    def take(self, key: str, chunk: bytes) -> None:
        """Put a chunk where it belongs; what is not of this snapshot, or damaged, is left out."""
        place = self._missing.get(key)
        if place is None or hashlib.sha256(chunk).hexdigest() != self.manifest.sha256[place]:
            return
        del self._missing[key]
        begin = place * CHUNK_BYTES_MAX
        source = np.frombuffer(chunk, np.uint8)
        end = begin + len(source)
        for start, flat in zip(self._starts[:-1], self._flat, strict=True):
            low, high = max(begin, start), min(end, start + len(flat))
            if low < high:
                flat[low - start : high - start] = source[low - begin : high - begin]

    def state(self) -> PartitionState | None:
        """The state; None if a chunk is missing or was damaged."""
        return None if self._missing else PartitionState.from_arrays(self._arrays)


@dataclass(slots=True)
class Seen:
    """A stretch of a partition's snapshots read in order: which keys live, which manifests."""

    keys: dict[str, None] = field(default_factory=dict)
    said: dict[str, bytes] = field(default_factory=dict)

    def take(self, key: str, value: bytes | None) -> None:
        """One record."""
        if value is None:
            self.keys.pop(key, None)
            self.said.pop(key, None)
            return
        self.keys[key] = None
        if key.endswith(f"/{MANIFEST}"):
            self.said[key] = value

    def usable(self, committed: int | None) -> list[Manifest]:
        """Manifests that this build can read, at or below the committed offset (None = any)."""
        found = [m for value in self.said.values() if (m := manifest_of(value)) is not None]
        fitting = [m for m in found if committed is None or m.input_offset <= committed]
        return sorted(fitting, key=lambda m: (m.input_offset, m.owner_epoch), reverse=True)

    def garbage(self, kept: Manifest | None) -> tuple[str, ...]:
        """Keys of neither the snapshot kept nor the one beside it."""
        if kept is None:
            return tuple(self.keys)
        beside = snapshot_keys(kept.partition, kept.previous) if kept.previous else []
        ours = {*kept.keys(), *beside}
        return tuple(key for key in self.keys if key not in ours)


def manifest_of(value: bytes) -> Manifest | None:
    """The manifest in a record; None if it is damaged, or another build wrote it."""
    try:
        said: dict[str, Any] = json.loads(value)
        if said["build"] != BUILD:
            return None
        previous = said["previous"]
        return Manifest(
            partition=said["partition"],
            input_offset=said["input_offset"],
            owner_epoch=said["owner_epoch"],
            build=BUILD,
            ends=Ends(**said["ends"]),
            arrays=tuple((name, dtype, tuple(shape)) for name, dtype, shape in said["arrays"]),
            sha256=tuple(said["sha256"]),
            previous=tuple(previous) if previous else None,
        )
    except (ValueError, KeyError, TypeError):
        return None  # raised, each owner of the partition would die of it


def kept_in(log: Iterable[tuple[str, bytes | None]], committed: int | None) -> Kept:
    """The newest usable snapshot of a partition, given all its records in the order of the log."""
    seen, newest = Seen(), dict[str, bytes]()
    for key, value in log:
        seen.take(key, value)
        if value is not None:
            newest[key] = value
    for manifest in seen.usable(committed):
        state = assembled(manifest, newest)
        if state is not None:
            return Kept(Found(manifest, state), seen.garbage(manifest))
    return Kept(None, seen.garbage(None))


def assembled(manifest: Manifest, chunks: Mapping[str, bytes]) -> PartitionState | None:
    """The state of a snapshot, given its chunks by key; None if one is missing or damaged."""
    assembly = Assembly(manifest)
    for key, chunk in chunks.items():
        assembly.take(key, chunk)
    return assembly.state()


def _cut(arrays: Arrays) -> Iterator[bytes]:
    """The arrays' bytes end to end, in chunks; each array is let go of once it has left."""
    rest = np.empty(0, np.uint8)
    for name in list(arrays):
        flat, at = _flat(arrays.pop(name)), 0
        while len(rest) + len(flat) - at >= CHUNK_BYTES_MAX:
            until = at + CHUNK_BYTES_MAX - len(rest)
            yield rest.tobytes() + flat[at:until].tobytes()
            rest, at = rest[:0], until
        rest = np.concatenate([rest, flat[at:]])
    if len(rest):
        yield rest.tobytes()


def _flat(array: NDArray[Any]) -> Bytes:
    return array.reshape(-1).view(np.uint8)
