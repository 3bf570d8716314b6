"""The decision engine: policies as text in, decisions with their reasons out.

It is pure. It opens no file, asks no clock, and knows no HTTP, no database and no environment: whoever calls it gives
it text, facts and a date. The same policies, facts, date and id always give the same decision.

How to decide one order:

>>> from datetime import date
>>> from pathlib import Path
>>> from engine import load
>>> rules = Path("rules")
>>> loaded = load({str(path): path.read_bytes() for path in [*rules.glob("*.yaml"), *rules.glob("lists/*")]})
>>> facts = {"order": {"id": "SO-1", "amount": "900.00"}, "account": {"id": "C-7", "status": "blocked"}}
>>> decision = loaded.engine.decide("order", facts, as_of=date(2026, 7, 15), id="first")
>>> decision.outcome, decision.reasons[0].rule
('hold', 'orders.account-blocked')

The names in `__all__` are the public ones, with what their own docstrings promise: `load` reads policies and gives an
`Engine`, or the `Diagnostic`s of what is wrong with them; `Engine.decide` gives a `Decision`, or raises `FactsRefused`.
Everything else may change from one release to the next.

The folders, in the order in which data flows. Each holds nouns (frozen data) and verbs (functions that give the next
noun); `pipeline` puts the verbs together and is the place to start reading.

    diagnostics/  what authors did wrong, as data: codes, places, hints
    vocabulary/   what policies can speak about: facts and their types, case kinds; binding a request's facts
    feel/         the expression language: grammar, syntax tree, and FEEL's own evaluator, which no decision uses
    reading/      YAML to policies, vocabularies and policy tests; JSON Schemas of those files
    ruleset/      the compiled form: formulas, matches and rules, and a plain evaluator that defines what they mean
    proving/      what holds for all facts: overlaps and gaps of tables, rules that never fire
    compiling/    policies to a rule set: names, types and units, tables, dates on which parameters change
    lowering/     a rule set as generated Python, as a Rete network, and as one SQL query
    deciding/     a rule set and facts to a decision, matched twice; the reasons in words
    explaining/   everything that was tried for one case, also what did not happen
    testing/      the policies' own test cases
"""

from __future__ import annotations

from engine.deciding.decision import Decision
from engine.diagnostics.diagnostic import Diagnostic
from engine.pipeline import Engine, load
from engine.vocabulary.binding import FactsRefused

__all__ = ["Decision", "Diagnostic", "Engine", "FactsRefused", "load"]
