"""What each name stands for while a stretch is compiled, as each policy sees it. Part of `stretches`.

A policy sees its own definitions by their short names (`grade`), what other policies define by full names
(`grading.grade`), and the facts of its case kind (`order.amount`). A name that it may not read is refused with the
reason, unlike one that there is not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from engine.compiling.expressions import Broken, Scope
from engine.compiling.link import Linked, known_names, readable
from engine.compiling.mismatch import Mismatch
from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place
from engine.reading.policy import LISTS, Policy
from engine.ruleset.formula import Constant, Formula, Variable
from engine.ruleset.ruleset import AS_OF
from engine.vocabulary.case_kinds import CASE_KINDS
from engine.vocabulary.vocabulary import DATE, Type, Vocabulary

UNREAD_ACTIONS = "actions:"
"""Stands among what is unread where the site's own actions may not all be known. No name looks like it."""


class Names:
    """Facts, and definitions as they are compiled one after the other.

    `linked` says which names there are, `vocabulary` which facts. `unread` are policies and facts of files that could
    not be read: nobody knows what they would have been, so nothing is said of formulas that name them. Mistakes are
    added to `report`. `constants` holds the parameters that have a value, by full name.
    """

    def __init__(
        self, linked: Linked, vocabulary: Vocabulary, unread: Collection[str], report: list[Diagnostic]
    ) -> None:
        self.vocabulary = vocabulary
        self.report = report
        self.constants: dict[str, Constant] = {}
        self.lists = linked.lists
        self._linked = linked
        self._unread = unread
        self._lists: set[str] = set()
        self._facts = {
            fact.name: Variable(fact.type, fact.name, nullable=not fact.required) for fact in vocabulary.facts.values()
        }
        self._facts[AS_OF] = Variable(DATE, AS_OF, nullable=False)
        # None: broken, and reported; or part of a circle, which is reported too
        self._defined: dict[str, Formula | None] = {name: None for unit in linked.units for name in unit.gives}
        self._scopes = {name: self._scope(policy) for name, policy in linked.policies.items()}

    def scope(self, policy: Policy) -> Scope:
        """The names as this policy sees them; later definitions are seen through it too. A policy that is not of the
        set sees what one of its case kind does."""
        return self._scopes.get(policy.name) or self._scope(policy)

    def fail(self, place: Place, mismatch: Mismatch) -> None:
        """Reports a mistake whose place its finder didn't know."""
        self.report.append(Diagnostic(place, mismatch.code, mismatch.message, mismatch.hint))

    def actions_are_known(self) -> bool:
        """Whether an action that the vocabulary doesn't have is a mistake, and not perhaps one of the site's own."""
        return UNREAD_ACTIONS not in self._unread

    def define(self, name: str, formula: Formula | None) -> None:
        """Gives a full name its formula, most often a variable. None marks a definition with mistakes: whatever reads
        it is left out without a further message."""
        self._defined[name] = formula

    def take_over(self, names: Iterable[str], other: Names) -> None:
        """Defines these names as `other` does."""
        for name in names:
            self._defined[name] = other._defined[name]
            if name in other._lists:
                self._lists.add(name)

    def define_list(self, name: str) -> None:
        """Marks a name as a list, which no formula may read."""
        self._lists.add(name)

    def defined(self, name: str) -> Formula | None:
        """A definition's formula; None where it is broken."""
        return self._defined.get(name)

    def full_name(self, policy: Policy, name: str) -> str | None:
        """The full name of the fact, value or parameter that `name` is in this policy; None where it is none."""
        candidates = (f"{policy.name}.{name}", name)
        return next((n for n in candidates if n in self._facts or self._defined.get(n) is not None), None)

    def full_names(self, policy: Policy, names: Iterable[str]) -> tuple[str, ...]:
        """Of those of the names that are facts, values or parameters here, the full ones in order, each once."""
        full = (self.full_name(policy, name) for name in names)
        return tuple(dict.fromkeys(name for name in full if name is not None))

    def types(self) -> dict[str, Type]:
        """The types of all facts and of all definitions without mistakes, by full name."""
        types = {name: variable.type for name, variable in self._facts.items()}
        return types | {name: formula.type for name, formula in self._defined.items() if formula is not None}

    def _scope(self, policy: Policy) -> Scope:
        known: tuple[str, ...] = ()

        def names() -> Iterable[str]:
            nonlocal known
            groups = CASE_KINDS[policy.decides].groups
            known = known or tuple(known_names(policy, self._linked, self.vocabulary, groups))
            return known

        return Scope(lambda name: self._look_up(policy, name), names)

    def _look_up(self, policy: Policy, name: str) -> Formula | None:
        own_name = f"{policy.name}.{name}"
        if own_name in self._defined:
            return self._sound(own_name)
        if name in self._facts:
            self._require_readable_fact(policy, name)
            return self._facts[name]
        if name in self._defined and name.startswith(f"{LISTS}."):
            return self._sound(name)
        if name in self._defined:
            self._require_readable_policy(policy, name)
            return self._sound(name)
        if name in self._unread or name.partition(".")[0] in self._unread:
            raise Broken
        return None

    def _sound(self, name: str) -> Formula:
        if name in self._lists:
            hint = "lists are results only; a table with `hit: collect sum` or `collect count` gives a number"
            raise Mismatch(ErrorCode.N008, f"`{name}` is a list, which formulas can't read", hint)
        formula = self._defined[name]
        if formula is None:
            raise Broken
        return formula

    def _require_readable_fact(self, policy: Policy, name: str) -> None:
        group = name.partition(".")[0]
        if name != AS_OF and group not in CASE_KINDS[policy.decides].groups:
            message = f"`{name}` is not known where a policy decides `{policy.decides}`"
            raise Mismatch(ErrorCode.N003, message, f"move this to a policy with `decides: {group}`")

    def _require_readable_policy(self, policy: Policy, name: str) -> None:
        other = self._linked.policies[name.partition(".")[0]]
        if not readable(policy, other):
            message = f"a policy that decides `{policy.decides}` can't read `{name}`, which decides `{other.decides}`"
            raise Mismatch(ErrorCode.N003, message, _who_reads_whom())


def _who_reads_whom() -> str:
    """A hint: "policies read their own case kind and, for orders and invoices, accounts"."""
    readers: dict[tuple[str, ...], list[str]] = {}
    for kind in CASE_KINDS.values():
        if kind.reads:
            readers.setdefault(kind.reads, []).append(kind.name)
    others = [f"for {_plural(names)}, {_plural(read)}" for read, names in readers.items()]
    return "policies read their own case kind" + (f" and, {'; '.join(others)}" if others else "")


def _plural(kinds: Iterable[str]) -> str:
    *others, last = [f"{kind}s" for kind in kinds]
    return f"{', '.join(others)} and {last}" if others else last
