"""A wrong option is answered in words, whichever command it was given to."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.cli.usage_errors import in_plain_words
from tests.support.command_line import credence, desk


@pytest.mark.parametrize("command", ["decide", "explain"])
def test_a_date_and_a_language_in_other_forms(tmp_path: Path, command: str) -> None:
    rules = desk(tmp_path / "rules")
    dated = credence(command, "case.json", "--rules", rules, "--as-of", "1.7.2026")
    spoken = credence(command, "case.json", "--rules", rules, "--lang", "german")

    assert (dated.exit_code, spoken.exit_code) == (2, 2)
    assert "'--as-of': `1.7.2026` is not a date here; write the date as 2026-07-01" in dated.stderr
    assert "'--lang': `german` is not a language (did you mean `de`?)" in spoken.stderr


@pytest.mark.parametrize(
    ("said", "hint"),
    [
        ("31.12.2025", "write the date as 2025-12-31"),
        ("2025/12/31", "write the date as 2025-12-31"),
        ("3/4/2026", "write dates like 2026-07-01"),
        ("soon", "write dates like 2026-07-01"),
    ],
)
def test_a_date_is_shown_as_it_is_to_be_written(said: str, hint: str) -> None:
    message = in_plain_words(f"Value error, '{said}' does not match the formats '%Y-%m-%d'.")

    assert message == f"`{said}` is not a date here; {hint}"


def test_other_messages_stay_as_they_are() -> None:
    assert in_plain_words("Value error, too small") == "too small"


def test_the_version_needs_no_command() -> None:
    result = credence("--version")

    assert (result.exit_code, result.stdout.startswith("credence ")) == (0, True)
