"""What an engine answers to a request of then: with the policies, the facts, the day and the id of the record.

The answer names the engine that gave it. Since it is asked what the engine of then answered, the name of that one
stands there: all other bytes are the asked engine's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from engine.pipeline import Engine, load_stored
from engine.vocabulary.binding import FactsRefused
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.strict_json import JsonRefused, read_json_object
from ledger.record.decision_parts import answer_parts
from ledger.record.policy_versions import gives_version

ENGINES_KEPT = 4
"""Policy sets that stay compiled: records come in their order, and sets change seldom."""


class CannotDecide(Exception):
    """This engine can't decide the request: it doesn't know the kind of case, the policies or a fact."""


class Undecided(CannotDecide):
    """It was not tried to the end: a limit of time or memory came first. Says nothing of the decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedRequest:
    """What of a record it takes to decide again."""

    case: str
    """The kind of case."""

    request: str
    """The body as it was received."""

    as_of: str
    """The day that was decided for: ISO 8601."""

    id: str
    """Of the decision."""

    engine: str
    """Of the engine that decided, as the answer names it."""

    dropped: tuple[str, ...] = ()
    """Facts that were left out of account then, as the answer names them."""


@dataclass(frozen=True, slots=True)
class StoredPolicies:
    """A policy set as the journal keeps it."""

    version: str
    files: Mapping[str, str]
    """File name → text."""

    standard_facts: str | None
    """The engine's own facts of that time; None: not kept, so this engine's."""

    def gives_its_version(self) -> bool:
        """Whether the files are those that the version stands for."""
        return gives_version(self.version, self.files, self.standard_facts)

    def contents(self) -> dict[str, bytes]:
        """As `load_stored` takes them."""
        return {name: text.encode() for name, text in self.files.items()}


class AskedAgain:
    """Policy sets compiled by the running engine, a few of them kept."""

    def __init__(self, *known: Engine) -> None:
        """`known`: sets that decide already. They are closed by whoever made them."""
        self._known = {engine.version: engine for engine in known}
        self._compiled: dict[str, Engine] = {}

    def answer(self, policies: StoredPolicies, asked: RecordedRequest) -> bytes:
        """The answer's bytes. Raises `CannotDecide`."""
        engine = self._known.get(policies.version) or self.engine(policies)
        if asked.case not in CASE_KINDS:
            raise CannotDecide(f"knows no kind of case `{asked.case}`")
        try:
            body = read_json_object(asked.request, decimals_as_text=False, example="{…}")
            decision = engine.decide_request(asked.case, body, date.fromisoformat(asked.as_of), asked.id, asked.dropped)
        except (JsonRefused, FactsRefused, ValueError) as error:
            raise CannotDecide(f"takes the request no more: {error}") from error
        answer, _ = answer_parts(replace(decision, engine_version=asked.engine))
        return answer

    def close(self) -> None:
        """Frees what was compiled here."""
        for engine in self._compiled.values():
            engine.close()
        self._compiled.clear()

    def engine(self, policies: StoredPolicies) -> Engine:
        """The set, compiled. Raises `CannotDecide`."""
        engine = self._compiled.get(policies.version)
        if engine is None:
            facts = None if policies.standard_facts is None else policies.standard_facts.encode()
            loaded = load_stored(policies.contents(), facts)
            if loaded.engine is None:
                raise CannotDecide(f"takes the policies no more: {loaded.diagnostics[0]}")
            if loaded.engine.version != policies.version:
                raise CannotDecide("makes another version of the policies")
            if len(self._compiled) >= ENGINES_KEPT:
                self._compiled.pop(next(iter(self._compiled))).close()
            engine = self._compiled[policies.version] = loaded.engine
        return engine
