"""A row made from values, or copied with something changed, is the row that its dataclass would make."""

from __future__ import annotations

from dataclasses import MISSING, fields, replace
from typing import Any

import pytest

from ledger.credit.row_copies import changed, row_maker
from ledger.store.ledger_tables import STORED


def _row(kind: type[Any]) -> Any:
    return kind(**{each.name: f"{each.name} of it" for each in fields(kind) if each.default is MISSING})


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
def test_a_row_is_made_and_copied_as_its_dataclass_does_it(kind: type[Any]) -> None:
    row = _row(kind)
    values = [getattr(row, each.name) for each in fields(kind)]
    assert row_maker(kind)(values) == row
    for each in fields(kind):
        copy = changed(row, **{each.name: "other"})
        assert copy == replace(row, **{each.name: "other"}) and type(copy) is kind
    assert row == _row(kind)


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
def test_no_field_is_left_out_and_none_is_made_up(kind: type[Any]) -> None:
    with pytest.raises(KeyError):
        changed(_row(kind), no_such_field=1)
    with pytest.raises(ValueError, match="zip"):
        row_maker(kind)([1] * (len(fields(kind)) - 1))
