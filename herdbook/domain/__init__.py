"""What the register knows of animals and collars, and what may change: pure, no clock, no store."""
