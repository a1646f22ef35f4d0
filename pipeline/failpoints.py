"""Where a test may kill, break or stall a worker: every step between two acknowledgements.

In one place, so that the worker's loop, its clients of Kafka and a Kafka in memory pass the same
ones. A turn goes polled → stepped → (before_records → before_offsets → before_commit) → committed;
what stands in brackets is one transaction, of the answers or of a snapshot's slice alike.
"""

from runtime.failpoints import Failpoint

POLLED = Failpoint("pipeline.polled")  # read, nothing judged yet
STEPPED = Failpoint("pipeline.stepped")  # judged: state is ahead of Kafka
BEFORE_RECORDS = Failpoint("pipeline.before_records")  # the transaction is open and empty
BEFORE_OFFSETS = Failpoint("pipeline.before_offsets")  # answers are in it, how far was read is not
BEFORE_COMMIT = Failpoint("pipeline.before_commit")  # all is in it
COMMITTED = Failpoint("pipeline.committed")  # and it is done

SNAPSHOT_CHUNK = Failpoint("pipeline.snapshot_chunk")  # before a slice of chunks
SNAPSHOT_MANIFEST = Failpoint("pipeline.snapshot_manifest")  # chunks are there, the manifest is not
SNAPSHOT_WRITTEN = Failpoint("pipeline.snapshot_written")

RESTORING = Failpoint("pipeline.restoring")  # a partition came, nothing was read of it
RESTORED = Failpoint("pipeline.restored")  # the snapshot is loaded, silent replay begins
REVOKING = Failpoint("pipeline.revoking")  # a partition goes, what is done is not committed
