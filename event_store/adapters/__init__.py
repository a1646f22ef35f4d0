"""The event store on real servers."""
