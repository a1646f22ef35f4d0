"""Figures of an evaluation as one JSON object, and as a table of words."""

from typing import Any

from herd.evaluate import Score

HEAD = (
    "condition            events  found  sensitivity (95 %)    precision  false/1000 d"
    "  lead h: q1, median, q3  alarm h/1000 d"
)


def as_object(score: Score) -> dict[str, Any]:
    """Everything that was counted; keys of `conditions` are stable."""
    return {
        **score.table.told(),
        "yardsticks": {kind: table.told() for kind, table in score.yardsticks.items()},
        **({"at_usual_rates": score.usual.told()} if score.usual.animal_days else {}),
        "farms": score.farms,
        "readings": score.readings,
        "animals": score.animals,
        "took_s": round(score.took_s, 1),
        "readings_per_s": round(score.readings / max(score.took_s, 1e-3)),
    }


def in_words(result: dict[str, Any]) -> str:
    """The table of the detectors, then those of the yardsticks."""
    of = f"{result['animals']} animals, {result['animal_days']:,} animal-days"
    took = f"{result['readings']:,} readings in {result['took_s']:.0f} s"
    lines = [f"{of}, {took}", *_rows(result)]
    if "at_usual_rates" in result:
        usual = result["at_usual_rates"]
        lines += [
            "",
            f"of them at usual rates: {usual['animal_days']:,} animal-days",
            *_rows(usual),
        ]
    for kind, table in result["yardsticks"].items():
        lines += ["", f"yardstick: {kind}", *_rows(table)]
    return "\n".join(lines)


def _rows(table: dict[str, Any]) -> list[str]:
    lines = [HEAD]
    for name, row in table["conditions"].items():
        young = ""
        if row["young_events"]:
            young = f"  (first week: {row['young_detected']} of {row['young_events']})"
        low, high = row["sensitivity_low"], row["sensitivity_high"]
        between = "" if low is None else f"({low:.2f} to {high:.2f})"
        lead = ", ".join(
            _number(row[key], "+.1f") for key in ("lead_h_q1", "lead_h_median", "lead_h_q3")
        )
        lines.append(
            f"{name:20} {row['events']:6} {row['detected']:6}  "
            f"{_number(row['sensitivity'], '.2f'):>6} {between:14} "
            f"{_number(row['precision'], '.2f'):>9} "
            f"{_number(row['false_alerts_per_1000_animal_days'], '.2f'):>13}  {lead:>23} "
            f"{_number(row['hours_in_alarm_per_1000_animal_days'], '.0f'):>15}{young}"
        )
    calving = table["conditions"].get("calving", {})
    per_1000 = calving.get("false_alerts_per_1000_pre_calving_days")
    if per_1000 is not None:
        lines.append(f"calving: {per_1000:.1f} false alerts per 1000 pre-calving days")
    health = table["health_false_alerts_per_1000_animal_days"]
    lines.append(f"health together: {_number(health, '.1f')} false alerts per 1000 animal-days")
    return lines


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
