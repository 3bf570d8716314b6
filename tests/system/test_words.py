"""One class name, one meaning: a word that stands for two things can't be searched for."""

from __future__ import annotations

import ast
from collections import defaultdict

from tests.support.paths import ROOT

ROOMS = ("engine", "files", "receivables", "ledger", "api")


def test_no_class_name_is_defined_twice() -> None:
    places: defaultdict[str, list[str]] = defaultdict(list)
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    places[node.name].append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert len(places) > 300
    assert {name: found for name, found in places.items() if len(found) > 1} == {}
