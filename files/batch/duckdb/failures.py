"""Whose fault it is when an engine stops: a file of the user's, the disk, or the query that credence wrote.

Leaf of the DuckDB batch. Blaming a file for what the query did sends people looking where nothing is wrong, so a
file is blamed only after it could not be read by itself."""

from __future__ import annotations

import duckdb

from files.batch.duckdb.relation import BatchInput, broken_file
from files.batch.input import first_line
from files.input_refused import InputRefused


class QueryFailed(Exception):
    """credence's own SQL failed; nothing is written. The message says so, and what to do meanwhile. Commands end with
    exit code 3 for it, not with 2 as for an `InputRefused`."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"this is a fault of credence, not of your files: its SQL for these policies failed ({cause}); nothing was "
            "written. Please report this line together with the policies; meanwhile `credence decide-file` decides the "
            "rows one by one, from CSV or NDJSON"
        )


def failure(error: duckdb.Error, source: BatchInput | None, out: str, memory: str) -> InputRefused | QueryFailed:
    """What to raise for an error of DuckDB's.

    `source`: what is read, None where the error came while the files were opened. `out`: where decisions go. `memory`:
    DuckDB's limit, for the message.
    """
    report = str(error)
    if "No space left" in report:
        return InputRefused("no space is left on the disk")
    if isinstance(error, duckdb.OutOfMemoryException):
        return InputRefused(
            f"DuckDB needs more than its {memory} of memory for this; split the rows into several files"
        )
    named = (line.split("=", 1)[1].strip() for line in report.splitlines() if line.strip().startswith("file ="))
    file = next(named, "")
    if "state machine" in report and file:
        ends = "its lines end in different ways (\\n and \\r\\n)"
        names = {text.path: text.name for text in source.texts} if source is not None else {}
        return InputRefused(f"can't be read: {ends}", "write all ends alike", place=names.get(file, file))
    if source is not None and (broken := broken_file(source)):
        return broken
    if isinstance(error, duckdb.IOException):
        return InputRefused(f"`{out}` can't be written, or an input vanished: {first_line(error)}")
    return QueryFailed(first_line(error))
