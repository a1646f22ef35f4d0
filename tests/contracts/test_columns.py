"""Columns of readings: taken apart and put together, nothing gets into another's place."""

from contracts.columns import columns_of
from tests.builders import a_reading


def test_texts_are_compared_without_decoding_them() -> None:
    """Sites of temperature are told apart over whole columns."""
    sites = ["rumen", None, "core", "rumenx", "", "rumen"]
    columns = columns_of([(n, a_reading(temperature_site=site)) for n, site in enumerate(sites)])

    found = columns.texts["temperature_site"].equal("rumen")

    assert found.tolist() == [True, False, False, False, False, True]
    assert columns.texts["temperature_site"].raw() == [(site or "").encode() for site in sites]


def test_readings_put_together_stand_in_the_order_of_the_log() -> None:
    """Writers of two schemas are decoded apart; a detector must see what came first, first."""
    even = columns_of([(n, a_reading(seq=n, station_id=f"s-{n}")) for n in (0, 2)])
    odd = columns_of([(1, a_reading(seq=1)), (3, a_reading(seq=3, station_id="s-3"))])

    both = even.joined(odd)

    assert both.longs["seq"].tolist() == [0, 1, 2, 3]
    assert [both.texts["station_id"].at(n) for n in range(4)] == ["s-0", None, "s-2", "s-3"]
    assert both.take(both.place[1:3]).longs["seq"].tolist() == [1, 2]
