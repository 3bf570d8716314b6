"""Records drawn by a seed, so that nobody chose them; and the drawing checked without the journal.

    score of record n   SHA-256 over `seed`, a zero byte, the root of the checkpoint, a zero byte and n in decimal

Records are drawn in the order of their scores, the least first. Each that the filter wants is taken, until there are as
many as asked for; the others are passed over, and stand in the sample too. Seed and root decide the order: the auditor
names the seed after the root was signed, so neither side can choose what comes out. The proof of a record has its
header, and the filter asks for nothing else; so whoever has the proofs and the journal's verifier key draws again and
sees that nothing was left out.
"""

from __future__ import annotations

import binascii
import heapq
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, select

from ledger.audit.report_lines import ReportLine
from ledger.journal.journal import Journal
from ledger.record.checkpoints import Checkpoint
from ledger.record.log_proofs import BadProof, read_proof
from ledger.record.record_header import Header
from ledger.record.signed_notes import NoteVerifier
from ledger.search.all_wanted import headers_at
from ledger.search.record_search import DECIDED
from ledger.store.key_database import SubjectKeys
from ledger.store.tables import checkpoints
from ledger.store.trouble import DAMAGED, FileTrouble

COLUMNS = ("drawn", "taken", "id", "kind", "case", "outcome", "policy", "score")
"""`drawn`: the order, from 1. `taken`: whether the filter wants it."""

FORMAT = 1
COUNT_MAX = 10_000

DRAWN_MAX = 50_000
"""Records drawn at most, wanted or not: each has a proof of its own in the sample."""


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
        """Decisions only, also those that were taken over from an earlier journal."""
        return (
            header.kind in DECIDED
            and self.case in (None, header.case)
            and self.outcome in (None, header.outcome)
            and (self.since is None or header.at >= self.since)
            and (self.until is None or header.at <= self.until)
        )

    def filter_words(self) -> str:
        """What is wanted, in a line: `order, hold, from 2026-03-01T00:00:00.000000Z`."""
        period = (f"{word} {time}" for word, time in (("from", self.since), ("until", self.until)) if time)
        return ", ".join([each for each in (self.case, self.outcome) if each] + [*period]) or "all decisions"

    def differing(self, other: SamplePlan) -> Iterator[tuple[str, object, object]]:
        """What of two plans isn't the same: the member, what it is here and what there."""
        for member in fields(self):
            here, there = getattr(self, member.name), getattr(other, member.name)
            if here != there:
                yield member.name, here, there

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


@dataclass(frozen=True, slots=True)
class Sample:
    """What was drawn, and of what."""

    drawn: list[Drawn]
    checkpoint: Checkpoint
    """Of the records that were drawn from: how many, and their root."""

    @property
    def root(self) -> str:
        """As checkpoints write it: base64."""
        return b64encode(self.checkpoint.root).decode()

    @property
    def taken(self) -> int:
        """How many are wanted."""
        return sum(each.is_taken for each in self.drawn)


class TooRare(ValueError):
    """So little of what was drawn is wanted that the sample would be most of the journal."""


class SampleFault(ValueError):
    """The sample is not the one that its seed draws; the message says where."""


def score_of(seed: str, root: bytes, place: int) -> bytes:
    """Equal for nobody who doesn't have the same seed, log and place."""
    return sha256(b"%b\0%b\0%d" % (seed.encode(), root, place)).digest()


HeadersAt = Callable[[Sequence[int]], Iterator[Header]]
"""Gives the headers of these places in their order, as they are asked for."""


def draw(plan: SamplePlan, checkpoint: Checkpoint, read_headers: HeadersAt) -> Sample:
    """All that were drawn until enough were taken, or none is left. Raises `TooRare`."""
    order = _in_order(plan.seed, checkpoint)
    drawn: list[Drawn] = []
    taken = 0
    for (score, _), header in zip(order, read_headers([place for _, place in order]), strict=True):
        drawn.append(Drawn(header, score.hex(), plan.wants(header)))
        taken += drawn[-1].is_taken
        if taken == plan.count:
            return Sample(drawn, checkpoint)
    if len(order) < checkpoint.size:
        raise TooRare(
            f"only {taken:,} of the first {len(order):,} records drawn are wanted, too rare to take {plan.count:,}; "
            "ask for no more than that, or export what is wanted and look at all of it"
        )
    return Sample(drawn, checkpoint)


def _in_order(seed: str, checkpoint: Checkpoint) -> list[tuple[bytes, int]]:
    """Scores and places, the least score first, at most `DRAWN_MAX` of them: each score is computed once, and no more
    are kept."""
    scores = ((score_of(seed, checkpoint.root, place), place) for place in range(checkpoint.size))
    return heapq.nsmallest(DRAWN_MAX, scores)


def journal_sample(journal: Journal, plan: SamplePlan, size: int | None = None) -> Sample:
    """What is drawn of the records that a checkpoint covers, that of so many records or the newest. The root is that of
    the stored note, whose signature whoever checks the sample verifies. Raises `FileTrouble`, `JournalUnavailable` and
    `TooRare`."""
    return draw(plan, journal.ask(partial(_checkpoint, size=size)), partial(headers_at, journal))


def _checkpoint(connection: Connection, _: SubjectKeys, size: int | None) -> Checkpoint:
    query = select(checkpoints)
    if size is not None:
        query = query.where(checkpoints.c.size == size)
    row = connection.execute(query.order_by(checkpoints.c.size.desc()).limit(1)).first()
    if row is None and size is not None:
        raise FileTrouble(f"the journal has no checkpoint of {size:,} records; give the size of one that was signed")
    if row is None:
        raise FileTrouble("the journal has no checkpoint yet; one is signed within a second of its first record")
    try:
        origin, said, root = row.note.split("\n")[:3]
        checkpoint = Checkpoint(origin, int(said), b64decode(root, validate=True))
    except (ValueError, binascii.Error):
        raise FileTrouble(f"{DAMAGED}: checkpoint {row.size} can't be read") from None
    if checkpoint.size != row.size:
        raise FileTrouble(f"{DAMAGED}: checkpoint {row.size} is of another size")
    return checkpoint


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


def checked_sample(plan: SamplePlan, size: int, proofs: dict[int, str], *verifiers: NoteVerifier) -> Sample:
    """Draws again from the proofs alone, by their places. Raises `SampleFault` where a proof doesn't hold, one that is
    drawn isn't there, or there are others. Whether plan and checkpoint are those that the auditor asked for is compared
    by whoever has both: a folder says only what whoever made it wants."""
    headers, checkpoint = _proved(proofs, verifiers)
    if checkpoint.size != size:
        raise SampleFault(f"the proofs are by the checkpoint of {checkpoint.size} records, not of {size}")

    def proved_at(places: Sequence[int]) -> Iterator[Header]:
        for place in places:
            if place not in headers:
                raise SampleFault(f"record {place} is drawn, and its proof is not there")
            yield headers[place]

    try:
        sample = draw(plan, checkpoint, proved_at)
    except TooRare as error:
        raise SampleFault(str(error)) from error
    if strangers := headers.keys() - {each.header.seq for each in sample.drawn}:
        raise SampleFault(f"record {min(strangers)} is there, and it is not drawn")
    return sample


def _proved(proofs: dict[int, str], verifiers: Sequence[NoteVerifier]) -> tuple[dict[int, Header], Checkpoint]:
    """The headers by their places, and the one checkpoint of all. Raises `SampleFault`."""
    headers: dict[int, Header] = {}
    checkpoints: set[Checkpoint] = set()
    for place, text in proofs.items():
        try:
            header, checkpoint = read_proof(text).checked(*verifiers)
        except BadProof as error:
            raise SampleFault(f"record {place}: {error}") from error
        if header.seq != place:
            raise SampleFault(f"record {place}: its proof is that of record {header.seq}")
        headers[place] = header
        checkpoints.add(checkpoint)
    if len(checkpoints) != 1:
        raise SampleFault("the proofs are not all by one checkpoint" if checkpoints else "there are no proofs")
    return headers, checkpoints.pop()
