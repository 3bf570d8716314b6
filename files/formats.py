"""The formats of files with rows, and which of them a file has by the ending of its name.

Leaf of the readers. CSV and NDJSON are text and are read row by row (`rows`); Parquet and Arrow are columnar and are
read in batches (`columnar`). `files.batch.duckdb` reads all four by its own means.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path


class Format(StrEnum):
    """How a file holds its rows."""

    CSV = "csv"
    """Comma-separated values (RFC 4180), with a heading; all cells are text."""
    NDJSON = "ndjson"
    """One JSON object a line."""
    PARQUET = "parquet"
    ARROW = "arrow"
    """Arrow IPC, as a file (`.arrow`, `.feather`) or as a stream (`.arrows`)."""

    @property
    def is_text(self) -> bool:
        """Whether a person can read it, line by line."""
        return self in (Format.CSV, Format.NDJSON)

    @property
    def shown(self) -> str:
        """The format's name in a message: `CSV`, `Parquet`."""
        return self.upper() if self.is_text else self.capitalize()


SUFFIXES = {
    ".csv": Format.CSV,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".arrow": Format.ARROW,
    ".arrows": Format.ARROW,
    ".feather": Format.ARROW,
    ".ipc": Format.ARROW,
}


def format_named(path: Path | str) -> Format | None:
    """The format of a file by its name, in capitals or not; None where the ending is none of `SUFFIXES`."""
    return SUFFIXES.get(Path(path).suffix.lower())
