"""What others published, beside our figures: the anchors of a report.

A figure marked recalled was not found in its source again. Where nothing independent was found, it
says so: a gap in the literature is no merit of ours.
"""

from dataclasses import dataclass

from contracts.detection import Condition

C = Condition


@dataclass(frozen=True, slots=True)
class Anchor:
    """published: what was found, by what, in how many. source: where. aim: ours, "" = none."""

    published: str
    source: str
    aim: str = ""


NOTHING = Anchor("no independent figure found", "")
ANCHORS = {
    C.OESTRUS: Anchor(
        "91 % found at a PPV of 83.5 % (ear tag, 281 heifers); 61 to 71 % of 211 ovulations at 71 "
        "to 87 % (three devices, recalled)",
        "SCR eSense, JCU 187992; Chanvallon 2014",
        "0.85 at a precision of 0.80",
    ),
    C.CALVING: Anchor(
        "within 24 h: 68 to 69 % at a specificity of 67 to 69 % (rumen bolus, 266 cows); 62 to "
        "71 % at 81 to 87 % (vaginal drop of 0.3 °C, 85 cows)",
        "Costa 2016 in Crociati 2022 (PMC8833683); Burfeind 2011",
        "0.75 at 50 false alerts per 1000 pre-calving days",
    ),
    C.KETOSIS: Anchor(
        "91 % found, 1.6 days before the diagnosis (collar's health index, 1121 cows)",
        "Stangaferro 2016 I",
        "0.90, 1.5 days before",
    ),
    C.DISPLACED_ABOMASUM: Anchor(
        "98 % found, 3.0 days before the diagnosis (collar's health index, 1121 cows)",
        "Stangaferro 2016 I",
        "0.90, 1.5 days before",
    ),
    C.MASTITIS: Anchor(
        "58 % (collar's health index; E. coli 81 %, gram-positive 45 to 48 %); 67 % at a "
        "specificity of 77 % (bolus, 0.8 °C over the ten-day mean)",
        "Stangaferro 2016 II; Adams 2013",
        "0.55 to 0.70: more would mean that the simulator flatters",
    ),
    C.METRITIS: Anchor(
        "55 % (collar's health index; 78 % with another disorder); no difference in a bolus study",
        "Stangaferro 2016 III; Adams 2013",
        "0.50 to 0.65: more would mean that the simulator flatters",
    ),
    C.ILLNESS: Anchor(
        "specificity 98 %, PPV 58 % over all disorders (collar's health index, recalled)",
        "Stangaferro 2016 I",
    ),
    C.RUMINATION_DROP: Anchor(
        "a plain rule (30 % under the own ten-day mean) is wrong 27.6 times per 1000 animal-days "
        "on real feeding data",
        "rule: Eckelkamp 2018; computed on recordings of real cattle",
    ),
    C.LAMENESS: Anchor(
        "90 % at a specificity of 92 % (leg and noseband, 53 cows, seen once: optimistic); low in "
        "a study of 4904 cows over time",
        "Beer 2016; additive-logistic study on five farms",
        "0.70 within 14 days",
    ),
    C.FEVER: Anchor(
        "0.8 °C over the ten-day mean found 67 % of mastitis and 77 % of pneumonia", "Adams 2013"
    ),
    C.DOWN: Anchor("no independent figure found", "", "all within 6 h"),
    C.HERD_OUTBREAK: Anchor(
        "milk-based Cusum and scan: sensitivity 71 % relative to the Schmallenberg outbreak, "
        "specificity 100 %",
        "Veldhuis 2020",
    ),
}


def anchor_of(condition: Condition) -> Anchor:
    """What was published of a condition."""
    return ANCHORS.get(condition, NOTHING)
