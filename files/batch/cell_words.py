"""The words for a faulty value as SQL, with the cell of each row in them.

Part of `raw_facts`. The words are those of `files.maps.cell_faults`, written once for each column with a placeholder,
at which the query puts the cell.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import Dialect, binary, text
from engine.vocabulary.binding import FactsRefused, Fault, value_reader
from files.batch.cell_sql import shown_in_sql
from files.maps.cell_faults import fault_of_binding, fault_of_cell, no_number
from files.maps.row_map import Column

_CELL = "\ue000"
"""Stands for the cell while the words are written."""


@dataclass(frozen=True, slots=True)
class CellWords:
    """The words for the faults of one column's values.

    `column`: what is said of it. `required`: whether its fact is, which changes a hint. `cell`: the value as it stands
    in the file; None for a value without plain text, which isn't shown.
    """

    column: Column
    required: bool
    cell: Expr | None
    dialect: Dialect

    def said(self, message: str, hint: str = "") -> Expr:
        """A fault with these words."""
        return self._with_cell(fault_of_cell(self.column, _CELL, message, hint))

    def of_binding(self, wrong: object) -> Expr:
        """What the binder says to a value that is wrong in this way."""
        type_, name = self.column.type, self.column.name
        fault = Fault(name, "is out of range")
        try:
            value_reader(type_, name, required=self.required)(wrong)  # type: ignore[arg-type]  # it is none
        except FactsRefused as refused:
            fault = refused.faults[0]
        return self._with_cell(fault_of_binding(self.column, _CELL, fault))

    def of_fault(self, fault: Fault) -> Expr:
        """What is said of a value that the binder took, and that is wrong all the same."""
        return self._with_cell(fault_of_binding(self.column, _CELL, fault))

    def no_number(self) -> Expr:
        """What is said to a cell that is no number."""
        return self.said(*no_number(self.column))

    def _with_cell(self, fault: Fault) -> Expr:
        if self.cell is None:
            return text(str(fault).replace(f"`{_CELL}` ", ""))
        before, _, after = str(fault).partition(_CELL)
        shown = shown_in_sql(self.cell, self.dialect)
        return binary(exp.DPipe, binary(exp.DPipe, text(before), shown), text(after))
