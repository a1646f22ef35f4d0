"""⑥ People: REST for what they order, a socket for what they must know."""
