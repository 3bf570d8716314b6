"""One word, one meaning: no class name is defined twice, and the glossary's nouns are where it says."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache

from tests.support.paths import ROOT

ROOMS = ("engine", "files", "receivables", "ledger", "api")


@cache
def _classes() -> dict[str, list[str]]:
    """Name → files that define it."""
    places: defaultdict[str, list[str]] = defaultdict(list)
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(path.relative_to(ROOT).as_posix())
    return dict(places)


def test_no_class_name_is_defined_twice() -> None:
    assert len(_classes()) > 300
    assert {name: found for name, found in _classes().items() if len(found) > 1} == {}


def test_the_glossarys_nouns_are_where_it_says() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\S+\.py) \|", (ROOT / "GLOSSARY.md").read_text("utf-8"), re.MULTILINE)
    assert len(rows) >= 35
    assert {name: [place] for name, place in rows} == {name: _classes().get(name) for name, _ in rows}


def test_the_glossary_defines_no_word_twice() -> None:
    first = re.findall(r"^\| ([^|]+?) \|", (ROOT / "GLOSSARY.md").read_text("utf-8"), re.MULTILINE)
    words = [word for word in first if word not in ("word", "noun", "---")]
    assert len(words) == len(set(words))
