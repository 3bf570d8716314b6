"""Records drawn by a seed, so that nobody chose them; and the drawing checked without the journal.

    score of record n   SHA-256 over `seed`, a zero byte, the root of the checkpoint, a zero byte and n in decimal

Records are drawn in the order of their scores, the least first. Each that the filter wants is taken, until there are as
many as asked for; the others are passed over, and stand in the sample too. Seed and root decide the order: the auditor
names the seed after the root was signed, so neither side can choose what comes out. The proof of a record has its
header, and the filter asks for nothing else; so whoever has the proofs and the journal's verifier key draws again and
sees that nothing was left out.
"""

from __future__ import annotations

import heapq
import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select

from ledger.audit.report_lines import ReportLine
from ledger.record.checkpoints import Checkpoint
from ledger.record.log_proofs import BadProof, read_proof
from ledger.record.record_header import Header, RecordKind
from ledger.record.signed_notes import NoteVerifier
from ledger.search.record_search import header_of
from ledger.store.tables import checkpoints, entries
from ledger.store.trouble import DAMAGED, FileTrouble

COLUMNS = ("drawn", "taken", "id", "kind", "case", "outcome", "policy", "score")
"""`drawn`: the order, from 1. `taken`: whether the filter wants it."""

FORMAT = 1
COUNT_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePlan:
    """What is to be drawn. All of it is looked at in headers alone."""

    seed: str
    """The auditor's word: digits of a lottery, a date, anything."""

    count: int
    """How many records are taken at most."""

    case: str | None = None
    """Decisions on this kind of case; None: on any."""

    outcome: str | None = None
    """With this outcome; None: any."""

    since: str | None = None
    """Recorded at this time or later, as headers write times."""

    until: str | None = None
    """Recorded at this time or earlier."""

    def wants(self, header: Header) -> bool:
        """Decisions only."""
        return (
            header.kind == RecordKind.DECISION
            and self.case in (None, header.case)
            and self.outcome in (None, header.outcome)
            and (self.since is None or header.at >= self.since)
            and (self.until is None or header.at <= self.until)
        )

    def text(self, size: int) -> str:
        """As it stands beside the proofs: JSON."""
        said = {"format": FORMAT, "size": size, "seed": self.seed, "count": self.count, "case": self.case}
        return json.dumps({**said, "outcome": self.outcome, "from": self.since, "until": self.until}, indent=2) + "\n"


@dataclass(frozen=True, slots=True)
class Drawn:
    """A record that was drawn."""

    header: Header
    score: str
    """Hexadecimal."""

    is_taken: bool


class SampleFault(ValueError):
    """The sample is not the one that its seed draws; the message says where."""


def score_of(seed: str, root: bytes, place: int) -> bytes:
    """Equal for nobody who doesn't have the same seed, log and place."""
    return sha256(b"%b\0%b\0%d" % (seed.encode(), root, place)).digest()


def draw(plan: SamplePlan, checkpoint: Checkpoint, header_at: Callable[[int], Header]) -> list[Drawn]:
    """All that were drawn until enough were taken, or none is left."""
    drawn: list[Drawn] = []
    taken = 0
    for score, place in _in_order(plan.seed, checkpoint):
        if taken >= plan.count:
            break
        header = header_at(place)
        drawn.append(Drawn(header, score.hex(), plan.wants(header)))
        taken += drawn[-1].is_taken
    return drawn


def _in_order(seed: str, checkpoint: Checkpoint) -> Iterator[tuple[bytes, int]]:
    """Scores and places, the least score first: a few at first, all only where they are needed."""
    size, given, some = checkpoint.size, 0, 1_000
    while given < size:
        scores = ((score_of(seed, checkpoint.root, place), place) for place in range(size))
        yield from islice(heapq.nsmallest(min(some, size), scores), given, None)
        given, some = min(some, size), some * 8


def journal_sample(connection: Connection, plan: SamplePlan) -> tuple[list[Drawn], int]:
    """What is drawn of the records that the newest checkpoint covers, and how many they are. The root is that of the
    stored note, whose signature whoever checks the sample verifies. Raises `FileTrouble`."""
    row = connection.execute(select(checkpoints).order_by(checkpoints.c.size.desc()).limit(1)).first()
    if row is None:
        raise FileTrouble("the journal has no checkpoint yet; one is signed within a second of its first record")
    origin, size, root = row.note.split("\n")[:3]

    def header_at(place: int) -> Header:
        found = connection.execute(select(entries.c.seq, entries.c.header).where(entries.c.seq == place)).first()
        if found is None:
            raise FileTrouble(f"{DAMAGED}: record {place} is missing")
        return header_of(found)

    return draw(plan, Checkpoint(origin, int(size), b64decode(root)), header_at), row.size


def sample_lines(drawn: list[Drawn]) -> list[ReportLine]:
    """In the order in which they were drawn."""
    return [
        ReportLine(
            each.header,
            {
                "drawn": number,
                "taken": each.is_taken,
                "id": each.header.id,
                "kind": each.header.kind,
                "case": each.header.case or None,
                "outcome": each.header.outcome or None,
                "policy": each.header.policy or None,
                "score": each.score,
            },
        )
        for number, each in enumerate(drawn, 1)
    ]


def read_plan(text: str) -> tuple[SamplePlan, int]:
    """What `SamplePlan.text` wrote, and how many records the log had. Raises `SampleFault`."""
    try:
        said: dict[str, Any] = json.loads(text)
        form, size = said.pop("format"), said.pop("size")
        plan = SamplePlan(**{{"from": "since"}.get(name, name): value for name, value in said.items()})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SampleFault("sample.json is not what a sample's plan is") from error
    if form != FORMAT:
        raise SampleFault("the sample is of another format")
    texts = (plan.seed, *(each or "" for each in (plan.case, plan.outcome, plan.since, plan.until)))
    if type(size) is not int or type(plan.count) is not int or not all(isinstance(each, str) for each in texts):
        raise SampleFault("sample.json is not what a sample's plan is")
    return plan, size


def checked_sample(plan: SamplePlan, size: int, proofs: dict[int, str], verifier: NoteVerifier) -> list[Drawn]:
    """Draws again from the proofs alone, by their places. Raises `SampleFault` where a proof doesn't hold, one that is
    drawn isn't there, or there are others."""
    headers: dict[int, Header] = {}
    checkpoints: set[Checkpoint] = set()
    for place, text in proofs.items():
        try:
            header, checkpoint = read_proof(text).checked(verifier)
        except BadProof as error:
            raise SampleFault(f"record {place}: {error}") from error
        if header.seq != place:
            raise SampleFault(f"record {place}: its proof is that of record {header.seq}")
        headers[place] = header
        checkpoints.add(checkpoint)
    if len(checkpoints) != 1:
        raise SampleFault("the proofs are not all by one checkpoint" if checkpoints else "there are no proofs")
    [checkpoint] = checkpoints
    if checkpoint.size != size:
        raise SampleFault(f"the proofs are by the checkpoint of {checkpoint.size} records, not of {size}")

    def header_at(place: int) -> Header:
        if place not in headers:
            raise SampleFault(f"record {place} is drawn, and its proof is not there")
        return headers[place]

    drawn = draw(plan, checkpoint, header_at)
    if strangers := headers.keys() - {each.header.seq for each in drawn}:
        raise SampleFault(f"record {min(strangers)} is there, and it is not drawn")
    return drawn
