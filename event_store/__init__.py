"""The append-only log of decisions: streams of events under one gapless order.

`port.EventStore` is what the write sides see; `memory.MemoryEventStore` defines how it behaves,
`adapters.postgres.PostgresEventStore` keeps the same promises on disk.
"""
