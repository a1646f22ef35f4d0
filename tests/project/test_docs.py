"""The docs hold what they say: tests they name exist, and so do commands and settings."""

import re
from pathlib import Path

import typer.main

from herd.cli import app
from herd.settings_page import all_settings

ROOT = Path(__file__).parents[2]


def commands() -> set[str]:
    """The names of all commands, groups included."""
    group = typer.main.get_group(app)
    return set(group.commands)


def test_every_guarantee_names_tests_that_exist() -> None:
    """A promise without its test is a wish."""
    text = (ROOT / "docs/guarantees.md").read_text("utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", text)

    missing = [
        f"{file}::{test}" for file, test in named if f"def {test}(" not in _text(ROOT / file)
    ]

    assert named
    assert missing == []


def test_every_row_of_the_guarantees_names_a_test() -> None:
    """The left column promises, the right one proves."""
    text = (ROOT / "docs/guarantees.md").read_text("utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]

    bare = [row for row in rows[1:] if "::" not in row]

    assert bare == []


def test_every_command_of_the_readme_exists_and_every_command_is_in_the_readme() -> None:
    """The first thing a newcomer does is to copy a command."""
    text = (ROOT / "README.md").read_text("utf-8")
    named = set(re.findall(r"`herd ([\w-]+)", text)) | set(re.findall(r"bin/herd ([\w-]+)", text))

    assert named == commands()


def test_every_setting_says_what_it_means() -> None:
    """Operators read `herd config`, not the code."""
    silent = [
        row["variable"]
        for rows in all_settings().values()
        for row in rows
        if not row["meaning"].strip()
    ]

    assert silent == []


def test_links_between_the_documents_lead_somewhere() -> None:
    """A dead link costs a reader's trust in the rest."""
    dead = [
        f"{page.name}: {target}"
        for page in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]

    assert dead == []


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""
