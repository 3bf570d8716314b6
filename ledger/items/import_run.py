"""One file on its way into the ledger: how far it has come, and the rows that couldn't be taken."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ledger.credit.account import Key


class ImportState(StrEnum):
    """What has become of an import."""

    RUNNING = "running"
    """It goes on, or was broken off and goes on where it stopped once the same file is sent again."""

    DONE = "done"
    CHECKED = "checked"
    """It was only looked at; nothing was written."""

    REFUSED = "refused"
    """Nothing of it was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRun:
    """One file. Always `done_rows = new + same + changed + rejected`; changed rows were taken only where that was asked
    for, and are rejected otherwise."""

    id: str
    kind: str
    """What its rows are: `accounts`, `invoices`, …"""

    digest: str
    """SHA-256 of the file and of how it is to be read, hexadecimal: by it the same file goes on where it stopped."""

    started_at: str
    """ISO 8601, UTC."""

    state: ImportState = ImportState.RUNNING
    done_rows: int = 0
    """Rows of the file that are dealt with: the first so many."""

    new: int = 0
    same: int = 0
    """Were there already with this content."""

    changed: int = 0
    """Were there with other content, and took this one."""

    rejected: int = 0
    settled: int = 0
    """Items that the file lacked and that were settled for that."""

    detail: str | None = None
    """Why it was refused."""

    @property
    def key(self) -> Key:
        """Its id."""
        return (self.id,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReject:
    """A row that was not taken."""

    run: str
    number: int
    """Of the row in its file, from 1."""

    place: str
    """Where it stands, as its sender calls it: a line, or file and line."""

    faults: str
    """What is wrong with it, with `; ` between two."""

    @property
    def key(self) -> Key:
        """Run and row."""
        return (self.run, self.number)
