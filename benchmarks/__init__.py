"""What `herd bench` runs: our own speed beside a raw floor, both measured in one run."""
