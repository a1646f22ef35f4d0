"""A state as records of a compacted topic, and back: chunks first, the manifest last.

Whatever lacks a chunk, fails its hash or was written by another build is no snapshot. The newest
complete one at or below the committed offset is where a restore begins.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from pipeline.detectors.registry import ALL
from pipeline.state import STATE_VERSION, PartitionState

CHUNK_BYTES_MAX = 512 * 1024  # half of Kafka's own limit for a message
MANIFEST = "manifest"
KEPT = 2  # the newest may be ahead of what a restored Kafka has committed

# a snapshot of another build is not read: its arrays may mean something else
BUILD = "-".join([f"state{STATE_VERSION}", *(f"{d.spec.name}{d.spec.version}" for d in ALL)])


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a snapshot consists of. input_offset: the first offset that is not in it.

    sha256: of each chunk, in order. previous: (input_offset, owner_epoch, chunks) of the snapshot
    kept beside it, so that whoever writes the next one can delete that.
    """

    partition: int
    input_offset: int
    owner_epoch: int
    build: str
    sha256: tuple[str, ...]
    previous: tuple[int, int, int] | None = None

    @property
    def name(self) -> tuple[int, int, int]:
        """(input_offset, owner_epoch, chunks)."""
        return self.input_offset, self.owner_epoch, len(self.sha256)

    def keys(self) -> list[str]:
        """The keys of all its records, the manifest's first: deleted in this order."""
        return snapshot_keys(self.partition, self.name)


def snapshot_keys(partition: int, snapshot: tuple[int, int, int]) -> list[str]:
    """Keys of a snapshot (input_offset, owner_epoch, chunks), the manifest's first."""
    input_offset, owner_epoch, chunks = snapshot
    prefix = f"{partition}/{input_offset}/{owner_epoch}"
    return [f"{prefix}/{MANIFEST}", *(f"{prefix}/{chunk}" for chunk in range(chunks))]


def pack(
    state: PartitionState,
    partition: int,
    input_offset: int,
    owner_epoch: int,
    previous: Manifest | None,
) -> tuple[Manifest, list[tuple[str, bytes]]]:
    """The manifest of a state and its records (key, value) in the order of writing."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **state.to_arrays())
    whole = file.getbuffer()
    chunks = [
        bytes(whole[start : start + CHUNK_BYTES_MAX])
        for start in range(0, len(whole), CHUNK_BYTES_MAX)
    ]
    manifest = Manifest(
        partition=partition,
        input_offset=input_offset,
        owner_epoch=owner_epoch,
        build=BUILD,
        sha256=tuple(hashlib.sha256(chunk).hexdigest() for chunk in chunks),
        previous=previous.name if previous else None,
    )
    first, *others = manifest.keys()
    said = json.dumps(asdict(manifest)).encode()
    return manifest, [*zip(others, chunks, strict=True), (first, said)]


def manifests(records: Mapping[str, bytes]) -> list[Manifest]:
    """The manifests among the records of a partition, newest input first."""
    found = [_manifest(value) for key, value in records.items() if key.endswith(f"/{MANIFEST}")]
    return sorted(found, key=lambda m: (m.input_offset, m.owner_epoch), reverse=True)


def usable(found: Iterable[Manifest], committed: int | None) -> list[Manifest]:
    """Those this build can read, at or below the committed offset (None = any)."""
    return [
        m for m in found if m.build == BUILD and (committed is None or m.input_offset <= committed)
    ]


def unpack(manifest: Manifest, records: Mapping[str, bytes]) -> PartitionState | None:
    """The state of a snapshot; None if a chunk is missing or damaged."""
    _, *keys = manifest.keys()
    chunks = [records.get(key) for key in keys]
    whole = io.BytesIO()
    for chunk, sha256 in zip(chunks, manifest.sha256, strict=True):
        if chunk is None or hashlib.sha256(chunk).hexdigest() != sha256:
            return None
        whole.write(chunk)
    whole.seek(0)
    with np.load(whole, allow_pickle=False) as arrays:
        return PartitionState.from_arrays(dict(arrays))


def _manifest(value: bytes) -> Manifest:
    said = json.loads(value)
    previous = said.pop("previous")
    said["sha256"] = tuple(said["sha256"])
    return Manifest(**said, previous=tuple(previous) if previous else None)
