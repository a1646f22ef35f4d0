"""The wire format as a collar maker gets it: JSON Schema, AsyncAPI and examples, from the code."""
