"""MQTT → Kafka, nothing lost between; and herd-clock, which moves log time on."""
