"""Names of several words that FEEL itself gives meaning to: built-ins, their parameters, types and properties.

The parser must know them before it reads a text, for `string length` is one name and `a length` two. One-word names
need no such list. They are from DMN 1.5, chapters 10.3.2 and 10.3.4.
"""

from __future__ import annotations

BUILT_IN_NAMES = frozenset(
    {
        # functions (DMN 1.5, 10.3.4)
        "date and time",
        "years and months duration",
        "substring before",
        "substring after",
        "string length",
        "upper case",
        "lower case",
        "starts with",
        "ends with",
        "string join",
        "list contains",
        "list replace",
        "insert before",
        "index of",
        "distinct values",
        "duplicate values",
        "round up",
        "round down",
        "round half up",
        "round half down",
        "met by",
        "overlaps before",
        "overlaps after",
        "finished by",
        "started by",
        "day of year",
        "day of week",
        "month of year",
        "week of year",
        # not in DMN: as Camunda's FEEL has it
        "last day of month",
        # nor these two, which policies ask of a list of holidays
        "first working day",
        "last working day",
        "get value",
        "get entries",
        "context put",
        "context merge",
        # types (10.3.2) and properties (10.3.2.14)
        "days and time duration",
        "time offset",
        "start included",
        "end included",
        # parameters, for named arguments
        "grouping separator",
        "decimal separator",
        "start position",
    }
)
"""Each with single spaces between its words."""
