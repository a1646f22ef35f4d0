"""The stores of the read models, and the feed they are folded from."""
