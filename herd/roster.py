"""The animals of a simulated farm: names, ear tags, pens, calvings. Pure.

ISO 11784 numbers carry country code 999, which is reserved for tests; the last three digits are
what stands on the tag, so no two animals of a farm share them.
"""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone

from contracts.ids import AnimalId, CollarId, FarmId, derived_id

# Names that cattle have had, in many languages; after them the animals are numbered.
_NAMES = """
Bella Alma Berta Clara Daisy Elsa Flora Greta Heidi Iris Jolie Karla Lotte Mara Nora Olga Paula
Quinta Rosa Stella Thea Ulla Vera Wanda Xenia Yara Zita Agnes Birte Carmen Dora Emmi Frieda Gisela
Hilde Ida Juno Klara Luna Minna Nele Orla Pia Rieke Selma Tilda Ursel Viola Wilma Xandra Ylva Zora
Anouk Bente Cilly Dunja Edda Fenja Gerda Hedda Inka Jette Kaja Lene Malou Nanna Odile Perle Ronja
Silke Toska Undine Vroni Wiebke Yvette Zenzi Amira Blanca Celia Dolly Enya Fiona Ginny Hanna Isolde
Jule Kira Lilly Merle Nixe Ottilie Polly Resi Sissi Tinka Uma Valeria Winnie Ylvi Zilla Ariel Bonnie
Cosima Delia Esther Flicka Gloria Heather Ilka Jana Kornelia Leila Molly Nadja Olympia Petra Rubina
Saskia Tamara Urte Vanja Walli
"""
NAMES = tuple(_NAMES.split())
PENS = ("Pen 1", "Pen 2", "Pen 3")
TAG_FIRST, TAG_STEP, TAGS = 118, 137, 883  # a prime, so that the steps meet each tag once
PARITY_MAX = 5
DAYS_IN_MILK_MAX = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class Cow:
    """One animal of a simulated farm. calved_at: aware UTC, her last calving; parity counts it."""

    animal_id: AnimalId
    collar_id: CollarId
    external_id: str
    name: str
    group: str
    parity: int
    calved_at: datetime


def roster(farm_id: FarmId, count: int, today: date) -> list[Cow]:
    """The first `count` animals of a farm: the same on every call but for the days since calving.

    today: from which days in milk are counted back.
    """
    return [_cow(farm_id, number, count, today) for number in range(count)]


def name_of(number: int) -> str:
    """The name of the n-th animal, from 0."""
    turn, place = divmod(number, len(NAMES))
    return NAMES[place] if turn == 0 else f"{NAMES[place]} {turn + 1}"


def _cow(farm_id: FarmId, number: int, count: int, today: date) -> Cow:
    chance = int(derived_id("cow", farm_id, number).replace("-", ""), 16)
    days_in_milk = 1 + chance % DAYS_IN_MILK_MAX
    hour = time(chance % 24, chance % 60, tzinfo=timezone(timedelta(0)))
    herd, tag = divmod(TAG_FIRST + TAG_STEP * number, TAGS)
    return Cow(
        animal_id=AnimalId(f"{farm_id}-{number + 1:03}"),
        collar_id=CollarId(f"{farm_id}-c{number + 1:03}"),
        external_id=f"999 000 {herd:03} 340 {tag + 100:03}",
        name=name_of(number),
        group=PENS[number * len(PENS) // count],
        parity=1 + chance // DAYS_IN_MILK_MAX % PARITY_MAX,
        calved_at=datetime.combine(today - timedelta(days=days_in_milk), hour),
    )
