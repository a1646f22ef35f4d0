"""What can go wrong with a box, each as a sentence: what, why, and what to do next."""


class BoxError(Exception):
    """The box cannot start or go on; the message says why and what to do."""


class PortTakenError(BoxError):
    """Another process listens on a port that was asked for."""


class ForeignDataError(BoxError):
    """The data directory is not ours, or of another format."""


class DiskFullError(BoxError):
    """Too little space is left where the data lie."""


class ChildDiedError(BoxError):
    """A service ended by itself; the message ends with its last log lines."""


class JarsError(BoxError):
    """A jar is missing, or is not the one that jars.lock names."""
