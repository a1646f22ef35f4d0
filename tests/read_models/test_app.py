"""The process of the read models: when it may call itself ready."""

from read_models.app import ReadyTogether
from runtime.lifecycle import Running


def test_the_process_is_ready_once_every_model_has_settled() -> None:
    """Whoever waits for it would else ask a model that is still being built."""
    told: list[str] = []
    running = Running()
    running._ready = lambda: told.append("ready")
    together = ReadyTogether(2)

    together.settled("worklist", running)
    together.settled("worklist", running)
    before = list(told)
    together.settled("latest", running)
    together.settled("latest", running)

    assert before == []
    assert told == ["ready"]
