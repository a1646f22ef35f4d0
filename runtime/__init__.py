"""The shared edge of every service: knows Kafka, Postgres and Redis; knows no animal."""
