"""What is said of a cell that can't be read: which column, the cell itself, what is wrong, and what to write instead.

Leaf of the maps. `decide-file`, `portfolio` and `backtest` read cells in Python, `batch` in SQL; the words of a fault
come from here for all of them, so that they are the same. Of binding's faults the hints speak to callers of HTTP (`send
money as text`); a cell is always text, so that they are said anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.diagnostics.wording import listed
from engine.vocabulary.binding import Fault
from engine.vocabulary.vocabulary import Kind
from files.maps.row_map import Column

PLAIN_HINT = "write it with a decimal point and without separators or signs, such as 1250.00"
"""What to write where the map says nothing of a column's signs."""

TIME_OF_DAY = ("has a time of the day", "write the column as dates")
"""Message and hint for a date that is more than one."""

CELL_SHOWN_MAX = 40
"""Characters of a cell that a fault quotes."""

HIDDEN_CHARACTERS = "".join(map(chr, (*range(1, 32), *range(127, 160), 0x2028, 0x2029)))
"""What would break the line of a fault; shown as `·`, as is the character 0."""

_HIDDEN = str.maketrans(dict.fromkeys("\x00" + HIDDEN_CHARACTERS, "·"))
_DECIMALS = (Kind.MONEY, Kind.RATE, Kind.NUMBER)


def shown_cell(text: str) -> str:
    """A cell as a fault quotes it: on one line, and not longer than people look at."""
    short = text if len(text) <= CELL_SHOWN_MAX else text[: CELL_SHOWN_MAX - 1] + "…"
    return short.translate(_HIDDEN)


def fault_of_cell(column: Column, text: str, message: str, hint: str = "") -> Fault:
    """`message` is a predicate (`is not a date`) about this text of a cell."""
    return Fault(column.name, f"{_named(column)}`{shown_cell(text)}` {message}", hint)


def fault_of_missing(column: Column, message: str, hint: str = "") -> Fault:
    """As `fault_of_cell`, about a cell that is empty."""
    return Fault(column.name, f"{_named(column)}{message}", hint)


def _named(column: Column) -> str:
    """The columns with a colon; nothing where the one column bears the fact's own name."""
    return "" if _bears_its_name(column) else f"{column.shown}: "


def _bears_its_name(column: Column) -> bool:
    """Whether there is no map, or none is needed: the column is named like its fact."""
    return column.columns == (column.name,)


def fault_of_binding(column: Column, text: str, fault: Fault) -> Fault:
    """What binding says of a cell's value, in words for the owner of the file."""
    message, hint = fault.message, fault.hint
    if message.startswith("has more than"):
        hint = "write fewer decimals" + ("" if _bears_its_name(column) else ", or let the map say `round: true`")
    elif message == "is not a plain decimal number":
        message, hint = no_number(column)
    elif hint.startswith("send ") and message != "is empty":  # to callers of HTTP
        hint = column_hint(column)
    return replace(fault_of_cell(column, text, message, hint), path=fault.path)


def column_hint(column: Column) -> str:
    """What the whole column should be, where its values are of another type than its fact."""
    or_map = ", or let --map read it" if _bears_its_name(column) else ""
    match column.type.kind:
        case Kind.MONEY | Kind.RATE | Kind.NUMBER:
            written = f"decimals, such as decimal(18, {min(column.type.scale, 6)}), or as text"
        case Kind.INTEGER | Kind.DAYS | Kind.MONTHS:
            written = f"whole numbers{or_map}"
        case Kind.DATE:
            written = "dates, or as text such as 2026-07-01"
        case Kind.YES_NO:
            written = f"yes/no (boolean){or_map}"
        case Kind.ENUM | Kind.TEXT | Kind.PERSON | Kind.LIST:
            written = f"text{or_map}"
    return f"write the column as {written}"


def no_number(column: Column) -> tuple[str, str]:
    """Message and hint for a cell that is no number as the column writes them."""
    decimals = column.type.kind in _DECIMALS
    numbers = column.numbers
    if numbers.is_plain or replace(numbers, rounds=False).is_plain:
        if not decimals:
            return "is not a whole number", "write digits only"
        return "is not a plain decimal number", PLAIN_HINT
    example = numbers.example(min(column.type.scale, 2) or 2, decimals=decimals)
    return f"is not a {'' if decimals else 'whole '}number as the map has it", f"write it like {example}"


def no_date(column: Column) -> str:
    """The message for a cell that is no date of the column's formats."""
    return f"is not a date of the form {' or '.join(each.spelling for each in column.dates)}"


def no_yes_no() -> tuple[str, str]:
    """Message and hint for a cell that is neither."""
    return "is neither `true` nor `false`", "translate it with `values` in the map"


def no_known_word(words: Sequence[str]) -> tuple[str, str]:
    """Message and hint for a cell that the map doesn't translate."""
    return "is not among the values of the map", f"it translates {listed(list(words)[:12])}"


def parts_missing(column: Column) -> tuple[str, str]:
    """Message and hint for an id of several columns of which some cells are empty."""
    return "lacks a part", f"fill {listed(column.columns)} in, or none of them"


def joint_in_part(column: Column) -> tuple[str, str]:
    """Message and hint for a part of an id that holds the sign between the parts."""
    return (
        f"holds `{column.joint}`, which stands between the parts of the id",
        "let the map's `join` name a sign that no cell holds",
    )
