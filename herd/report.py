"""The report of an evaluation: one HTML file that stands for itself, to show a vet."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from contracts.detection import Condition
from herd.report_anchors import anchor_of
from herd.report_pictures import drawing, key, standalone
from herd.report_style import STYLE
from pipeline.evaluate_pictures import FALSE, HIT, LATE, MISSED, Picture, picked

# so many pictures of each condition
MOST = {HIT: 2, LATE: 1, MISSED: 2, FALSE: 2}
KIND_CLASS = {HIT: "found", LATE: "late", MISSED: "missed", FALSE: "false"}
DAY_H = 24.0
LEAD_IN_DAYS_FROM_H = 48.0

Told = Mapping[str, Any]


def report(result: Told, pictures: Iterable[Picture]) -> str:
    """The page. result: as `evaluate_table.as_object` gives it."""
    shown = picked(pictures, MOST)
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>What the detectors are worth</title><style>{STYLE}</style></head><body>",
            _head(result),
            '<main class="page">',
            _counts(result),
            "<h2>What was found</h2>",
            (
                "<p>Each row of truth is one event. <i>Found</i>: the animal was named within the "
                "window of the event. The bar is the share found with its 95 % interval (Wilson). "
                "<i>Lead</i> is how long before the reference moment it was known (median, and the "
                "middle half); a minus is after it. Beside it what others published.</p>"
            ),
            _found_table(result["conditions"]),
            _usual(result),
            "<h2>Beside two simple rules</h2>",
            (
                "<p>The same hours and the same truth, judged by a threshold that a textbook would "
                "name, and by each animal's own ten-day mean. <i>Wrong</i> is false alerts per "
                "1000 animal-days.</p>"
            ),
            _rules_table(result),
            _farms(result),
            _pictures(shown),
            _small_print(result),
            "</main></body></html>",
        ]
    )


def drawings(pictures: Iterable[Picture]) -> dict[str, str]:
    """Of the events that a report shows, each drawing as a file of its own, by its name."""
    found: dict[str, str] = {}
    for one in picked(pictures, MOST):
        name = f"{one.condition}-{KIND_CLASS[one.kind]}"
        number = 1 + sum(other.startswith(name) for other in found)
        found[f"{name}-{number}.svg"] = standalone(one)
    return found


def _head(result: Told) -> str:
    if "files" in result:
        of = "A recorded herd through the engine that runs on the farm, held against its truth."
    else:
        of = (
            "Simulated herds through the engine that runs on the farm, held against their truth. "
            "The simulator follows published physiology; limits were set on other seeds. It is no "
            "statement about your barn."
        )
    title = "What the detectors are worth"
    return f'<header><div class="page"><h1>{title}</h1><p>{escape(of)}</p></div></header>'


def _counts(result: Told) -> str:
    rows = result["conditions"].values()
    events, detected = sum(r["events"] for r in rows), sum(r["detected"] for r in rows)
    health = result["health_false_alerts_per_1000_animal_days"]
    cards = (
        (f"{result['animals']:,}", "animals"),
        (f"{result['animal_days']:,}", "animal-days that count"),
        (f"{detected:,} of {events:,}", "events found"),
        (_number(health, ".1f"), "false health alerts per 1000 animal-days, all detectors"),
    )
    return (
        '<div class="counts">'
        + "".join(f"<div><b>{number}</b><span>{word}</span></div>" for number, word in cards)
        + "</div>"
    )


def _found_table(conditions: Told) -> str:
    heads = ("condition", "events", "found", "precision", "wrong / 1000 d", "lead")
    rows = []
    for name, row in conditions.items():
        anchor = anchor_of(Condition(name))
        aim = f"<b>Aim {escape(anchor.aim)}.</b> " if anchor.aim else ""
        source = f"<i>{escape(anchor.source)}</i>" if anchor.source else ""
        young = ""
        if row["young_events"]:
            young = f"<small>first week: {row['young_detected']} of {row['young_events']}</small>"
        per_1000 = row["false_alerts_per_1000_animal_days"]
        wrong = f"{_number(per_1000, '.2f')}<small>{_counted(row['false_alerts'], 'alert')}</small>"
        calving = row.get("false_alerts_per_1000_pre_calving_days")
        if calving is not None:
            wrong += f"<small>{calving:.0f} / 1000 pre-calving d</small>"
        cells = (
            _name(name),
            f"{row['events']:,}{young}",
            _share(row),
            _number(row["precision"], ".2f"),
            wrong,
            _lead(row),
        )
        rows.append(
            "<tr>"
            + "".join(
                f'<td data-head="{head}">{cell}</td>'
                for head, cell in zip(heads, cells, strict=True)
            )
            + f'<td class="words" data-head="published">{aim}{escape(anchor.published)}{source}'
            + "</td></tr>"
        )
    head = "".join(f"<th>{one}</th>" for one in heads) + '<th class="words">published</th>'
    return _table(head, rows, cards=True)


def _share(row: Told) -> str:
    if row["sensitivity"] is None:
        return "-"
    low, high = 100 * row["sensitivity_low"], 100 * row["sensitivity_high"]
    return (
        f"{row['sensitivity']:.2f}"
        f'<span class="bar"><u style="left:{low:.1f}%;width:{high - low:.1f}%"></u>'
        f'<s style="left:{100 * row["sensitivity"]:.1f}%"></s></span>'
        f"<small>{low / 100:.2f} to {high / 100:.2f}</small>"
    )


def _lead(row: Told) -> str:
    median = row["lead_h_median"]
    if median is None:
        return "-"
    first, third = row["lead_h_q1"], row["lead_h_q3"]
    in_days = max(abs(first), abs(third)) >= LEAD_IN_DAYS_FROM_H
    by, unit = (DAY_H, "d") if in_days else (1.0, "h")
    return (
        f"{median / by:+.1f} {unit}<small>{first / by:+.1f} to {third / by:+.1f}</small>"
    ).replace("-", "\N{MINUS SIGN}")


def _usual(result: Told) -> str:
    if "at_usual_rates" not in result:
        return ""
    usual = result["at_usual_rates"]
    told = sum(row["detections"] for row in usual["conditions"].values())
    return (
        "<p>On some farms what is rare was made frequent, or a row would rest on two events. On "
        f"those at usual rates ({usual['animal_days']:,} animal-days) all detectors together told "
        f"{1000 * told / max(usual['animal_days'], 1):.0f} things per 1000 animal-days, and false "
        "health alerts were "
        f"{_number(usual['health_false_alerts_per_1000_animal_days'], '.1f')} per 1000.</p>"
    )


def _rules_table(result: Told) -> str:
    kinds = list(result["yardsticks"])
    names = ("detector", *kinds)
    head = "<th>condition</th>"
    head += "".join(f"<th>{escape(one)}<br>found</th><th>wrong</th>" for one in names)
    rows = []
    for name, row in result["conditions"].items():
        others = [result["yardsticks"][kind]["conditions"].get(name) for kind in kinds]
        if not any(one and (one["detected"] or one["detections"]) for one in others):
            continue
        cells = [_name(name)]
        for one in (row, *others):
            cells += ["-", "-"] if one is None else [_two(one), _wrong(one)]
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    return _table(head, rows)


def _two(row: Told) -> str:
    return _number(row["sensitivity"], ".2f")


def _wrong(row: Told) -> str:
    return _number(row["false_alerts_per_1000_animal_days"], ".1f")


def _farms(result: Told) -> str:
    if not result["farms"]:
        return ""
    rates: list[dict[str, float]] = []  # farms of a kind share theirs: told once
    rows = []
    for farm in result["farms"]:
        made = farm["made_frequent"]
        if made and made not in rates:
            rates.append(made)
        word = f"set {1 + rates.index(made)}" if made else "usual"
        health = _number(farm["health_false_alerts_per_1000_animal_days"], ".1f")
        cells = (
            escape(farm["farm"]),
            farm["kind"],
            farm["animals"],
            farm["days"],
            f"{farm['interval_s'] // 60} min",
            health,
            word,
        )
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    heads = ("farm", "kind", "animals", "days", "cadence", "false health<br>/ 1000 d", "rates")
    sets = "".join(
        f'<p class="quiet">Set {number}: '
        + ", ".join(f"{_name(name)} {rate:g}" for name, rate in made.items())
        + ".</p>"
        for number, made in enumerate(rates, 1)
    )
    said = (
        "<p>Rates that were raised are events an animal-day; of what follows a calving, a calving; "
        "of what befalls a whole farm, a day.</p>"
        if rates
        else ""
    )
    head = "".join(f"<th>{one}</th>" for one in heads)
    return "<h2>The farms</h2>" + _table(head, rows) + said + sets


def _pictures(pictures: Sequence[Picture]) -> str:
    if not pictures:
        return ""
    by: dict[Condition, list[Picture]] = {}
    for one in pictures:
        by.setdefault(one.condition, []).append(one)
    links = "".join(f'<a href="#{name}">{_name(name)}</a>' for name in by)
    parts = [
        "<h2>Single events</h2>",
        "<p>Some of each kind, taken in the order in which farms and days come, not chosen.</p>",
        key(),
        f"<nav>{links}</nav>",
    ]
    for condition, some in by.items():
        figures = "".join(_figure(one) for one in some)
        title = f'<h3 id="{condition}">{_name(condition)}</h3>'
        parts.append(f'<section>{title}<div class="pictures">{figures}</div></section>')
    return "\n".join(parts)


def _figure(picture: Picture) -> str:
    kind = f'<span class="kind {KIND_CLASS[picture.kind]}">{escape(picture.kind)}</span>'
    lead = ""
    if picture.lead_h is not None:
        hours = abs(picture.lead_h)
        span = f"{hours:.0f} h" if hours < LEAD_IN_DAYS_FROM_H else f"{hours / DAY_H:.1f} days"
        lead = f", known {span} {'before' if picture.lead_h >= 0 else 'after'}"
    why = f'<p class="why">{escape(_sentence(picture.why))}</p>' if picture.why else ""
    caption = f"{kind}<b>{escape(picture.subject_id)}</b>{lead}"
    return f"<figure><figcaption>{caption}</figcaption>{drawing(picture)}{why}</figure>"


def _sentence(text: str) -> str:
    """Evidence in words as people say them: no underscores, °C, no counts' unit."""
    for name, word in (("temperature_c", "temperature"), (" Cel", " °C"), (" 1,", ","), ("_", " ")):
        text = text.replace(name, word)
    return text


def _small_print(result: Told) -> str:
    files = result.get("files")
    about = ""
    if files:
        about = (
            f" Of {files['rows']:,} rows {files['refused']:,} were left out and "
            f"{files['doubled']:,} stood there twice."
        )
    return (
        "<h2>How it was counted</h2><p>A finding counts when it was told first, also if it was "
        "taken back later. It hits an event of its condition if it was known within the event and "
        "its tolerance (oestrus 24 h, calving 12 h, lameness 14 days, all else 5 days); "
        "<i>illness</i> hits mastitis, metritis, ketosis and displaced abomasum too. An event is "
        "found once, further hits are neutral. Signs (fever, less rumination …) within any illness "
        "of that animal are never false. Animal-days are days on which she was heard; in simulated "
        "herds an animal's first week is not among them.</p>"
        f'<p class="quiet">{result["readings"]:,} readings, {result["took_s"]:.0f} s.{about}</p>'
    )


def _table(head: str, rows: Sequence[str], *, cards: bool = False) -> str:
    kind = "wide cards" if cards else "wide"
    return (
        f'<div class="{kind}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def _name(name: str) -> str:
    return escape(name.replace("_", " "))


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
