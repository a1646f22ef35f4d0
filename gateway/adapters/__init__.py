"""The gateway's sides: MQTT in, Kafka out, the register's collars, the log that ticks go to."""
