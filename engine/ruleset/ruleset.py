"""The rule set: what a policy set says about one case kind on one stretch, ready to be lowered and matched.

Noun that `compile` gives and every lowering (Python, Rete network, SQL) takes. Parameters are already constants; tables
are already row matches and formulas; steps stand in an order in which each reads only what stands before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from engine.diagnostics.diagnostic import Place
from engine.ruleset.formula import Constant, Formula
from engine.vocabulary.case_kinds import CASE_KINDS, OUTCOME_TITLES
from engine.vocabulary.languages import OWN_LANGUAGES
from engine.vocabulary.text import Text
from engine.vocabulary.vocabulary import OWN_WORDS, YES_NO, Fact, Type

AS_OF = "as_of"
"""The variable that holds the decision's date; always known."""

ALWAYS = Constant(YES_NO, value=True, nullable=False)
"""The scope of rules that apply to every case."""

ENGINE_DISAGREEMENT = "engine-disagreement"
"""The reason that stands in for a rule where the two matchers name different rules."""

FACTS_MISSING = "facts-missing"
"""The reason that stands for all rules that can't be checked because facts are missing."""

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
    """A conjunction that decides whether a rule fires or a table row is hit.

    It is true where every conjunct is true (also where there are none), false where one is false, and otherwise
    undetermined: none is false, and at least one is null.
    """

    id: str
    """`policy.rule`, or `policy.table#row`. As a step, a match also defines a yes/no variable of that name, null where
    the match is undetermined."""

    conjuncts: tuple[Conjunct, ...]
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A step that defines one variable."""

    name: str
    """`policy.value`."""

    formula: Formula
    """Rounded to its type's scale already."""

    title: Text | None
    place: Place

    is_step: bool = False
    """Whether this is a step on the way to the values that follow (`policy.value certain`), no value of the author's:
    then a decision does not report it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListResult:
    """A step that defines the list of the outputs of all rows hit; null where any row is undetermined.

    Lists are results only: no formula reads them.
    """

    name: str
    """`policy.output`."""

    entries: tuple[tuple[str, Formula], ...]
    """A row's match id and its output, in the order of the list."""

    element: Type
    """The type of every output."""

    title: Text | None
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Which row matches belong together, for coverage, explanation and the search for missing inputs."""

    id: str
    """`policy.table`, or `policy.criterion` of a scorecard's criterion."""

    rows: tuple[str, ...]
    """The ids of its matches, in the author's order."""

    outputs: tuple[str, ...]
    """The full names that it defines."""

    place: Place

    precedence: tuple[str, ...] = ()
    """Where only one of the rows that hold counts (`first`, `priority`): the rows, the one that counts before others
    first. Empty where every row that holds counts."""


Template = tuple[str | Formula, ...]
"""Text and formulas in turn; a formula is shown in its type's format."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A text with formulas that readers see, in each of the site's languages."""

    by_language: tuple[tuple[str, Template], ...]
    """Languages by code, in the site's order, each with its text."""


@dataclass(frozen=True, slots=True)
class RuleAction:
    """What a rule asks somebody to do where it fires."""

    word: str
    """Of the vocabulary's actions: `notify_insurer`."""

    by: Formula | None
    """The latest date; None where the rule names none."""

    amount: Formula | None
    """How much it is about, an amount of money; None where the rule names none."""

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """Those of the two that there are."""
        return tuple(formula for formula in (self.by, self.amount) if formula is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule of a policy: what fires it, and what a decision then says."""

    match: Match

    outcome: str
    """A step of the case kind's ladder, such as `hold`."""

    if_missing: str | None
    """The outcome where the rule is undetermined; None where the author wrote `ignore`."""

    title: Text | None

    reason: Wording
    """Why the outcome is what it is, where the rule fires."""

    remedy: Wording | None
    """What would make the case pass."""

    conditions: tuple[tuple[str, Formula], ...]
    """What the customer must bring where the rule fires, by name, such as a deposit."""

    uses: tuple[str, ...]
    """Full names of the variables and constants that are shown with the reason, in the author's order."""

    action: RuleAction | None = None
    """What somebody has to do where the rule fires; None where it asks for no act."""

    @property
    def id(self) -> str:
        """`policy.rule`."""
        return self.match.id

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """What is worked out where the rule fires: its conditions, then what its action says."""
        conditions = tuple(formula for _, formula in self.conditions)
        return (*conditions, *self.action.formulas) if self.action else conditions

    @property
    def scope(self) -> Formula:
        """To which cases the rule applies: the first of several conditions. Where it is false nothing was checked, so
        that a case it is false for hasn't passed the rule. `[open_terms, exposure > limit]` applies to open terms."""
        conjuncts = self.match.conjuncts
        return conjuncts[0].formula if len(conjuncts) > 1 else ALWAYS

    @property
    def is_switched_off(self) -> bool:
        """Whether it never fires: a condition is the word `false`, or a parameter that is."""
        formulas = (conjunct.formula for conjunct in self.match.conjuncts)
        return any(isinstance(formula, Constant) and formula.value is False for formula in formulas)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleException:
    """An exception: rules that don't count in the cases in which its match is true.

    A rule that is waived fires as ever and is a reason of the decision; it asks for no outcome and no condition. So
    does one that is undetermined: it would be waived whichever way it turned out. An exception that is undetermined
    itself waives nothing.
    """

    match: Match
    """A step of the rule set, behind all that it reads: its conditions, and that `as_of` lies between its two dates."""

    waives: tuple[str, ...]
    """Ids of rules of the rule set."""

    by: str
    """Who asked for it."""

    approved_by: str
    """Who approved it."""

    reason: Text
    """Why, for readers of decisions."""

    until: date
    """The last day on which it holds."""

    @property
    def id(self) -> str:
        """`exceptions.name`."""
        return self.match.id


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Everything that decides one case kind between two dates."""

    case: str
    """`order`, `invoice`, `account` or `portfolio`."""

    version: str
    """The hash of the policy set's files; every decision records it."""

    currency: str
    """In whose minor units amounts are counted."""

    since: date | None
    until: date | None
    """The rule set holds for every `as_of` with `since <= as_of < until`; None: without that end."""

    facts: tuple[Fact, ...]
    """The inputs, in the order in which the lowerings take their values."""

    steps: tuple[Match | Named | ListResult, ...]
    """What is worked out before the rules, in an order in which each step reads only facts and earlier steps."""

    rules: tuple[Rule, ...]
    """In the author's order, policy by policy."""

    tables: tuple[Table, ...]

    exceptions: tuple[RuleException, ...] = ()
    """In the author's order. Their matches are the last steps that are matches, in the same order."""

    results: tuple[str, ...]
    """The variables that a decision reports."""

    variables: Mapping[str, Type]
    """The types of `as_of`, of every fact, result and parameter without a value yet."""

    titles: Mapping[str, Text]
    """What readers see instead of a variable's name, where its author gave a title."""

    constants: Mapping[str, Constant]
    """The parameters in force, by full name. Formulas hold them in place; `Rule.uses` may name them."""

    shown: tuple[str, ...] = ()
    """Those of the results that a decision lists among its figures; each has a title."""

    condition_titles: Mapping[str, Text] = field(default_factory=dict)
    """What readers call the conditions of rules, where their author gave a title."""

    action_titles: Mapping[str, Text] = field(default_factory=dict)
    """What readers call the actions that rules ask for, by word."""
    languages: tuple[str, ...] = OWN_LANGUAGES
    """Of the site's texts; the first is shown to readers of others."""

    outcome_titles: Mapping[str, Text] = field(default_factory=lambda: OUTCOME_TITLES)
    """What readers see for each outcome, as the site calls it."""

    words: Mapping[str, Text] = field(default_factory=lambda: OWN_WORDS)
    """What readers see for yes, no and the like, see `OWN_WORDS`."""

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
