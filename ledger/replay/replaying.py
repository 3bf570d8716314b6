"""A record in, a word out: whether its decision comes out again as it was answered.

The running engine is asked first. Where its bytes are others and the record was made by another engine, that one is
asked by its wheel, if a wheelhouse has it: what counts then is what the engine of the record says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from engine.version import ENGINE_VERSION
from engine.vocabulary.strict_json import read_json
from ledger.journal.opened_records import GoneRecord, OpenedRecord, PolicySet
from ledger.record.body_parts import BadBody
from ledger.record.decision_parts import ANSWER, REQUEST
from ledger.record.record_header import Header, RecordKind
from ledger.replay.comparison import Verdict, compared
from ledger.replay.request_again import CannotDecide, RecordedRequest, StoredPolicies, Undecided
from ledger.search.record_search import DECIDED, FoundRecord, UnreadableRecord

ERASED = "erased"
NEEDS_ENGINE = "needs engine"
REFUSED = "REFUSED"
"""Words beside those of `Verdict`: the body can't be read any more; only the engine of then could say; what is kept
is not what was recorded, so nothing is made of it."""


HOLDING = frozenset({Verdict.NONE.value, Verdict.WORDING.value, ERASED})
"""Words that say of a decision that it was as recorded, or that nobody can say any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What came of one record."""

    seq: int
    id: str
    engine: str
    """That decided then."""

    word: str
    """`same bytes`, `DIFFERENT (outcome)`, `needs engine 0.2.0+5d31…`, …"""

    why: str = ""
    """Where the word needs more."""

    by: str = ""
    """The engine whose answer was compared; empty where none was."""

    @property
    def group(self) -> str:
        """The word without what belongs to this record alone, to count by."""
        return REFUSED if self.word.startswith(REFUSED) else self.word

    @property
    def holds(self) -> bool:
        """See `HOLDING`."""
        return self.word in HOLDING


class RunningEngine(Protocol):
    """The engine of this release, here or in a process with limits."""

    def answer(self, policies: StoredPolicies, asked: RecordedRequest) -> bytes:
        """What it answers today. Raises `CannotDecide`."""


class OtherEngines(Protocol):
    """Engines that don't run here."""

    def answer(self, policies: StoredPolicies, asked: RecordedRequest) -> bytes | None:
        """What the engine that the request names answers; None where it isn't there. Raises `CannotDecide`."""


class NoOtherEngines:
    """Where no wheelhouse is given."""

    def answer(self, policies: StoredPolicies, asked: RecordedRequest) -> bytes | None:
        """None of them is there."""
        del policies, asked
        return None


class Replayer:
    """Replays records of one journal. `policy_set` reads a set by its version; whoever made the engines closes them."""

    def __init__(
        self,
        policy_set: Callable[[str], PolicySet | None],
        running: RunningEngine,
        others: OtherEngines | None = None,
    ) -> None:
        self._policy_set = policy_set
        self._running = running
        self._others = others or NoOtherEngines()
        self._policies: StoredPolicies | None = None  # of the record before

    def replayed(self, record: FoundRecord) -> Replayed:
        """Raises `FileTrouble` and `JournalUnavailable` where the policy sets can't be read."""
        header = record.header
        if header.kind not in DECIDED:
            return _said(header, f"{REFUSED} (it holds no decision)")
        if isinstance(record, UnreadableRecord):
            return _said(header, f"{REFUSED} (its body is not the one recorded)", record.trouble)
        if isinstance(record, GoneRecord):
            return _said(header, ERASED, record.why)
        try:
            asked, answer = _recorded(record)
            policies = self._stored(header.policy)
        except _NotAsRecorded as refused:
            return _said(header, f"{REFUSED} ({refused})")
        if policies is None:
            return _said(header, f"{NEEDS_ENGINE} {header.engine}", "its policies are not kept")
        return self._compared(header, policies, asked, answer)

    def _compared(self, header: Header, policies: StoredPolicies, asked: RecordedRequest, answer: bytes) -> Replayed:
        word, why, by = f"{NEEDS_ENGINE} {asked.engine}", "", ""
        try:
            again = self._running.answer(policies, asked)
            word, by = compared(answer, again), ENGINE_VERSION
        except ValueError as error:  # of the recorded one: an engine's own can be read
            return _said(header, f"{REFUSED} (its answer is none)", str(error))
        except CannotDecide as error:
            why = f"this one {error}"
            if asked.engine == ENGINE_VERSION and not isinstance(error, Undecided):
                word = Verdict.OUTCOME  # it decided then, so that it can't now is a difference
        if asked.engine == ENGINE_VERSION:
            return _said(header, word, why, by)
        if word == Verdict.NONE:
            return _said(header, word, why, by)
        try:
            other = self._others.answer(policies, asked)
            if other is not None:
                return _said(header, compared(answer, other), "", asked.engine)
        except (CannotDecide, ValueError) as error:
            return _said(header, f"{NEEDS_ENGINE} {asked.engine}", f"its wheel {error}")
        if by:
            why = f"by another engine than the one that decided, {asked.engine}"
        return _said(header, word, why, by)

    def _stored(self, version: str) -> StoredPolicies | None:
        if self._policies is None or self._policies.version != version:
            kept = self._policy_set(version)
            if kept is None:
                return None
            stored = StoredPolicies(kept.version, kept.files, kept.standard_facts)
            if not stored.gives_its_version() and stored.standard_facts is not None:
                raise _NotAsRecorded(f"the files of policy set {version[:8]} do not give its version")
            self._policies = stored
        return self._policies


class _NotAsRecorded(Exception):
    """What is kept contradicts itself."""


def _recorded(record: OpenedRecord) -> tuple[RecordedRequest, bytes]:
    """What was asked and answered. Raises `_NotAsRecorded` where the answer is not the header's."""
    header = record.header
    try:
        request, answer = record.body.document(REQUEST), record.body.document(ANSWER)
        said: Any = None if answer is None else read_json(answer, decimals_as_text=True)
        text = None if request is None else request.decode()
    except (BadBody, ValueError):
        raise _NotAsRecorded("its body can't be read") from None
    if answer is None or text is None or not isinstance(said, dict):
        raise _NotAsRecorded("it holds no decision")
    recorded = {"id": header.id, "case": header.case, "outcome": header.outcome, "policy_version": header.policy}
    if header.kind == RecordKind.DECISION:
        recorded["engine_version"] = header.engine
    for name, value in recorded.items():
        if said.get(name) != value:
            raise _NotAsRecorded(f"its answer says another {name} than its header")
    as_of, engine = str(said.get("as_of")), str(said.get("engine_version", ""))
    gone = said.get("dropped_facts") or []
    dropped = tuple(map(str, gone)) if isinstance(gone, list) else ()
    asked = RecordedRequest(case=header.case, request=text, as_of=as_of, id=header.id, engine=engine, dropped=dropped)
    return asked, answer


def _said(header: Header, word: str, why: str = "", by: str = "") -> Replayed:
    return Replayed(seq=header.seq, id=header.id, engine=header.engine, word=str(word), why=why, by=by)
