"""MQTT topic filters: which topics one matches, and which of many filters cover a topic."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


def is_wildcard(mqtt_filter: str) -> bool:
    """Whether it matches more than the one topic of its own name."""
    return "+" in mqtt_filter or "#" in mqtt_filter


def matches(mqtt_filter: str, topic: str) -> bool:
    """Whether a filter matches a topic; never a topic that is itself a filter, and no `$` topic."""
    if is_wildcard(topic) or topic.startswith("$"):
        return False
    tree = FilterTree()
    tree.add(mqtt_filter)
    return any(tree.covering(topic))


@dataclass(slots=True)
class FilterTree:
    """Filters by their levels: asking takes as long for a thousand of them as for one."""

    below: "dict[str, FilterTree]" = field(default_factory=dict)
    ends_here: str | None = None

    def add(self, mqtt_filter: str) -> None:
        """Hold one filter more."""
        node = self
        for level in mqtt_filter.split("/"):
            node = node.below.setdefault(level, FilterTree())
        node.ends_here = mqtt_filter

    def covering(self, topic: str) -> Iterator[str]:
        """The filters that match whatever `topic` names, or matches if it is a filter itself."""
        nodes = [self]
        for level in topic.split("/"):
            yield from _ends(node.below.get("#") for node in nodes)
            # what `#` matches, only another `#` covers
            follow = () if level == "#" else dict.fromkeys((level, "+"))
            nodes = [node.below[one] for node in nodes for one in follow if one in node.below]
        yield from _ends(nodes)
        yield from _ends(node.below.get("#") for node in nodes)  # `a/#` matches `a` too


def _ends(nodes: Iterable[FilterTree | None]) -> Iterator[str]:
    for node in nodes:
        if node is not None and node.ends_here is not None:
            yield node.ends_here
