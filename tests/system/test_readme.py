"""README.md convinces on its first screen, and what it says is not there yet isn't. Its commands: test_docs.py."""

from __future__ import annotations

import re

from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
FIRST_SCREEN = 25
"""Lines; with the picture about what a browser shows before one scrolls."""


def test_the_first_screen_says_what_it_is_with_a_picture_and_the_two_commands() -> None:
    first = "\n".join(README.splitlines()[:FIRST_SCREEN])
    picture = re.search(r"!\[.+\]\((docs/pictures/[\w.]+)\)", first)
    assert picture
    assert (ROOT / picture[1]).is_file()
    assert re.findall(r"^make (\w+) ", first, re.MULTILINE) == ["run", "test"]


def test_the_targets_of_make_that_it_names_are_there() -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"(?:^|`)make ([\w-]+)", README, re.MULTILINE)) <= set(targets)


COMES_WITH = {
    "**It keeps no accounts.**": "ledger/credit",
    "**No page to edit policies in.**": "api/console/templates/policies.html",
    "**No connector to an ERP.**": "connectors",
    "**No witnesses for the journal.**": "api/cli/witness.py",
}
"""What is said to be missing, and what of ours it would come with."""


def test_what_it_says_is_missing_is_missing() -> None:
    missing = README.partition("## What it does not do yet")[2].partition("\n## ")[0]
    assert [line for line, place in COMES_WITH.items() if (line in missing) == (ROOT / place).exists()] == []
