"""Words for all that detectors say: a page never shows a name of the code to a farmer."""

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from contracts.detection import Condition
from pipeline import detectors, herd_hour, hour_events
from pipeline.detectors.heat_stress import DRINKING, LYING, RUMINATION
from pipeline.signals import SIGNALS

WORDS = Path(__file__).parents[2] / "api" / "dashboard" / "src" / "words"
LANGUAGES = ("en", "de", "es")
MODULES = [
    importlib.import_module(f"pipeline.detectors.{found.name}")
    for found in pkgutil.iter_modules(detectors.__path__)
]
# where the name of a measured signal is made while it runs: module → what it can be
MADE = {
    "collar_fault": SIGNALS,
    "fusion": SIGNALS,
    "heat_stress": [f"herd_{signal}_pct" for signal in (LYING, DRINKING, RUMINATION)],
    "lameness": SIGNALS,
    "leanings": SIGNALS,
    "oestrus": SIGNALS,
    "oestrus_service": ["inseminate_from", "inseminate_until"],
    "successive": [],  # its callers name the signal
}
# constants that nobody is shown: columns of a reading, parts of names
NO_WORDS = {"heart_rate_bpm", "latitude", "longitude", "farm_", "settled_"}


def _keys(language: str, part: str) -> set[str]:
    """The keys of one part of a language's terms."""
    text = (WORDS / "terms.ts").read_text("utf-8")
    terms = text.partition(f"export const {language}Terms")[2]
    body = re.search(rf"  {part}: \{{\n(.*?)\n  \}},", terms, re.DOTALL)
    assert body is not None, (language, part)
    return set(re.findall(r'^    "?([\w.-]+)"?:', body[1], re.MULTILINE))


def _calls(module: ModuleType) -> Iterator[tuple[ast.expr, ast.expr]]:
    """(signal, unit) of all that a module measures, as they are written."""
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Name(id="Measured"):
                yield node.args[0], node.args[1]
            case ast.Attribute(attr="measured", value=ast.Name(id="successive")):
                yield node.args[1], node.args[2]


def _text(module: ModuleType, written: ast.expr) -> str | None:
    """What a constant says; None if it is made while it runs."""
    match written:
        case ast.Constant(value=str() as text):
            return text
        case ast.Name(id=name) if isinstance(getattr(module, name, None), str):
            return str(getattr(module, name))
    return None


def _measured() -> set[str]:
    """Every signal that evidence can hold."""
    found: set[str] = set()
    for module in MODULES:
        for signal, _ in _calls(module):
            said = _text(module, signal)
            name = module.__name__.rpartition(".")[2]
            assert said is not None or name in MADE, f"{name}: say in MADE which signals it names"
            found.update([said] if said is not None else MADE[name])
    return found


def _reasons() -> set[str]:
    """Every reason for not judging: the words among the constants that name no signal."""
    found = {hour_events.LATE}
    for module in (herd_hour, *MODULES):
        found |= {
            value
            for name, value in vars(module).items()
            if name.isupper()
            and isinstance(value, str)
            and re.fullmatch(r"[a-z]+(_[a-z]+)*", value)
        }
    return found - _measured() - set(SIGNALS) - {one.value for one in Condition} - NO_WORDS


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_measured_signal_has_a_name(language: str) -> None:
    """Evidence is read by a farmer: `gone_m_s` is nobody's word."""
    assert not _measured() - _keys(language, "signals")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_for_not_judging_is_said(language: str) -> None:
    """Why nothing was said of her must be a sentence that somebody can act on."""
    assert {"pregnant", "no_calving_known", "late_readings"} <= _reasons()
    assert not _reasons() - _keys(language, "whyNot")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_condition_has_a_name(language: str) -> None:
    """A new condition does not appear on a board as a name of the code."""
    assert {one.value for one in Condition} <= _keys(language, "conditions")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_unit_is_written_as_people_write_it(language: str) -> None:
    """Codes of units, like `Cel`, are for machines."""
    line = re.search(r"units: \{(.*?)\}", (WORDS / f"{language}.ts").read_text("utf-8"), re.DOTALL)
    units = {_text(module, unit) for module in MODULES for _, unit in _calls(module)} - {None}

    assert line is not None
    assert units <= set(re.findall(r'"?([\w/%]+)"?:', line[1]))
