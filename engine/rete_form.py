"""The rule set as Rete networks of durable_rules: the second opinion on what fires.

Each match is one rule of a network, grouped as `engine.conditions` says. The Python form gives the integers to compare;
which of the conjunctions hold is found here and nowhere else.
"""

from __future__ import annotations

from threading import Lock

from engine.conditions import Group
from engine.python_form import Matched, PythonForm
from engine.rete_network import ReteNetwork
from engine.ruleset import RuleSet


class ReteForm:
    def __init__(self, groups: tuple[Group, ...]) -> None:
        self._networks = [(_network(group), group.matches[0]) for group in groups]
        self._lock = Lock()

    def match(self, matched: Matched) -> list[int]:
        """Ascending indices into `PythonForm.matches` of what fires. Raises `ReteError`."""
        fired = []
        with self._lock:
            for (network, first), fact in zip(self._networks, matched.asserted, strict=True):
                for rule in network.match(fact):
                    fired.append(first + rule)
        fired.sort()
        return fired

    def close(self) -> None:
        """Frees the networks now instead of with the last reference."""
        with self._lock:
            for network, _ in self._networks:
                network.close()
            self._networks = []


def lower(ruleset: RuleSet, python_form: PythonForm) -> ReteForm:
    return ReteForm(python_form.groups)


def _network(group: Group) -> ReteNetwork:
    field = {subject: index for index, subject in enumerate(group.subjects)}
    rules = [[(field[part.subject], part.operator, part.literal) for part in rule] for rule in group.rules]
    return ReteNetwork(rules, len(group.subjects))
