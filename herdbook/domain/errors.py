"""Why an order to the register is refused; the API maps each class to one problem type."""


class HerdbookError(Exception):
    """An order to the register was refused; nothing has changed."""


class AnimalNotFoundError(HerdbookError):
    """No such animal on this farm."""

    def __init__(self, animal_id: str, farm_id: str) -> None:
        super().__init__(f"no animal {animal_id} on farm {farm_id}: register it first")


class AnimalElsewhereError(HerdbookError):
    """The id belongs to an animal of another farm."""

    def __init__(self, animal_id: str) -> None:
        super().__init__(f"the id {animal_id} is taken by another farm: choose another id")


class ExternalIdTakenError(HerdbookError):
    """Two animals of one farm cannot carry one ear tag."""

    def __init__(self, external_id: str, animal_id: str) -> None:
        super().__init__(
            f"external id {external_id!r} belongs to animal {animal_id} already: "
            "use that animal_id, or give that animal another external id first"
        )


class TextRefusedError(HerdbookError):
    """A name, group or external id that is empty, too long, or holds control characters."""


class TimeRefusedError(HerdbookError):
    """A time that cannot be: it lies ahead of now."""


class ParityRefusedError(HerdbookError):
    """No cow has calved that often, or fewer times than once."""

    def __init__(self, parity: int, most: int) -> None:
        super().__init__(f"parity {parity} is outside 1 … {most}: leave it out if it is not known")


class FenceRefusedError(HerdbookError):
    """A fence that encloses nothing, or of which there is none."""


class LimitRefusedError(HerdbookError):
    """A detector's limit that is no number, or told twice."""


class FarmIsLiveError(HerdbookError):
    """The farm has told its past; from then on time passes by itself."""

    def __init__(self, farm_id: str) -> None:
        super().__init__(
            f"farm {farm_id} is live: its time cannot be moved any more. "
            "What it tells late counts as late"
        )


class CollarElsewhereError(HerdbookError):
    """The collar is another farm's: worn there at that time, or let in to the broker for it."""

    def __init__(self, collar_id: str) -> None:
        super().__init__(
            f"collar {collar_id} belongs to another farm at that time: "
            "there it has to be taken off, or revoked, first"
        )


class CollarNotWornError(HerdbookError):
    """Nobody of this farm wore the collar at that time."""

    def __init__(self, collar_id: str, farm_id: str) -> None:
        super().__init__(f"no animal of farm {farm_id} wears collar {collar_id} at that time")


class CollarNotAddedError(HerdbookError):
    """The collar has no credentials that could be taken away."""

    def __init__(self, collar_id: str, farm_id: str) -> None:
        super().__init__(
            f"collar {collar_id} has no credentials for farm {farm_id}: see `herd collar list`"
        )


class StationNotWornError(HerdbookError):
    """A station measures barn or weather; no animal wears it."""

    def __init__(self, collar_id: str) -> None:
        super().__init__(
            f"{collar_id} is a station, which no animal wears: it can be neither put on nor taken "
            "off; choose the collar's own id"
        )


class CollarWornError(HerdbookError):
    """What an animal has worn cannot become a station: its readings are that animal's."""

    def __init__(self, collar_id: str) -> None:
        super().__init__(
            f"collar {collar_id} has been worn by an animal and cannot become a station: "
            "give the station an id of its own"
        )


class CredentialsRefusedError(HerdbookError):
    """The MQTT broker's users could not be changed; the message says why."""


class HerdbookBusyError(HerdbookError):
    """Others kept changing the same animals and collars, time and again."""

    def __init__(self, tries: int) -> None:
        super().__init__(f"the register changed {tries} times under this order: try again")


class CorruptStreamError(Exception):
    """A stored event cannot follow on the state before it: the stream is damaged, or the code."""

    def __init__(self, event: object, state: object) -> None:
        super().__init__(f"{event!r} cannot follow on {state!r}: restore the store or the build")
