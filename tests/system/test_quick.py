"""`make quick` leaves out what it says, and no name in its list is one that nothing bears."""

from __future__ import annotations

import pytest

from tests.conftest import SLOW, TESTS


@pytest.mark.parametrize("entry", sorted(SLOW))
def test_what_is_called_slow_is_there(entry: str) -> None:
    file, _, name = entry.partition("::")
    text = (TESTS / file).read_text(encoding="utf-8")
    assert not name or f"def {name}(" in text


def test_the_list_marks_what_it_names(request: pytest.FixtureRequest) -> None:
    """Of the tests collected in this run, wherever it began."""
    marked = {
        item.path.relative_to(TESTS).as_posix() for item in request.session.items if item.get_closest_marker("slow")
    }
    collected = {item.path.relative_to(TESTS).as_posix() for item in request.session.items}
    assert {entry for entry in SLOW if "::" not in entry} & collected <= marked
