"""Topic filters: what MQTT says of them, and what a table of permissions makes of that."""

import pytest

from runtime.mqtt_filters import FilterTree, matches


@pytest.mark.parametrize(
    ("mqtt_filter", "topic"),
    [
        ("a/b", "a/b"),
        ("a/+/c", "a/b/c"),
        ("a/#", "a/b/c"),
        ("a/#", "a"),  # the standard: the parent level too
        ("a/+", "a/"),
        ("#", "a"),
    ],
)
def test_a_filter_matches_what_mqtt_says(mqtt_filter: str, topic: str) -> None:
    """Who may publish is decided by it where no broker stands before us."""
    assert matches(mqtt_filter, topic)


@pytest.mark.parametrize(
    ("mqtt_filter", "topic"),
    [
        ("a/b", "a/c"),
        ("a/+", "a/b/c"),
        ("a/+/c", "a/b"),
        ("a/#", "b"),
        ("a/+", "a"),
        ("a/+", "a/+"),  # a filter is no topic: nobody publishes to it
        ("a/#", "a/#"),
        ("#", "$SYS/broker"),
        ("+/x", "$share/x"),
        ("a/b", ""),
    ],
)
def test_a_filter_matches_nothing_else(mqtt_filter: str, topic: str) -> None:
    """One match too many is a way into a neighbour's farm."""
    assert not matches(mqtt_filter, topic)


def test_what_covers_a_filter_is_found_among_many() -> None:
    """A narrower filter names all wider ones, or Artemis shuts their holders out."""
    tree = FilterTree()
    for one in ("a/+/c", "a/#", "#", "a/b/#", "+/b/c/#"):
        tree.add(one)

    assert set(tree.covering("a/b/c")) == {"a/+/c", "a/#", "#", "a/b/#", "+/b/c/#"}
    assert set(tree.covering("a/+/c")) == {"a/+/c", "a/#", "#"}
    assert set(tree.covering("a/b/#")) == {"a/#", "#", "a/b/#"}
    assert set(tree.covering("a/#")) == {"a/#", "#"}
    assert set(tree.covering("x")) == {"#"}
