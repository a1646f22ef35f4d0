"""A farm in a box: the real services as child processes, from wheels and jars alone."""
