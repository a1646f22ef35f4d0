"""The one command: brings the farm up, watches over it, shows it, and does its chores."""
