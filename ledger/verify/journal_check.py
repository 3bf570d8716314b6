"""A journal in place, computed again page by page: records, bodies, hashes, checkpoints and policy sets.

Nothing is written, and the service may go on: what is checked is the journal as it stood when the check began. Records
are checked page by page (`record_pages`), those of a long journal in several processes (`page_processes`); what they
make together, the log and what is signed, is checked here in its order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select

from ledger.journal.journal import Journal
from ledger.record.gone_bodies import ERASED, ERASURE
from ledger.record.record_header import RecordKind
from ledger.store.key_database import OWN, KeyGone, SubjectKeys
from ledger.store.secret_files import KeyPlaces, wrapping_key
from ledger.store.tables import bodies, checkpoints, cosignatures, entries, head, policy_sets, tiles
from ledger.store.trouble import FileTrouble
from ledger.verify.history_check import HistoryCheck, SignedSize
from ledger.verify.journal_faults import FaultKind, FaultsFound
from ledger.verify.outside_evidence import LeafCheck, OutsideEvidence
from ledger.verify.page_processes import Journals, how_many_processes, runs_checked, runs_of
from ledger.verify.policy_life_check import check_policy_life
from ledger.verify.policy_set_check import PolicySetCheck
from ledger.verify.record_check import RecordCheck
from ledger.verify.record_pages import PAGE, RecordPages
from ledger.verify.tile_check import TileCheck, full_tiles
from ledger.verify.trusted_key import TrustedKey

NOTHING_OUTSIDE = OutsideEvidence()
_CHECKPOINTS_AT_ONCE = 1_000

ShowChecked = Callable[[str, int, int], object]
"""Called with what is being checked, and how many of it are done, of how many."""

_BOUNDS = select(
    select(func.min(entries.c.seq)).scalar_subquery().label("first"),
    select(func.max(entries.c.seq)).scalar_subquery().label("last"),
    select(func.max(bodies.c.seq)).scalar_subquery().label("last_body"),
    select(func.count()).select_from(tiles).scalar_subquery().label("tiles"),
    select(func.max(checkpoints.c.size)).scalar_subquery().label("signed"),
    *(
        select(head.c[name]).where(head.c.number == 1).scalar_subquery().label(f"head_{name}")
        for name in ("size", "frontier", "at", "last_key", "signed")
    ),
)
"""In one statement, so that all of it is of one moment."""


@dataclass(slots=True, kw_only=True)
class Verified:
    """What a check came to."""

    faults: FaultsFound
    """What is wrong; none: nothing."""

    records: int = 0
    """How many were checked."""

    size: int = 0
    """How many the log has."""

    signed: int = 0
    """How many of them the newest checkpoint covers that holds."""

    checkpoints: int = 0
    """How many were compared."""

    signed_by: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """The id of each key by which one was verified, and the sizes of its first and its last."""

    opened: int = 0
    """Bodies that are those recorded, in whole."""

    witnessed: int = 0
    """How many of them the newest checkpoint covers that holds and is cosigned as the trust policy asks."""

    cosigned_at: int | None = None
    """Since when so many witnesses have vouched for that one as the policy asks, in seconds since 1970."""

    mirrored: int = 0
    """How many records are those of the mirror."""
    erased: int = 0
    """Bodies that are erased, as a record says."""

    dropped: int = 0
    """Bodies that were kept as long as the policies say, as a record says."""

    withheld: int = 0
    """Bodies of which commitments stand in place of some parts."""

    policy_sets: int = 0
    """How many gave their versions."""


def verify_journal(
    journal: Journal,
    trusted: TrustedKey,
    keys: KeyPlaces | None,
    outside: OutsideEvidence = NOTHING_OUTSIDE,
    show: ShowChecked = lambda *_: None,
    processes: int | None = None,
) -> Verified:
    """`keys`: of bodies; None: they are not opened. `outside`: what others kept. `processes`: that check records; None:
    as many as are worth it. Raises `JournalUnavailable` where the journal can't be read, and `FileTrouble` and
    `OSError` where keys or a mirror can't."""
    return _JournalCheck(journal, trusted, keys, outside).done(show, processes)


def body_keys(places: KeyPlaces) -> SubjectKeys:
    """The keys that open bodies. Raises `FileTrouble` where they are missing, or the wrapping key is another's."""
    try:
        keys = SubjectKeys(places.subject_keys, wrapping_key(places.wrapping_key, may_make=False))
        keys.key(OWN)
    except FileTrouble as error:
        raise FileTrouble(f"{error}; or give --without-bodies, to check all but what bodies say") from error
    except KeyGone as error:
        raise FileTrouble(f"the subject keys `{places.subject_keys.name}` are another program's") from error
    return keys


class _JournalCheck:
    def __init__(
        self, journal: Journal, trusted: TrustedKey, places: KeyPlaces | None, outside: OutsideEvidence
    ) -> None:
        self._journal, self._places = journal, places
        keys = None if places is None else body_keys(places)
        self._faults = FaultsFound()
        [self._bounds] = journal.read(_BOUNDS)
        last = self._bounds.last
        self._size: int = 0 if last is None else last + 1
        self._records = RecordCheck(faults=self._faults, key=None if keys is None else keys.key)
        self._pages = RecordPages(journal, keys, self._size, self._records)
        self._tiles = TileCheck(self._tile_at, self._faults)
        stored = _stored_checkpoints(journal, self._bounds.signed)
        coming = _merged(stored, sorted(outside.all_notes, key=lambda each: each.size))
        self._history = HistoryCheck(coming, trusted.verifiers, self._faults, trusted.policy)
        self._outside = LeafCheck(outside, self._faults)

    def done(self, show: ShowChecked, processes: int | None) -> Verified:
        faults, history = self._faults, self._history
        if (self._bounds.first or 0) < 0:
            faults.add(FaultKind.RECORD_MOVED, f"record {self._bounds.first}: stands where none can be")
        for number, leaves in enumerate(self._leaves(processes or how_many_processes(self._size))):
            self._outside.add(leaves)
            history.add(self._tiles.leaves(number, leaves) if len(leaves) == PAGE else leaves)
            show("records", min(number * PAGE + PAGE, self._size), self._size)
        self._outside.finish(is_end_known=history.finish())
        self._see_later_erasures()
        self._records.gone.finish(lists_were_read=self._places is not None)
        self._ends()
        policies = PolicySetCheck(faults)
        columns = (policy_sets.c.version, policy_sets.c.files, policy_sets.c.standard_facts)
        for version in [row.version for row in self._journal.read(select(columns[0]).order_by(columns[0]))]:
            policies.look(tuple(row) for row in self._journal.read(select(*columns).where(columns[0] == version)))
        policies.finish(self._records)
        check_policy_life(self._journal, faults, opens_bodies=self._places is not None)
        return Verified(
            faults=faults,
            records=self._pages.checked,
            size=self._size,
            signed=history.signed,
            witnessed=history.witnessed,
            cosigned_at=history.cosigned_at,
            mirrored=self._outside.mirrored,
            checkpoints=history.checkpoints,
            signed_by=history.signed_by,
            opened=self._records.opened,
            erased=self._records.gone.erased,
            dropped=self._records.gone.dropped,
            policy_sets=policies.sets,
        )

    def _leaves(self, processes: int) -> Iterator[list[bytes | None]]:
        """Page by page, once the records of the page are checked. One process: this one."""
        if processes == 1:
            for first in range(0, self._size, PAGE):
                yield self._pages.leaves(first)
            return
        journals = Journals(place=self._journal.place, keys=self._places, size=self._size)
        runs = runs_of(self._size)
        for run, checked in zip(runs, runs_checked(journals, runs, processes), strict=True):
            if checked is not None and self._records.may_absorb(checked.records):
                self._records.absorb(checked.records)
                self._pages.checked += len(run)
                yield from checked.pages()
            else:
                yield from map(self._pages.leaves, run[::PAGE])

    def _see_later_erasures(self) -> None:
        """A key that went while records were checked: its erasure stands behind those that were there at the start."""
        gone, key = self._records.gone, self._records.key
        if key is None or not gone.unexplained_keys:
            return
        for record in self._journal.records(RecordKind.ERASURE):
            if record.header.seq >= self._size:
                gone.header(record.header)
                if record.header.outcome.startswith(ERASED):
                    gone.lists(record.header.seq, record.text(ERASURE), f"record {record.header.seq}")

    def _ends(self) -> None:
        """Whether the head says where the log ends, and nothing is behind it."""
        bounds, faults, size = self._bounds, self._faults, self._size
        frontier = self._history.frontier
        if bounds.last_body is not None and bounds.last_body >= size:
            faults.add(FaultKind.RECORD_MISSING, f"record {bounds.last_body}: is missing, and its body is there")
        if (more := bounds.tiles - full_tiles(size)) > 0:
            faults.add(FaultKind.TILE, f"tiles: there are {more} more than {size} records give")
        if bounds.head_size is None:
            if size:
                faults.add(FaultKind.HEAD, "head: is missing")
            return
        if bounds.head_size != size:
            faults.add(FaultKind.HEAD, f"head: says {bounds.head_size} records, and the journal has {size}")
        elif frontier is not None and bounds.head_frontier != b"".join(frontier):
            faults.add(FaultKind.HEAD, "head: its hashes are not those of the records")
        elif not faults.total and not self._is_last(bounds.head_at, bounds.head_last_key):
            faults.add(FaultKind.HEAD, "head: its time or its last key is not that of the records")
        if bounds.head_signed != (bounds.signed or 0):
            said = f"the head says that checkpoint {bounds.head_signed} is the newest"
            faults.add(FaultKind.CHECKPOINT, f"checkpoint {bounds.signed or 0}: {said}")
        elif size and not bounds.signed:
            faults.add(FaultKind.CHECKPOINT, "checkpoints: there is none, so nothing is signed; in a second one is")

    def _is_last(self, at: str, key: int) -> bool:
        """Of the records. The body that used the last key may be gone, as a record says."""
        records = self._records
        is_gone = bool(records.gone.dropped or records.gone.erased)
        return at == records.latest and (key == records.last_key or (is_gone and key > records.last_key))

    # --- what is read -------------------------------------------------------------------------------------------

    def _tile_at(self, level: int, number: int) -> bytes | None:
        where = (tiles.c.level == level) & (tiles.c.number == number)
        rows = self._journal.read(select(tiles.c.hashes).where(where))
        return rows[0].hashes if rows else None


def _stored_checkpoints(journal: Journal, newest: int | None) -> Iterator[SignedSize]:
    """Those that were there when the check began, by size."""
    last = -1
    while newest is not None and last < newest:
        size = checkpoints.c.size
        query = select(size, checkpoints.c.note).where(size > last, size <= newest).order_by(size)
        rows = journal.read(query.limit(_CHECKPOINTS_AT_ONCE))
        lines = _cosignatures(journal, last, rows[-1].size) if rows else {}
        for row in rows:
            yield SignedSize(row.size, f"checkpoint {row.size}", _text(row.note), tuple(lines.get(row.size, ())))
        last = rows[-1].size if rows else newest


def _cosignatures(journal: Journal, after: int, until: int) -> dict[int, list[str]]:
    """Lines by size, each as it stands there."""
    columns = cosignatures.c
    query = select(columns.size, columns.line).where(columns.size > after, columns.size <= until)
    found: dict[int, list[str]] = {}
    for row in journal.read(query.order_by(columns.size, columns.witness)):
        found.setdefault(row.size, []).append(_text(row.line) or "")
    return found


def _text(note: object) -> str | None:
    return note if isinstance(note, str) else None


def _merged(stored: Iterator[SignedSize], kept: Sequence[SignedSize]) -> Iterator[SignedSize]:
    """All by size; of equal ones the journal's own first."""
    waiting = list(kept)
    for each in stored:
        while waiting and waiting[0].size < each.size:
            yield waiting.pop(0)
        yield each
    yield from waiting
