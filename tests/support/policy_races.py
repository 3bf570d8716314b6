"""Persons who act on changes of policies at once, each over a journal of their own on one place."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from hashlib import sha256

from sqlalchemy import Connection, func, select

from ledger.journal.journal import Journal
from ledger.journal.policy_timeline import activation_rows
from ledger.policies.findings import Findings
from ledger.policies.policy_life import PolicyLife, PolicyRequest
from ledger.policies.proposal import Proposal, ProposalKind
from ledger.policies.proposal_rows import proposal_numbered
from ledger.policies.states import ActRefused, ActWord, ProposalEdit
from ledger.record.actors import Actor
from ledger.store.place import JournalPlace
from ledger.store.policy_tables import policy_approvals, policy_proposals
from ledger.store.trouble import JournalUnavailable

PERSONS = ("ann", "ben", "cas", "dee", "eva", "fox")
WORDS = (
    ActWord.EDIT,
    ActWord.PROPOSE,
    ActWord.APPROVE,
    ActWord.APPROVE,
    ActWord.ACTIVATE,
    ActWord.ACTIVATE,
    ActWord.REJECT,
)


def version_of(files: Mapping[str, str]) -> str:
    """A stand-in: what matters here is only that other files have another one."""
    return sha256(repr(sorted(files.items())).encode()).hexdigest()


class Passing:
    """Gates that pass whatever has files."""

    async def examined(
        self,
        files: Mapping[str, str],
        tests: Mapping[str, str],  # noqa: ARG002
        before: object,  # noqa: ARG002
        *,
        proves: bool = True,  # noqa: ARG002
    ) -> Findings:
        return Findings(version=version_of(files), tests_passed=1)


def asked(person: str) -> PolicyRequest:
    """In the name of a person with a key of their own."""
    actor = Actor(key=f"k-{person}", person=person)
    return PolicyRequest(actor=actor, shown=lambda _, __, proposal: str(proposal.number).encode())


async def first_in_force(life: PolicyLife) -> None:
    """By two persons."""
    number = int(await life.begin(asked("ann"), ProposalEdit(title="1", why="1", files={"a": "0"}), ProposalKind.FIRST))
    await life.propose(asked("ann"), number)
    for word in (ActWord.APPROVE, ActWord.ACTIVATE):
        await life.act(asked("ben"), number, word)


async def race(place: JournalPlace, acts: int, seed: int) -> Counter[str]:
    """So many acts by six persons at once on a few changes; how many of each came to what."""
    journals = [Journal(place) for _ in PERSONS]
    came: Counter[str] = Counter()
    try:
        await first_in_force(PolicyLife(journals[0], Passing()))

        async def one(person: str, journal: Journal, chance: random.Random) -> None:
            life = PolicyLife(journal, Passing())
            for at in range(acts // len(PERSONS)):
                came[await _act(life, journal, person, chance, at)] += 1

        await asyncio.gather(
            *(
                one(person, journal, random.Random(f"{seed} {person}"))
                for person, journal in zip(PERSONS, journals, strict=True)
            )
        )
    finally:
        for journal in journals:
            await asyncio.to_thread(journal.close)
    return came


async def _act(life: PolicyLife, journal: Journal, person: str, chance: random.Random, at: int) -> str:
    files = {"a": f"{person} {at}"}
    try:
        if at % 8 == 0:
            number = int(await life.begin(asked(person), ProposalEdit(title="t", why="w", files=files)))
            await life.propose(asked(person), number)
            return "proposed"
        newest = await asyncio.to_thread(journal.ask, lambda connection, _: _newest(connection))
        number = max(1, newest - chance.randrange(4))
        word = chance.choice(WORDS)
        if word is ActWord.PROPOSE:
            await life.propose(asked(person), number)
        else:
            edit = ProposalEdit(files=files) if word is ActWord.EDIT else None
            await life.act(asked(person), number, word, edit=edit)
    except ActRefused as refused:
        return refused.code
    except JournalUnavailable:  # another process held it for longer than a writer waits: nothing was done
        return "busy"
    return word.value


def _newest(connection: Connection) -> int:
    return int(connection.scalar(select(func.max(policy_proposals.c.number))) or 1)


def require_sound(connection: Connection) -> int:
    """Every activation follows the one before without a gap, and was approved by somebody else, exactly as it is. How
    many there are."""
    rows = activation_rows(connection)
    assert [row.number for row in rows] == list(range(1, len(rows) + 1))
    assert [row.seq for row in rows] == sorted(row.seq for row in rows)
    for before, row in zip([None, *rows], rows, strict=False):
        proposal = proposal_numbered(connection, row.proposal)
        assert proposal is not None
        assert (proposal.version, proposal.activation, proposal.base) == (
            row.version,
            row.number,
            before and before.version,
        )
        _require_approved(connection, proposal)
    assert len({row.version for row in rows}) == len({row.proposal for row in rows})
    return len(rows)


def _require_approved(connection: Connection, proposal: Proposal) -> None:
    columns = policy_approvals.c
    query = select(columns.person).where(columns.proposal == proposal.number, columns.digest == proposal.digest)
    approvers = set(connection.execute(query).scalars())
    assert approvers, proposal.number
    assert not approvers & proposal.hands, (approvers, proposal.hands)
