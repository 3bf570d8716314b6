"""Ids that several columns make together, such as a company and a number. Part of `mapped_rows`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from files.maps.cell_faults import joint_in_part, parts_missing
from files.maps.row_map import Column


class Join:
    """Makes one cell of the cells of several columns: `1000` and `4711` with the joint `/` give `1000/4711`.

    No part may hold the joint, so that different parts never make the same id; and all parts are there, or none.
    """

    def __init__(self, column: Column, slots: Mapping[str, int]) -> None:
        self.column = column
        self._slots = [slots.get(name) for name in column.columns]

    def __call__(self, cells: Sequence[str | None]) -> str:
        parts = [(cells[slot] or "").strip() if slot is not None else "" for slot in self._slots]
        parts = ["" if part in self.column.no_value else part for part in parts]
        if not any(parts):
            return ""
        joined = self.column.joint.join(parts)
        if not all(parts):
            return Unjoined(joined, parts_missing(self.column))
        if any(self.column.joint in part for part in parts):
            return Unjoined(joined, joint_in_part(self.column))
        return joined


class Unjoined(str):
    """Parts of an id that can't be one; `wrong` is what is said of them."""

    wrong: tuple[str, str]

    def __new__(cls, joined: str, wrong: tuple[str, str]) -> Unjoined:
        unjoined = super().__new__(cls, joined)
        unjoined.wrong = wrong
        return unjoined

    def strip(self, chars: str | None = None, /) -> Unjoined:  # noqa: ARG002 its parts are stripped
        return self
