"""Folds pieces, and leaves out the single record that cannot be folded: the rest moves on.

A fold that fails on one event, or a store that refuses one value, would end the process, which
would read the same record again, and end: every screen would stand still for one name. What is
left out stays in the log, is told, and comes in with a rebuild once the build is mended. Only what
can be nothing but the record's fault is caught: a store that is broken otherwise must not be taken
for a thousand bad records.
"""

import structlog
from prometheus_client import Counter

from read_models.base import Generation, GenerationStore, P, Slice

log = structlog.get_logger()

# RecordRefusedError and msgspec's are ValueErrors
RECORDS_FAULT = (ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
LEFT_OUT = Counter(
    "herd_read_model_left_out", "Records that a read model could not fold.", ["kafka_topic"]
)


def applied(store: GenerationStore[P], generation: Generation, piece: P) -> Generation:
    """The generation after a piece, less the records of it that cannot be folded.

    Raises what the store raises for other reasons, and everything for a piece that is only stored.
    """
    try:
        return store.apply(generation, piece)
    except RECORDS_FAULT as error:
        if not isinstance(piece, Slice) or not piece.records:
            raise
        parts = piece.halves()
        if parts:
            for part in parts:
                generation = applied(store, generation, part)
            return generation
        LEFT_OUT.labels(kafka_topic=piece.place.kafka_topic).inc()
        log.error(  # noqa: TRY400  the sentence says it, the stack is the fold's
            "record_left_out",
            place=str(piece.place),
            offset=piece.records[0].offset,
            error=f"{type(error).__name__}: {error}",
        )
        return store.apply(generation, piece.without_records())
