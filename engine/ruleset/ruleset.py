"""The rule set: what a policy set says about one case kind on one stretch of dates, ready to be lowered and matched.

Noun that `compile` gives and every lowering (Python, Rete network, SQL) takes. Parameters are already constants; tables
are already row matches and formulas; steps stand in an order in which each reads only what stands before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from engine.diagnostics.diagnostic import Place
from engine.ruleset.formula import Constant, Formula
from engine.vocabulary.vocabulary import CASE_KINDS, Fact, Text, Type

AS_OF = "as_of"
"""The variable that holds the decision's date; always known."""

ENGINE_DISAGREEMENT = "engine-disagreement"
"""The reason that stands in for a rule where the two matchers name different rules."""

NO_RULES = "no-rules"
"""The reason that stands in for a rule where none could give this kind of case its caution outcome or worse."""


@dataclass(frozen=True, slots=True)
class Conjunct:
    """One condition of a conjunction: a part of a rule's `when`, or one cell of a table row."""

    formula: Formula
    """Yes/no; null where it is unknown."""

    text: str
    """The author's own words for it, such as `account.months < 6`."""

    place: Place

    reads: tuple[str, ...] = ()
    """Full names of the facts, values and parameters that the author named in it, in that order, each once. Parameters
    are constants in the formula, so they stand here alone."""


@dataclass(frozen=True, slots=True)
class Match:
    """A conjunction that decides whether a rule fires or a table row is hit: fires when every conjunct is true, is
    undetermined when none is false and at least one is null. No conjuncts: always fires.

    `id` is `policy.rule` or `policy.table#row`; as a step, a match also defines a yes/no variable of that name (null
    when undetermined)."""

    id: str
    conjuncts: tuple[Conjunct, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Named:
    """Defines the variable `name` (`policy.value`); its formula is already rounded to its type's scale.

    `is_step`: a step on the way to the values that follow, no value of the author's (`policy.value certain`)."""

    name: str
    formula: Formula
    title: Text | None
    place: Place
    is_step: bool = False


@dataclass(frozen=True, slots=True)
class ListResult:
    """A list of the outputs of all rows hit, in this order; null when any row is undetermined. `entries` pairs a row's
    match id with its output. Lists are results only: no formula reads them."""

    name: str
    entries: tuple[tuple[str, Formula], ...]
    element: Type
    title: Text | None
    place: Place


@dataclass(frozen=True, slots=True)
class Table:
    """Which row matches belong together, for coverage, explanation and the search for missing inputs."""

    id: str
    rows: tuple[str, ...]
    outputs: tuple[str, ...]
    place: Place


Template = tuple[str | Formula, ...]
"""Text and formulas in turn; a formula is shown in its type's format."""


@dataclass(frozen=True, slots=True)
class Bilingual:
    en: Template
    zh: Template


@dataclass(frozen=True, slots=True)
class Rule:
    """`outcome` is a step of the case kind's ladder. `if_missing` is the outcome when the rule is undetermined, None
    where the author wrote `ignore`. `uses` are the variables shown with the reason, in the author's order."""

    match: Match
    outcome: str
    if_missing: str | None
    title: Text | None
    reason: Bilingual
    remedy: Bilingual | None
    conditions: tuple[tuple[str, Formula], ...]
    uses: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.match.id

    @property
    def is_switched_off(self) -> bool:
        """By a condition that is the word `false`, or a parameter that is."""
        formulas = (conjunct.formula for conjunct in self.match.conjuncts)
        return any(isinstance(formula, Constant) and formula.value is False for formula in formulas)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Holds for every `as_of` with `since <= as_of < until` (None: open end). `results` names the variables that a
    decision reports. `variables` gives every fact and named variable its type. `constants` are the parameters in force;
    formulas hold them in place, `Rule.uses` may name them."""

    case: str
    version: str
    currency: str
    since: date | None
    until: date | None
    facts: tuple[Fact, ...]
    steps: tuple[Match | Named | ListResult, ...]
    rules: tuple[Rule, ...]
    tables: tuple[Table, ...]
    results: tuple[str, ...]
    variables: Mapping[str, Type]
    titles: Mapping[str, Text]
    constants: Mapping[str, Constant]

    @property
    def is_decided(self) -> bool:
        """Whether some rule can give the case kind's caution outcome or worse. A set that has lost the policy that
        holds orders, and kept the one that approves released ones, does not decide orders; nor does one whose rules
        that hold are all switched off."""
        kind = CASE_KINDS[self.case]
        caution = kind.severity(kind.caution)
        return any(kind.severity(rule.outcome) >= caution and not rule.is_switched_off for rule in self.rules)

    @property
    def mildest(self) -> str:
        """The outcome where no rule says more: where nothing decides the kind of case, a person has to look at it."""
        kind = CASE_KINDS[self.case]
        return kind.ladder[0] if self.is_decided else kind.caution
