"""Whose fault it is when an engine stops: a file of the user's, the disk, or the query that credence wrote.

Leaf of bulk. Blaming a file for what the query did sends people looking where nothing is wrong, so a file is blamed
only after it could not be read by itself.
"""

from __future__ import annotations

import duckdb

from files.batch.duckdb.relation import BulkInput, broken_file
from files.batch.input import BulkRefused, first_line


class QueryFailed(Exception):
    """credence's own SQL failed; nothing is written. The message says so, and what to do meanwhile."""

    def __init__(self, said: str) -> None:
        super().__init__(
            f"this is a fault of credence, not of your files: its SQL for these policies failed ({said}); nothing was "
            "written. Please report this line together with the policies; meanwhile `credence decide-file` decides the "
            "rows one by one, from CSV or NDJSON"
        )


def failure(error: duckdb.Error, found: BulkInput | None, out: str, memory: str) -> BulkRefused | QueryFailed:
    """`found` is None where the error came while the files were opened."""
    said = str(error)
    if "No space left" in said:
        return BulkRefused("no space is left on the disk")
    if isinstance(error, duckdb.OutOfMemoryException):
        return BulkRefused(f"DuckDB needs more than its {memory} of memory for this; split the rows into several files")
    file = next((line.split("=", 1)[1].strip() for line in said.splitlines() if line.strip().startswith("file =")), "")
    if "state machine" in said and file:
        ends = "its lines end in different ways (\\n and \\r\\n); write all ends alike"
        return BulkRefused(f"`{file}` can't be read: {ends}")
    if found is not None and (broken := broken_file(found)):
        return BulkRefused(broken)
    if isinstance(error, duckdb.IOException):
        return BulkRefused(f"`{out}` can't be written, or an input vanished: {first_line(error)}")
    return QueryFailed(first_line(error))
