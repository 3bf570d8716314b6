"""The rule set as generated Python: the lowering that gives the values, and one of the two that say what fires.

A rule set becomes the source of one function when it is loaded; a decision calls it. The same pass computes the
integers that the Rete networks compare (`engine.lowering.conditions`), so nothing is evaluated twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple, cast

from engine.lowering import conditions
from engine.lowering.conditions import NetworkPlan
from engine.lowering.python.pieces import RUNTIME, Piece, merged, unknown
from engine.lowering.python.source import Writer
from engine.ruleset.formula import Formula, Variable, variables
from engine.ruleset.interpret import Result
from engine.ruleset.numbering import Formulas
from engine.ruleset.ruleset import AS_OF, ListResult, Match, Named, RuleSet
from engine.vocabulary.binding import Value
from engine.vocabulary.vocabulary import Kind


class PythonMatches(NamedTuple):
    """What the generated function gives for one case. Positional: made on every decision.

    `values`: every fact, `as_of`, value, list and row match, each at its slot (`PythonForm.slots`).
    `fired`, `undetermined`: ascending indices into `PythonForm.matches`.
    `asserted`: for each network the fact to assert, as what fills the network's template: the integer of each of its
    numbers, then for each flag its JSON text, or an empty text where it is not true."""

    values: list[Result]
    fired: list[int]
    undetermined: list[int]
    asserted: tuple[tuple[int | str, ...], ...]


class PythonForm:
    """A rule set as one generated function.

    `match`: the function. It takes the values of the facts, in the order of `ruleset.facts`, and the day count of
    `as_of`, and gives `PythonMatches`. Pure, and safe for threads.
    `matches`: the ids of all matches, row matches in the order of the steps, then the rules.
    `slots`: where each variable stands in `PythonMatches.values`.
    `groups`: the plans of the networks whose facts `match` computes.
    `source`: the function's source."""

    def __init__(self, ruleset: RuleSet) -> None:
        source = _RuleSetSource(ruleset)
        self.matches: tuple[str, ...] = tuple(match.id for match in conditions.all_matches(ruleset))
        self.slots: Mapping[str, int] = source.slots
        self.groups: tuple[NetworkPlan, ...] = source.groups
        self.source: str = source.text
        self.match = cast(
            "Callable[[Sequence[Value], int], PythonMatches]", _compiled(source.text, "match", source.tables)
        )
        self._nullable = source.nullable

    def function(self, formula: Formula) -> Callable[[Sequence[Result]], Value]:
        """One more formula, as a function of `PythonMatches.values`."""
        return formula_function(formula, self.slots, self._nullable)


def formula_function(
    formula: Formula, slots: Mapping[str, int], nullable: Mapping[str, bool]
) -> Callable[[Sequence[Result]], Value]:
    """A formula that stands alone, as a function of the values of its variables.

    `slots` says where in the sequence of values each variable stands, `nullable` which of them may be None there. The
    function gives the formula's value, None where it is null; it raises nothing for values within the bounds of the
    variables' types.
    """
    if isinstance(formula, Variable):
        return cast("Callable[[Sequence[Result]], Value]", itemgetter(slots[formula.name]))
    names = variables(formula)
    places = {name: Piece((f"v{i}",) if nullable[name] else (), f"v{i}") for i, name in enumerate(names)}
    formulas = Formulas()
    formulas.use(formula)
    writer = Writer(formulas, places)
    for i, name in enumerate(names):
        writer.write(f"v{i} = values[{slots[name]}]")
    writer.write(f"return {writer.piece(formula).value}")
    text = "\n".join([*writer.functions, "def value(values):", *writer.lines])
    return cast("Callable[[Sequence[Result]], Value]", _compiled(text, "value", {}))


def _compiled(text: str, name: str, tables: Mapping[str, object]) -> object:
    """The function `name` that `text` defines; `tables` are further global names of it."""
    namespace: dict[str, object] = {**RUNTIME, **tables, "PythonMatches": PythonMatches}
    exec(compile(text, "<rule set>", "exec"), namespace)
    return namespace[name]


class _RuleSetSource:
    """The source of a rule set's function.

    `groups`: the plans of its networks. `slots`: where it returns each variable. `nullable`: whether a variable may be
    None. `tables`: the global names that it reads, dictionaries from an enum's words to their indices. `text`: the
    source."""

    def __init__(self, ruleset: RuleSet) -> None:
        self.groups = conditions.groups(ruleset)
        self.slots: dict[str, int] = {}
        self.nullable: dict[str, bool] = {}
        self.tables: dict[str, object] = {}
        self._tables: dict[tuple[str, ...], str] = {}
        self._formulas = _counted(ruleset, self.groups)
        self._places: dict[str, Piece] = {}
        self._writer = Writer(self._formulas, self._places)
        self._flags = {flag for group in self.groups for flag in group.flags}
        self.text = self._text(ruleset)

    def _text(self, ruleset: RuleSet) -> str:
        write = self._writer.write
        unpacked = self._define_facts(ruleset)
        write("fired = []")
        write("undetermined = []")
        write("fire = fired.append")
        write("doubt = undetermined.append")
        index = 0
        for step in ruleset.steps:
            if isinstance(step, Match):
                self._define(step.id, self._match(step, index, is_step=True))
                index += 1
            elif isinstance(step, Named):
                self._define(step.name, self._writer.named(self._writer.piece(step.formula)))
            else:
                self._define(step.name, self._list(step))
        for number, rule in enumerate(ruleset.rules, index):
            self._match(rule.match, number, is_step=False)
        asserted = "".join(f"({self._asserted(group)}), " for group in self.groups)
        values = ", ".join(self._places[name].body for name in self.slots)
        write(f"return PythonMatches([{values}], fired, undetermined, ({asserted}))")
        lines = ["def match(facts, as_of):", *unpacked, *self._writer.lines, ""]
        return "\n".join([*self._writer.functions, *lines])

    def _define_facts(self, ruleset: RuleSet) -> list[str]:
        used = _nullable_variables(self._formulas)
        names = [f"f{i}" for i in range(len(ruleset.facts))]
        for local, fact in zip(names, ruleset.facts, strict=True):
            nullable = not fact.required or fact.name in used
            self._define(fact.name, Piece((local,) if nullable else (), local))
        self._define(AS_OF, Piece((), AS_OF))
        return [f"    ({', '.join(names)},) = facts"] if names else []

    def _define(self, name: str, place: Piece) -> None:
        self.slots[name] = len(self.slots)
        self.nullable[name] = bool(place.guards)
        self._places[name] = place

    def _match(self, match: Match, index: int, *, is_step: bool) -> Piece:
        """Writes a match. The conjuncts that can't be None come first: a false one saves the tests of the others. A
        step's verdict also becomes a variable of its own, `m0` for the first."""
        formulas = list(conditions.parts(conjunct.formula for conjunct in match.conjuncts))
        for formula in formulas:
            if formula in self._flags:
                self._writer.flag(formula)
        pieces = [self._writer.known(self._writer.piece(formula)) for formula in formulas]
        certain, others = merged(pieces, "and")
        none_false = " and ".join([*certain, *(f"({piece.not_false})" for piece in others)]) or "True"
        one_null = unknown(guard for piece in others for guard in piece.guards)
        local = f"m{index}"
        yes, no, null = ((f"{local} = {word}; " if is_step else "") for word in ("True", "False", "None"))
        self._writer.write(f"if {none_false}:")
        if one_null:
            self._writer.write(f"    if {one_null}: {null}doubt({index})")
            self._writer.write(f"    else: {yes}fire({index})")
        else:
            self._writer.write(f"    {yes}fire({index})")
        if is_step:
            self._writer.write(f"else: {no.removesuffix('; ')}")
        return Piece((local,) if one_null else (), local)

    def _list(self, step: ListResult) -> Piece:
        """Writes a list of the outputs of the rows hit, a tuple in the end; None where a row is undetermined."""
        entries = [(self._places[row], self._writer.piece(output)) for row, output in step.entries]
        name = self._writer.name("[]")
        for row, output in entries:
            self._writer.write(f"if {row.body}: {name}.append({output.value})")
        one_null = unknown(guard for row, _ in entries for guard in row.guards)
        self._writer.write(f"{name} = None if {one_null} else tuple({name})" if one_null else f"{name} = tuple({name})")
        return Piece((name,) if one_null else (), name)

    def _asserted(self, group: NetworkPlan) -> str:
        """The elements of the tuple that fills a network's template."""
        numbers = [self._integer(variable) for variable in group.numbers]
        flags = [
            f"{conditions.flag_text(index)!r} if {self._writer.flag(formula)} else ''"
            for index, formula in enumerate(group.flags, len(numbers))
        ]
        return "".join(f"{item}, " for item in [*numbers, *flags])

    def _integer(self, variable: Variable) -> str:
        """The variable's integer, as `engine.lowering.conditions` says."""
        place = self._places[variable.name]
        if variable.type.kind is Kind.ENUM:
            return f"{self._table(variable)}[{place.body}]"
        known = f"1 if {place.body} else 0" if variable.type.kind is Kind.YES_NO else place.body
        return f"{conditions.null(variable)} if {unknown(place.guards)} else {known}" if place.guards else known

    def _table(self, variable: Variable) -> str:
        """The global name of a dictionary from the words of a variable's enum, and None, to integers."""
        members = variable.type.members
        name = self._tables.get(members)
        if name is None:
            name = self._tables[members] = f"index{len(self._tables)}"
            indices = _Indices({member: index for index, member in enumerate(members)})
            indices[None] = conditions.null(variable)
            self.tables[name] = indices
        return name


class _Indices(dict[str | None, int]):
    """The integers of an enum's words; a word that the enum doesn't have gets one that no condition asks for."""

    def __missing__(self, word: str | None) -> int:
        return conditions.UNKNOWN_MEMBER


def _counted(ruleset: RuleSet, groups: Sequence[NetworkPlan]) -> Formulas:
    """Every formula that the function computes, counted as often as it is written."""
    formulas = Formulas()
    for step in ruleset.steps:
        if isinstance(step, Named):
            formulas.use(step.formula)
        elif isinstance(step, ListResult):
            for _, output in step.entries:
                formulas.use(output)
    for match in conditions.all_matches(ruleset):
        for formula in conditions.parts(conjunct.formula for conjunct in match.conjuncts):
            formulas.use(formula)
    for group in groups:
        for flag in group.flags:
            formulas.number(flag)
    return formulas


def _nullable_variables(formulas: Formulas) -> frozenset[str]:
    """Facts that a formula takes for nullable, even where they are required."""
    return frozenset(node.name for node in formulas.nodes if isinstance(node, Variable) and node.nullable)
