"""What goes over the wire, and nothing else: one file a noun."""
