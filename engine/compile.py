"""Policies → rule sets: every name looked up, every formula typed, every table turned into matches and formulas.

Verb that runs when policies are loaded, never in a request. Parameters are dated, so a policy set has one translation
for each stretch of dates between two changes ("epoch"); mistakes are looked for in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from engine import arithmetic as a
from engine.arithmetic import Mismatch
from engine.compile_table import collected, hits, single
from engine.diagnostic import Diagnostic, Place, in_order
from engine.feel import syntax
from engine.formula import Constant, Formula, Variable
from engine.link import Linked, Unit, dotted_names, expressions, known_names, link, names_read, output_names, readable
from engine.policy import (
    BilingualTemplate,
    Criterion,
    Expression,
    HitPolicy,
    OutputCell,
    OutputDefinition,
    ParameterDefinition,
    Policy,
    RuleDefinition,
    ScorecardDefinition,
    TableDefinition,
    Template,
    TypeName,
    ValueDefinition,
)
from engine.ruleset import AS_OF, Bilingual, Conjunct, ListResult, Match, Named, Rule, RuleSet, Table
from engine.ruleset import Template as RuleTemplate
from engine.tables_checked import check_match, check_table
from engine.translate import Broken, Scope, translate, translate_tests
from engine.translate_calls import temporal
from engine.vocabulary import CASE_KINDS, DATE, TEXT, YES_NO, Kind, Text, Type, Vocabulary

Step = Match | Named | ListResult


@dataclass(frozen=True, slots=True)
class Translation:
    """All policies on one stretch of dates. `unknown` are parameters without a value yet; `steps` and `tables` go by the
    unit's first name, `rules` by policy."""

    since: date | None
    until: date | None
    unknown: tuple[Named, ...]
    steps: Mapping[str, tuple[Step, ...]]
    tables: Mapping[str, Table]
    rules: Mapping[str, tuple[Rule, ...]]
    constants: Mapping[str, Constant]
    variables: Mapping[str, Type]


class Compiled:
    """A policy set without mistakes: gives the rule set of a case kind for any date."""

    def __init__(
        self, linked: Linked, vocabulary: Vocabulary, version: str, translations: Sequence[Translation]
    ) -> None:
        self.linked = linked
        self.vocabulary = vocabulary
        self.version = version
        self.translations = tuple(translations)

    def translation(self, as_of: date) -> Translation:
        """The translation whose stretch of dates holds `as_of`."""
        return next(t for t in reversed(self.translations) if t.since is None or t.since <= as_of)

    def ruleset(self, case: str, as_of: date) -> RuleSet:
        return _ruleset(self, case, self.translation(as_of))


def compile_policies(
    policies: Sequence[Policy], vocabulary: Vocabulary, version: str
) -> tuple[Compiled, tuple[Diagnostic, ...]]:
    """Usable only when there are no diagnostics."""
    linked, mistakes = link(policies, vocabulary)
    report = list(mistakes)
    report += _conditions_said_twice(linked)
    translations = []
    starts = _epochs(policies)
    for since, until in zip(starts, [*starts[1:], None], strict=True):
        translations.append(_Translating(linked, vocabulary, since, until, report).translation())
    return Compiled(linked, vocabulary, version, translations), in_order(report)


def _epochs(policies: Iterable[Policy]) -> list[date | None]:
    dates = {
        constant.since
        for policy in policies
        for parameter in policy.parameters.values()
        for constant in parameter.values
        if constant.since is not None
    }
    return [None, *sorted(dates)]


def _conditions_said_twice(linked: Linked) -> list[Diagnostic]:
    found: list[Diagnostic] = []
    seen: dict[tuple[str, str], Place] = {}
    for policy in linked.policies.values():
        for rule in policy.rules.values():
            for condition in rule.conditions:
                first = seen.setdefault((policy.decides, condition.name), condition.place)
                if first is not condition.place:
                    message = f"the condition `{condition.name}` is already set at {first}"
                    hint = "one rule sets a condition; use `max()` or `if` there, or another name"
                    found.append(Diagnostic(condition.place, "P040", message, hint))
    return found


class _Translating:
    """One pass over all units and rules, with the parameters of one stretch of dates."""

    def __init__(
        self, linked: Linked, vocabulary: Vocabulary, since: date | None, until: date | None, report: list[Diagnostic]
    ) -> None:
        self._linked = linked
        self._vocabulary = vocabulary
        self._since, self._until = since, until
        self._report = report
        self._defined: dict[str, Formula | None] = {}  # None: broken, and reported
        self._constants: dict[str, Constant] = {}
        self._steps: dict[str, tuple[Step, ...]] = {}
        self._unknown: list[Named] = []
        self._tables: dict[str, Table] = {}
        self._facts: dict[str, Variable] = {
            fact.name: Variable(fact.type, not fact.required, fact.name) for fact in vocabulary.facts.values()
        }
        self._facts[AS_OF] = Variable(DATE, False, AS_OF)
        self._scopes = {name: self._scope(policy) for name, policy in linked.policies.items()}

    def translation(self) -> Translation:
        for policy in self._linked.policies.values():
            for parameter in policy.parameters.values():
                self._parameter(policy, parameter)
        for unit in self._linked.units:
            self._unit(unit)
        rules = {policy.name: self._rules(policy) for policy in self._linked.policies.values()}
        types = {name: variable.type for name, variable in self._facts.items()}
        for name, formula in self._defined.items():
            if formula is not None:
                types[name] = formula.type
        return Translation(self._since, self._until, tuple(self._unknown), self._steps, self._tables, rules, self._constants, types)

    def _fail(self, place: Place, mismatch: Mismatch) -> None:
        self._report.append(Diagnostic(place, mismatch.code, mismatch.message, mismatch.hint))

    # --- names ---

    def _scope(self, policy: Policy) -> Scope:
        groups = CASE_KINDS[policy.decides].groups
        known: tuple[str, ...] | None = None

        def names() -> Iterable[str]:
            nonlocal known
            known = known or tuple(known_names(policy, self._linked, self._vocabulary, groups))
            return known

        def look_up(name: str) -> Formula | None:
            own = f"{policy.name}.{name}"
            if own in self._defined:
                return self._definition(own)
            if name in self._facts:
                self._require_readable_fact(policy, name)
                return self._facts[name]
            if name in self._defined:
                self._require_readable_policy(policy, name)
                return self._definition(name)
            return None

        return Scope(look_up, names)

    def _definition(self, name: str) -> Formula:
        formula = self._defined[name]
        if formula is None:
            raise Broken
        return formula

    def _require_readable_fact(self, policy: Policy, name: str) -> None:
        group = name.partition(".")[0]
        if name != AS_OF and group not in CASE_KINDS[policy.decides].groups:
            message = f"`{name}` is not known where a policy decides `{policy.decides}`"
            raise Mismatch("N003", message, f"move this to a policy that decides `{group}`")

    def _require_readable_policy(self, policy: Policy, name: str) -> None:
        other = self._linked.policies[name.partition(".")[0]]
        if not readable(policy, other):
            message = f"a policy that decides `{policy.decides}` can't read `{name}`, which decides `{other.decides}`"
            raise Mismatch("N003", message, "policies read their own case kind and, for orders and invoices, accounts")

    # --- parameters ---

    def _parameter(self, policy: Policy, parameter: ParameterDefinition) -> None:
        name = f"{policy.name}.{parameter.name}"
        declared = self._declared(parameter.type)
        value = None
        for dated in parameter.values:
            if dated.since is None or (self._since is not None and dated.since <= self._since):
                value = dated.value
        try:
            constant = _constant(value, declared)
            if value is None:
                self._without_value(name, parameter, _constant(parameter.values[0].value, declared).type)
                return
        except Mismatch as mismatch:
            self._fail(parameter.place, mismatch)
            self._defined[name] = None
            return
        self._defined[name] = constant
        self._constants[name] = constant

    def _without_value(self, name: str, parameter: ParameterDefinition, type_: Type) -> None:
        """Before its first date a parameter is a value that is never known, so that what lacks it can name it."""
        unknown = Constant(type_, True, None)
        self._unknown.append(Named(name, unknown, parameter.title, parameter.place))
        self._defined[name] = Variable(type_, True, name)

    def _declared(self, name: TypeName | None) -> Type | None:
        return None if name is None else self._vocabulary.type_named(Kind(name.word), name.members)

    # --- values, scorecards, tables ---

    def _unit(self, unit: Unit) -> None:
        for name in unit.gives:
            self._defined[name] = None
        match unit.part:
            case ValueDefinition() as value:
                self._value(unit, value)
            case Criterion() as criterion:
                self._criterion(unit, criterion)
            case ScorecardDefinition() as scorecard:
                self._total(unit, scorecard)
            case TableDefinition() as table:
                self._table(unit, table)

    def _value(self, unit: Unit, value: ValueDefinition) -> None:
        declared = self._declared(value.type)
        formula = translate(value.formula, self._scopes[unit.policy.name], self._report, declared)
        if formula is not None:
            self._define(unit, unit.gives[0], formula, declared, value.title, value.formula.place, ())

    def _define(
        self,
        unit: Unit,
        name: str,
        formula: Formula,
        declared: Type | None,
        title: Text | None,
        place: Place,
        before: tuple[Step, ...],
    ) -> None:
        """Gives `name` its formula, rounded to its type's scale, as a step after those in `before`."""
        try:
            formula = self._rounded(formula, declared)
        except Mismatch as mismatch:
            self._fail(place, mismatch)
            return
        steps = (*self._steps.get(unit.gives[0], ()), *before, Named(name, formula, title, place))
        self._steps[unit.gives[0]] = steps
        self._defined[name] = Variable(formula.type, formula.nullable, name)

    def _rounded(self, formula: Formula, declared: Type | None) -> Formula:
        kind = formula.type.kind
        if declared is None:
            if kind is Kind.INTEGER and formula.type.scale:
                kind = Kind.NUMBER
            scale = self._vocabulary.type_named(kind).scale
            if kind is Kind.NUMBER:
                scale = min(scale, formula.type.scale)
            return a.named(formula, kind, scale)
        return _declared_as(formula, declared)

    def _criterion(self, unit: Unit, criterion: Criterion) -> None:
        name = unit.gives[0]
        scope = self._scopes[unit.policy.name]
        subject = translate(criterion.input, scope, self._report)
        if subject is None:
            return
        matches: list[Match] = []
        for number, band in enumerate(criterion.bands, 1):
            formula = translate_tests(subject, band.tests, scope, self._report, null_is_no=True)
            if formula is None:
                return
            conjunct = Conjunct(formula, _cell_text(criterion.input, band.tests), band.place)
            matches.append(Match(f"{name}#{number}", (conjunct,), band.place))
        outputs = [a.number(band.points) for band in criterion.bands]
        subjects = [(criterion.input.text, subject)]
        self._report += check_table(matches, [subjects] * len(matches), HitPolicy.UNIQUE, outputs, criterion.place)
        formula = single(HitPolicy.UNIQUE, hits(matches), outputs, ())
        self._tables[name] = Table(name, tuple(match.id for match in matches), (name,), criterion.place)
        self._define(unit, name, formula, None, criterion.title, criterion.place, tuple(matches))

    def _total(self, unit: Unit, scorecard: ScorecardDefinition) -> None:
        parts = [self._defined[f"{unit.policy.name}.{criterion.name}"] for criterion in scorecard.criteria]
        known = [part for part in parts if part is not None]
        if len(known) == len(parts):
            total = known[0]
            for part in known[1:]:
                total = a.add(total, part)
            self._define(unit, unit.gives[0], total, None, None, scorecard.place, ())

    def _table(self, unit: Unit, table: TableDefinition) -> None:
        policy = unit.policy
        id_ = f"{policy.name}.{table.name}"
        found = self._rows(policy, table, id_)
        columns = {output.name: output for output in table.outputs}
        names = output_names(table)
        outputs = {
            name: self._output_column(policy, table, name, self._declared_output(columns.get(name))) for name in names
        }
        if found is None or any(column is None for column in outputs.values()):
            return
        matches, subjects = found
        whole = {name: column for name, column in outputs.items() if column is not None}
        if table.hit in _SINGLE:
            keys = [tuple(_key(whole[name][row]) for name in names) for row in range(len(matches))]
            self._report += check_table(matches, subjects, table.hit, keys, table.place)
        self._tables[unit.gives[0]] = Table(id_, tuple(match.id for match in matches), unit.gives, table.place)
        ranks = _ranks(table, whole)
        self._steps[unit.gives[0]] = tuple(matches)
        for name in names:
            self._output(unit, table, f"{policy.name}.{name}", columns.get(name), matches, whole[name], ranks)

    def _declared_output(self, output: OutputDefinition | None) -> Type | None:
        return self._declared(output.type) if output else None

    def _rows(
        self, policy: Policy, table: TableDefinition, id_: str
    ) -> tuple[list[Match], list[list[tuple[str, Formula]]]] | None:
        """Each row's match, and the subjects of its cells for the checks."""
        scope = self._scopes[policy.name]
        asking = {
            cell.column.text
            for row in table.rows
            for cell in row.cells
            if isinstance(cell.tests.tree, syntax.UnaryTests) and _asks_null(cell.tests.tree)
        }
        translated: dict[str, Formula | None] = {}
        matches, subjects, broken = [], [], False
        for row in table.rows:
            conjuncts, of_row = [], []
            for cell in row.cells:
                text = cell.column.text
                if text not in translated:
                    translated[text] = translate(cell.column, scope, self._report)
                subject = translated[text]
                if subject is None:
                    broken = True
                    continue
                formula = translate_tests(subject, cell.tests, scope, self._report, null_is_no=text in asking)
                if formula is None:
                    broken = True
                elif not (isinstance(formula, Constant) and formula.value is True):
                    conjuncts.append(Conjunct(formula, _cell_text(cell.column, cell.tests), cell.tests.place))
                    of_row.append((text, subject))
            matches.append(Match(f"{id_}#{row.id}", tuple(conjuncts), row.place))
            subjects.append(of_row)
        return None if broken else (matches, subjects)

    def _output_column(
        self, policy: Policy, table: TableDefinition, name: str, declared: Type | None
    ) -> list[Formula] | None:
        cells = [next((cell for cell in row.outputs if cell.name == name), None) for row in table.rows]
        found: list[Formula] = []
        broken = False
        for cell in cells:
            try:
                formula = self._output_cell(policy, cell, declared)
            except Mismatch as mismatch:
                assert cell is not None
                self._fail(cell.place, mismatch)
                formula = None
            if formula is None:
                broken = True
            else:
                found.append(formula)
        if broken:
            return None
        try:
            return list(a.unified(found, "outputs of one column"))
        except Mismatch as mismatch:
            place = next(cell.place for cell in cells if cell is not None)
            self._fail(place, mismatch)
            return None

    def _output_cell(self, policy: Policy, cell: OutputCell | None, declared: Type | None) -> Formula | None:
        if cell is None or cell.content is None:
            return a.NULL
        if isinstance(cell.content, Expression):
            formula = translate(cell.content, self._scopes[policy.name], self._report, declared)
            return formula if formula is None or declared is None else _declared_as(formula, declared)
        if declared is None and isinstance(cell.content, str):
            self._warn_of_formula(policy, cell)
        return _constant(cell.content, declared)

    def _warn_of_formula(self, policy: Policy, cell: OutputCell) -> None:
        """A word that is the name of a value was probably meant as a formula."""
        scope = self._scopes[policy.name]
        words = str(cell.content)
        if "." in words and scope.look_up(words) is not None:
            raise Mismatch("P041", f"`{words}` is taken as a word", f'a formula starts with `=`: write "= {words}"')

    def _output(
        self,
        unit: Unit,
        table: TableDefinition,
        name: str,
        column: OutputDefinition | None,
        matches: Sequence[Match],
        outputs: Sequence[Formula],
        ranks: Sequence[int],
    ) -> None:
        declared = self._declared_output(column)
        title = column.title if column else None
        rows = hits(matches)
        if table.hit in _LISTS:
            order = _list_order(table.hit, ranks, len(matches))
            entries = tuple((matches[row].id, outputs[row]) for row in order)
            element = declared or outputs[0].type
            listed = ListResult(name, entries, element, title, table.place)
            self._steps[unit.gives[0]] += (listed,)
            return
        try:
            if table.hit in _SINGLE:
                formula = single(table.hit, rows, outputs, ranks)
            else:
                formula = collected(table.hit, rows, outputs)
        except Mismatch as mismatch:
            self._fail(table.place, mismatch)
            return
        if table.hit is HitPolicy.COLLECT_COUNT:
            declared = None
        self._define(unit, name, formula, declared, title, table.place, ())

    # --- rules ---

    def _rules(self, policy: Policy) -> tuple[Rule, ...]:
        found = [self._rule(policy, rule) for rule in policy.rules.values()]
        return tuple(rule for rule in found if rule is not None)

    def _rule(self, policy: Policy, rule: RuleDefinition) -> Rule | None:
        scope = self._scopes[policy.name]
        kind = CASE_KINDS[policy.decides]
        parts = [part for expression in rule.when for part in _conjuncts(expression)]
        conjuncts = [self._conjunct(part, scope) for part in parts]
        reason = self._bilingual(rule.reason, scope)
        remedy = self._bilingual(rule.remedy, scope) if rule.remedy else None
        conditions = [(c.name, self._condition(c.formula, scope), c.formula) for c in rule.conditions]
        whole = tuple(conjunct for conjunct in conjuncts if conjunct is not None)
        if len(whole) < len(parts) or reason is None or (rule.remedy and remedy is None):
            return None
        if any(formula is None for _, formula, _ in conditions):
            return None
        match = Match(f"{policy.name}.{rule.id}", whole, rule.place)
        self._report += check_match(match)
        if_missing = rule.if_missing.text if rule.if_missing else kind.caution
        return Rule(
            match,
            rule.outcome.text,
            None if if_missing == "ignore" else if_missing,
            rule.title,
            reason,
            remedy,
            tuple((name, formula) for name, formula, _ in conditions if formula is not None),
            self._uses(policy, rule),
        )

    def _conjunct(self, expression: Expression, scope: Scope) -> Conjunct | None:
        formula = translate(expression, scope, self._report)
        if formula is None:
            return None
        place = expression.place_of(expression.tree)
        try:
            a.require_condition(formula)
        except Mismatch as mismatch:
            self._fail(place, mismatch)
            return None
        return Conjunct(formula, expression.text_of(expression.tree).strip(), place)

    def _condition(self, expression: Expression, scope: Scope) -> Formula | None:
        formula = translate(expression, scope, self._report)
        return None if formula is None else self._rounded(formula, None)

    def _bilingual(self, templates: BilingualTemplate, scope: Scope) -> Bilingual | None:
        en, zh = self._template(templates.en, scope), self._template(templates.zh, scope)
        return None if en is None or zh is None else Bilingual(en, zh)

    def _template(self, template: Template, scope: Scope) -> RuleTemplate | None:
        parts: list[str | Formula] = []
        broken = False
        for part in template.parts:
            if isinstance(part, str):
                parts.append(part)
                continue
            formula = translate(part, scope, self._report)
            if formula is None:
                broken = True
            else:
                parts.append(self._rounded(formula, None))
        return None if broken else tuple(parts)

    def _uses(self, policy: Policy, rule: RuleDefinition) -> tuple[str, ...]:
        """Facts, values and parameters that the rule names, in the author's order, then those of its texts."""
        templates = [rule.reason, *([rule.remedy] if rule.remedy else [])]
        shown = [p for both in templates for p in (*both.en.parts, *both.zh.parts) if isinstance(p, Expression)]
        found: dict[str, None] = {}
        for expression in (*rule.when, *shown):
            for name in dotted_names(expression.tree):
                for full in (f"{policy.name}.{name}", name):
                    if full in self._facts or self._defined.get(full) is not None:
                        found[full] = None
                        break
        return tuple(found)


_SINGLE = (HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.FIRST, HitPolicy.PRIORITY)
_LISTS = (HitPolicy.COLLECT, HitPolicy.RULE_ORDER, HitPolicy.OUTPUT_ORDER)


def _conjuncts(expression: Expression) -> list[Expression]:
    """The parts of a top-level `and`, each an expression of its own."""
    if not isinstance(expression.tree, syntax.And):
        return [expression]
    sides = (expression.tree.left, expression.tree.right)
    return [part for side in sides for part in _conjuncts(replace(expression, tree=side))]


def _cell_text(column: Expression, tests: Expression) -> str:
    """A cell in words: `account.months < 6`, `grading.grade in (A, B)`."""
    words = tests.text or "null"
    tree = tests.tree
    assert isinstance(tree, syntax.UnaryTests)
    plain = len(tree.tests) == 1 and not tree.negated
    if plain and words.startswith(("<", ">", "!=")):
        return f"{column.text} {words}"
    if plain and isinstance(tree.tests[0], syntax.Interval | syntax.ListLiteral):
        return f"{column.text} in {words}"
    return f"{column.text} = {words}" if plain else f"{column.text} in ({words})"


def _asks_null(tests: syntax.UnaryTests) -> bool:
    return any(
        isinstance(test, syntax.Null)
        or (isinstance(test, syntax.ListLiteral) and any(isinstance(item, syntax.Null) for item in test.items))
        for test in tests.tests
    )


def _constant(value: Decimal | str | bool | None, declared: Type | None) -> Constant:
    if value is None:
        return a.NULL
    if isinstance(value, bool):
        return a.constant(YES_NO, value)
    if isinstance(value, Decimal):
        bare = a.number(value)
        return bare if declared is None else _typed_number(bare, declared)
    if declared is not None and declared.kind is Kind.DATE:
        return temporal(value)
    if declared is not None and declared.kind is Kind.TEXT:
        return Constant(TEXT, False, value)
    return a.word(value)


def _typed_number(bare: Constant, declared: Type) -> Constant:
    if not declared.kind.is_numeric:
        raise Mismatch("T001", f"a number is not {declared.kind}")
    if bare.type.scale > declared.scale:
        raise Mismatch("T001", f"{declared.kind} has at most {declared.scale} decimals", "write fewer decimals")
    whole = a.rescaled(bare, declared.scale)
    assert isinstance(whole, Constant)
    return replace(whole, type=replace(whole.type, kind=declared.kind))


def _declared_as(formula: Formula, declared: Type) -> Formula:
    """`formula` where a type was declared for it: rounded to that type's scale."""
    if a.is_null(formula):
        return Constant(declared, True, None)
    kind, want = formula.type.kind, declared.kind
    fits = (
        kind is want
        or (kind.is_dimensionless and want.is_dimensionless)
        or (a.is_bare(formula) and want.is_numeric)
        or (kind is Kind.ENUM and want is Kind.TEXT)
    )
    if not fits:
        raise Mismatch("T001", f"{a.described(formula)} is declared as {want}", f"declare it as {kind}")
    if want is Kind.ENUM:
        strange = [member for member in formula.type.members if member not in declared.members]
        if strange:
            raise Mismatch("T007", f"`{strange[0]}` is not declared", f"expected one of {', '.join(declared.members)}")
        return a.retyped(formula, declared)
    if want is Kind.TEXT:
        return a.retyped(formula, TEXT)
    return a.named(formula, want, declared.scale)


def _key(formula: Formula) -> object:
    """Equal for outputs that are the same constant or the same formula."""
    return formula.value if isinstance(formula, Constant) else repr(formula)


def _ranks(table: TableDefinition, outputs: Mapping[str, Sequence[Formula]]) -> list[int]:
    """Each row's priority, 0 the highest: its output's position in the declared order (last where it isn't named)."""
    ordered = next((output for output in table.outputs if output.order), None)
    if ordered is None:
        return [0] * len(table.rows)
    order = {word: rank for rank, word in enumerate(ordered.order)}
    return [
        order.get(str(output.value), len(order)) if isinstance(output, Constant) else len(order)
        for output in outputs[ordered.name]
    ]


def _list_order(hit: HitPolicy, ranks: Sequence[int], size: int) -> list[int]:
    rows = list(range(size))
    return sorted(rows, key=lambda row: (ranks[row], row)) if hit is HitPolicy.OUTPUT_ORDER else rows


def _ruleset(compiled: Compiled, case: str, translation: Translation) -> RuleSet:
    """The policies that decide this case kind, and of the others what those read."""
    linked = compiled.linked
    own = [policy for policy in linked.policies.values() if policy.decides == case]
    needed = _needed(linked, own)
    units = [unit for unit in linked.units if unit.gives[0] in needed]
    steps = tuple(step for unit in units for step in translation.steps[unit.gives[0]])
    results = tuple(step.name for step in steps if isinstance(step, Named | ListResult))
    facts = compiled.vocabulary.of_case(case)
    names = {*(fact.name for fact in facts), AS_OF, *results, *(step.name for step in translation.unknown)}
    titles = {fact.name: fact.title for fact in facts}
    titles |= {step.name: step.title for step in steps if isinstance(step, Named | ListResult) and step.title}
    return RuleSet(
        case,
        compiled.version,
        compiled.vocabulary.currency,
        translation.since,
        translation.until,
        facts,
        (*translation.unknown, *steps),
        tuple(rule for policy in own for rule in translation.rules[policy.name]),
        tuple(translation.tables[unit.gives[0]] for unit in units if unit.gives[0] in translation.tables),
        results,
        {name: type_ for name, type_ in translation.variables.items() if name in names},
        titles,
        translation.constants,
    )


def _needed(linked: Linked, own: Sequence[Policy]) -> frozenset[str]:
    pending = [unit.gives[0] for unit in linked.units if unit.policy in own]
    for policy in own:
        for rule in policy.rules.values():
            for expression in _rule_expressions(rule):
                pending += [linked.by_name[name].gives[0] for name in names_read(policy, expression, linked.by_name)]
    needed: set[str] = set()
    while pending:
        name = pending.pop()
        if name not in needed:
            needed.add(name)
            pending += linked.reads[name]
    return frozenset(needed)


def _rule_expressions(rule: RuleDefinition) -> Iterable[Expression]:
    return expressions(rule)
