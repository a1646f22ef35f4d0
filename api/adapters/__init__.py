"""What the API knows of stores: which errors mean that one is away, and how changes come in."""
