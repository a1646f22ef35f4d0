"""The simulator's side to the world: MQTT sessions, one a collar."""
