"""README.md convinces on its first screen, and what it says is not there yet isn't. Its commands: test_docs.py."""

from __future__ import annotations

import re
from pathlib import Path

from api.settings import Settings
from tests.support.paths import ROOT, RULES
from tests.support.running_service import running

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
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert set(re.findall(r"(?:^|`)make (\w+)", README, re.MULTILINE)) <= set(targets)


def test_what_it_says_is_missing_is_missing(tmp_path: Path) -> None:
    """When one of these comes, the list loses its line."""
    missing = README.partition("## What it does not do yet")[2].partition("\n## ")[0]
    with running(Settings(rules=RULES, journal=tmp_path / "credence.db")) as client:
        document = client.get("/openapi.json").json()
    for line, is_missing in {
        "**It keeps no accounts.**": not any(path.startswith("/v1/orders") for path in document["paths"]),
        "**No users and roles.**": "securitySchemes" not in document["components"],
        "**No pages to work in.**": not (ROOT / "api" / "console").exists(),
        "**No connector to an ERP.**": not (ROOT / "connectors").exists(),
        "**The journal keeps out mistakes, not its owner**": not list((ROOT / "ledger").rglob("merkle.py")),
    }.items():
        assert (line in missing) == is_missing, line
