"""The words between services: messages, ids, topics, schemas and time. Imports none of ours."""
