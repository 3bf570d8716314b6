"""The default policies on invoices, matched many times over: which rules fire, and what the values are.

For tests that decide thousands of invoices. It binds facts as a request does and asks the Python form alone; that the
forms agree is shown elsewhere. A set with a planted fault is made from the same files, a text in one of them replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import PurePath

from engine.lowering.python.python_form import PythonForm
from engine.pipeline import Engine, load
from engine.reading.list_file import is_list_file
from engine.ruleset.interpret import Result
from engine.vocabulary.binding import Binder
from engine.vocabulary.days import day_number
from tests.support.default_policies import default_folder

READ = frozenset(
    {"collections", "dunning", "insurance", "recovery", "concessions", "financing", "provisions", "grading"}
)
"""The policies that decide invoices, and what they read; the others would only cost time."""

SITE_FACTS = "rules/facts.yaml"

Facts = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Matched:
    """What one invoice comes to."""

    fired: frozenset[str]
    """Ids of the rules that fire; rows of tables are left out."""
    undetermined: frozenset[str]
    slots: Mapping[str, int]
    values: list[Result]

    def __getitem__(self, name: str) -> Result:
        """The value of a name: amounts in minor units, rates with 6 decimals, dates as days since 1970."""
        return self.values[self.slots[name]]

    def number(self, name: str) -> int:
        value = self[name]
        assert isinstance(value, int), f"{name} is {value}"
        return value


class InvoicePolicies:
    """A set of policies for invoices."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._forms: dict[int, tuple[PythonForm, Binder, Mapping[str, int], frozenset[str]]] = {}

    def match(self, facts: Facts, day: date) -> Matched:
        """Raises `FactsRefused` for what a request would be refused for."""
        form, binder, slots, rules = self._form(day)
        number = day_number(day)
        found = form.match(binder.bind(facts, number), number)
        ids = form.matches
        fired = frozenset(ids[index] for index in found.fired) & rules
        return Matched(fired, frozenset(ids[index] for index in found.undetermined) & rules, slots, found.values)

    def _form(self, day: date) -> tuple[PythonForm, Binder, Mapping[str, int], frozenset[str]]:
        ruleset = self.engine.ruleset("invoice", day)
        known = self._forms.get(id(ruleset))
        if known is None:
            form = PythonForm(ruleset)
            slots = {name: slot for slot, name in enumerate(form.slots)}
            rules = frozenset(rule.id for rule in ruleset.rules)
            known = self._forms[id(ruleset)] = form, Binder("invoice", ruleset.facts), slots, rules
        return known


@cache
def invoice_policies() -> InvoicePolicies:
    return InvoicePolicies(_loaded(_files()))


def with_fault(policy: str, text: str, fault: str) -> InvoicePolicies:
    """The set with `fault` in the place of `text`, which must stand once in the policy's file."""
    files = dict(_files())
    name = f"rules/{policy}.yaml"
    content = files[name].decode("utf-8")
    assert content.count(text) == 1, f"{name} has {content.count(text)} times: {text}"
    files[name] = content.replace(text, fault).encode("utf-8")
    return InvoicePolicies(_loaded(files))


def _files() -> dict[str, bytes]:
    policies = default_folder().policies
    files = {name: each for name, each in policies.items() if PurePath(name).stem in READ or is_list_file(name)}
    listed = default_folder().policies[SITE_FACTS].decode("utf-8")
    left = re.sub(rf"^  - (?!(?:{'|'.join(READ)})$)\w+\n", "", listed, flags=re.MULTILINE)
    return files | {SITE_FACTS: left.encode("utf-8")}


def _loaded(files: Mapping[str, bytes]) -> Engine:
    loaded = load(dict(files))
    assert loaded.engine is not None, "\n".join(map(str, loaded.diagnostics))
    return loaded.engine
