"""Lists that stand in cells as JSON, for a query: text → exact records, or what is wrong with it.

In Python, since no database reads JSON as strictly as `strict_json`, nor binds records as `binding` does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from engine.vocabulary.binding import FactsRefused, Fault, JsonScalar, Records, after_the_day, value_reader
from engine.vocabulary.conversion import converted_records
from engine.vocabulary.past_dates import held
from engine.vocabulary.strict_json import JsonRefused, read_json
from files.batch.row_rates import RowRates
from files.maps.cell_faults import fault_of_binding, fault_of_cell
from files.maps.row_map import Column


def json_list_reader(
    column: Column, day: int, rates: RowRates | None = None
) -> Callable[[str], tuple[Records | None, list[Fault]]]:
    """What reads the cells of a column that holds a list. `column`: what a map says of it, or a column that bears the
    fact's name; `day`: of the decision. `rates`: by which the amounts of each row are converted; a text is then a
    key of theirs. Neither records nor faults for JSON's null."""
    bind = value_reader(column.type, column.name)

    def read(key: str) -> tuple[Records | None, list[Fault]]:
        rate, text = rates.list_of_key(key) if rates else (None, key)
        try:
            raw = read_json(text, decimals_as_text=True)
            if rate is not None:
                raw = converted_records(raw, column.type, rate, column.name)
            records, late = held(bind(cast("JsonScalar", raw)), column.type, day)
            faults = [after_the_day(f"{column.name}{path}", day) for path in late]
            return cast("Records | None", records), faults
        except JsonRefused as refused:
            return None, [fault_of_cell(column, text, f"is not a list in JSON: {refused}")]
        except FactsRefused as refused:
            whole = (
                fault_of_binding(column, text, each) if each.path == column.name else each for each in refused.faults
            )
            return None, list(whole)

    return read
