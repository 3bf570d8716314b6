"""A key that was just made is ready at once: nobody reads it back, and what is on disk is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ledger.store import key_database
from ledger.store.key_database import SubjectKeys
from ledger.store.secret_files import wrapping_key


def _opened(folder: Path, *, may_make: bool) -> SubjectKeys:
    keys = SubjectKeys(folder / "subject-keys.db", wrapping_key(folder / "wrapping", may_make=may_make))
    keys.open(may_make=may_make, at_least=0)
    return keys


def test_keys_of_new_accounts_are_ready_with_one_look_at_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = _opened(tmp_path, may_make=True)
    connect, opened = key_database._connect, 0

    def counted(path: Path) -> Any:
        nonlocal opened
        opened += 1
        return connect(path)

    monkeypatch.setattr(key_database, "_connect", counted)
    blinds = [keys.blind("account", f"C-{n}") for n in range(5)]
    numbers = keys.numbers_of([*blinds, None, blinds[0]])
    made = {number: keys.key(number).key for number in numbers}
    assert opened == 1 + 1  # to add them all, and the journal's own
    assert len(set(made.values())) == 6
    again = _opened(tmp_path, may_make=False)
    assert again.numbers_of([*blinds, None, blinds[0]]) == numbers
    assert {number: again.key(number).key for number in numbers} == made


def test_a_key_that_may_be_erased_at_any_moment_is_not_held_ready(tmp_path: Path) -> None:
    keys = _opened(tmp_path, may_make=True)
    last = keys.numbers_of([keys.blind("account", "C-1")])[0]
    keys.forget([last + 1])
    [number] = keys.numbers_of([keys.blind("account", "C-2")])
    assert number == last + 1
    _opened(tmp_path, may_make=False).erase([number])
    with pytest.raises(key_database.KeyGone):
        keys.key(number)
