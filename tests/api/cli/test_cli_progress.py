"""The progress bar of the commands that go through whole files, on a terminal and off it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from api.cli import progress


def shown(
    monkeypatch: pytest.MonkeyPatch, quiet: bool, terminal: bool, *calls: tuple[str, float | None, int, int]
) -> str:
    written = io.StringIO()
    console = Console(file=written, force_terminal=terminal, width=160, color_system=None)
    monkeypatch.setattr(progress, "err", lambda: console)
    with progress.progress_bar(quiet=quiet) as bar:
        for each in calls:
            bar(*each)
    return written.getvalue()


def test_each_thing_that_is_done_has_its_share_and_its_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(
        monkeypatch,
        False,
        True,
        ("reading", 1.2, 0, 0),  # as bytes read ahead may count
        ("deciding", 0.25, 1234, 5000),
        ("finding faults", None, 77, 0),
    )
    reading, deciding, faults = (
        [line for line in text.splitlines() if what in line][-1] for what in ("reading", "deciding", "finding faults")
    )
    assert "100%" in reading
    assert "rows" not in reading
    assert " 25% 1,234 of 5,000 rows, " in deciding
    assert " 77 rows, " in faults
    assert "%" not in faults


@pytest.mark.parametrize(("quiet", "terminal"), [(True, True), (False, False), (True, False)])
def test_nothing_is_shown_to_who_does_not_look(monkeypatch: pytest.MonkeyPatch, quiet: bool, terminal: bool) -> None:
    assert "deciding" not in shown(monkeypatch, quiet, terminal, ("deciding", 0.5, 10, 20))
