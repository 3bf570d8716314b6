"""A policy file's nodes → a `Policy`, or every structural mistake in it.

Verb between `document` and `compile`. Names and types inside formulas are looked up later; here each part must have the
right shape, each name must be its own, and each piece of FEEL must be readable. Rules and tables are read by
`rule_definitions` and `table_definition`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date
from decimal import Decimal

from engine.diagnostics.codes import ErrorCode
from engine.diagnostics.diagnostic import Diagnostic, Place, in_order
from engine.diagnostics.wording import clipped
from engine.feel import syntax
from engine.feel.hints import number_meant
from engine.reading.chains import read_chains
from engine.reading.document import Document, Mapping, Node, Scalar, Sequence
from engine.reading.fields import FACT_GROUPS, FieldReader, TextLanguages, day
from engine.reading.for_currency import FOR, read_for
from engine.reading.leaf import expression, literal, number, unary_tests
from engine.reading.list_parameter import LIST, list_entries, parameter_type
from engine.reading.named_formula import NamedFormula, read_named_formula
from engine.reading.policy import (
    EXCEPTIONS,
    LISTS,
    Band,
    Criterion,
    DatedConstant,
    ParameterDefinition,
    Policy,
    RuleDefinition,
    ScorecardDefinition,
    TableDefinition,
    TypeName,
    ValueDefinition,
    WrittenValue,
)
from engine.reading.rule_definitions import read_rules
from engine.reading.table_definition import read_table
from engine.vocabulary.case_kinds import CASE_KINDS

_KEYS = ("policy", "title", "decides", "parameters", "values", "scorecard", "table", "tables", "rules", "ascending")
_PARTS = _KEYS[3:-1]
_PARAMETER_KEYS = ("type", "members", "of", "minimum", "maximum", "for", "title", "note", "value", "values")


def read_policy(
    document: Document, words: Collection[str] = (), languages: TextLanguages | None = None
) -> tuple[Policy | None, tuple[Diagnostic, ...]]:
    """The policy of one file, and the mistakes in it, sorted by place. Never raises. `words` are those of the facts'
    enums: hints say how such a word is written where FEEL reads something else. `languages`: of its texts.

    Nothing else can refer to a rule. So a policy whose mistakes are all in rules comes without those rules, and the
    rest can be compiled and checked as well; it must not be used. Any other mistake gives None.
    """
    reading = _PolicyReader(words, languages, tuple(_own_words(document.root)))
    policy = reading.policy(document.root)
    return policy, in_order(reading.reader.diagnostics)


def read_list_parameter(
    document: Document, name: str, languages: TextLanguages | None = None
) -> tuple[ParameterDefinition, tuple[Diagnostic, ...]]:
    """The list in a file of its own, and the mistakes in it: what a parameter with `type: list` holds. Never raises."""
    reading, place = _PolicyReader((), languages), document.root.place
    entries = tuple((key, node) for key, node in document.root.entries if key.text != "type")
    given = document.root.get("type")
    if given is not None and not (isinstance(given, Scalar) and given.text == LIST):
        hint = "write what its entries are after `of:`"
        reading.reader.mistake(given.place, ErrorCode.P007, "this file is a list, of no other type", hint)
    entries = ((_word(place, "type"), _word(place, LIST)), *entries)
    definition = reading.parameter(name, place, Mapping(place, entries), f"the list `{name}`")
    return definition, in_order(reading.reader.diagnostics)


def _own_words(node: Node) -> Iterator[str]:
    """The words that the policy itself declares as `members`, of outputs, values and parameters."""
    if isinstance(node, Mapping):
        for key, value in node.entries:
            if key.text == "members":
                members: list[Node] = list(value.items) if isinstance(value, Sequence) else []
                members += [word for word, _ in value.entries] if isinstance(value, Mapping) else []
                yield from (each.text for each in members if isinstance(each, Scalar))
            yield from _own_words(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from _own_words(item)


def _word(place: Place, text: str) -> Scalar:
    return Scalar(place=place, value=text, text=text, quoted=False)


class _PolicyReader:
    """One policy file: its mistakes in `reader`, and in `taken` the names used so far.

    `taken` maps a name to what it names (`a parameter`) and to its place, for the message about a second use.
    """

    def __init__(
        self, words: Collection[str], languages: TextLanguages | None, own_words: Collection[str] = ()
    ) -> None:
        self.reader = FieldReader(words, languages, own_words)
        self.taken: dict[str, tuple[str, Place]] = {}

    def policy(self, root: Mapping) -> Policy | None:
        reader = self.reader
        fields = reader.fields(root, "a policy", _KEYS, ("policy", "title", "decides")) or {}
        title = reader.text(fields.get("title"), "the policy's title")
        name = self._name(fields["policy"]) if "policy" in fields else None
        decides = reader.choice(fields["decides"], "a case kind", tuple(CASE_KINDS)) if "decides" in fields else None
        if decides:
            reader.reserve_groups(CASE_KINDS[decides].groups)
        if not any(part in fields for part in _PARTS):
            reader.mistake(
                root.place, ErrorCode.P016, "the policy says nothing", "write `rules:`, `table:` or `values:`"
            )
        parameters = self._parameters(fields.get("parameters"))
        values = self._values(fields.get("values"))
        scorecard = self._scorecard(fields.get("scorecard"))
        tables = self._tables(fields)
        ascending = read_chains(reader, fields.get("ascending"))
        sound = not reader.diagnostics
        rules = self._rules(fields.get("rules"), decides)
        if not sound or not name or not title or not decides:
            return None
        return Policy(
            name=name,
            place=fields["policy"].place,
            title=title,
            decides=decides,
            parameters=parameters,
            values=values,
            scorecard=scorecard,
            tables=tables,
            rules=rules,
            ascending=ascending,
        )

    def _name(self, node: Node) -> str | None:
        name = self.reader.name(node, "a policy's name")
        taken = {EXCEPTIONS: "what exceptions go by", LISTS: "what lists go by"}
        taken |= dict.fromkeys(FACT_GROUPS, "a group of facts")
        if name not in taken:
            return name
        message = f"`{name}` is {taken[name]}, not a free name"
        self.reader.mistake(node.place, ErrorCode.P005, message, "choose another name")
        return None

    def take(self, node: Node, what: str) -> str | None:
        """A name in the namespace that a policy's parameters, values, criteria and outputs share."""
        name = self.reader.name(node, f"{what}'s name")
        if name is None:
            return None
        if name in self.taken:
            other, place = self.taken[name]
            hint = "parameters, values, criteria and outputs share one set of names; rename one of the two"
            self.reader.mistake(node.place, ErrorCode.P006, f"`{name}` is already {other} at {place}", hint)
            return None
        self.taken[name] = (what, node.place)
        return name

    # --- parameters --------------------------------------------------------------------------------------------------

    def _parameters(self, node: Node | None) -> dict[str, ParameterDefinition]:
        parameters: dict[str, ParameterDefinition] = {}
        for key, content in self.reader.entries(node, "`parameters`") if node else ():
            name = self.take(key, "a parameter")
            short = name or clipped(key.text)
            parameter = self.parameter(short, key.place, content, f"the parameter `{short}`")
            if name:
                parameters[name] = parameter
        return parameters

    def parameter(self, name: str, place: Place, node: Node, what: str) -> ParameterDefinition:
        """A parameter with these entries. `what` names it in messages."""
        reader = self.reader
        if not isinstance(node, Mapping) or any(key.text[:1].isdigit() for key, _ in node.entries):
            values = self._constants(node, what, None)
            is_list = _holds_lists(values)
            return ParameterDefinition(
                name=name, place=place, type=None, is_list=is_list, title=None, note=None, values=values
            )
        fields = reader.fields(node, what, _PARAMETER_KEYS) or {}
        is_list, type_ = parameter_type(reader, fields)
        currency = read_for(reader, fields.get(FOR), None if is_list else type_, what)
        title = reader.text(fields.get("title"), f"the title of {what}")
        note = reader.text(fields.get("note"), f"the note of {what}")
        if "value" in fields and "values" in fields:
            message = f"{what} has both `value` and `values`"
            reader.mistake(
                fields["values"].place, ErrorCode.P022, message, "keep `values`, by date, or `value`, for always"
            )
        elif not fields.keys() & {"value", "values"}:
            reader.mistake(
                place, ErrorCode.P002, f"{what} has no `value`", "write `value: …`, or `values: {2026-01-01: …}`"
            )
        content = fields.get("values") or fields.get("value")
        if "values" in fields and not isinstance(fields["values"], Mapping):
            reader.wrong_kind(fields["values"], f"`values` of {what}", "values by date", "write `value: …` for always")
            content = None
        values = self._constants(content, what, type_, is_list=is_list) if content else ()
        is_list = is_list or _holds_lists(values)
        return ParameterDefinition(
            name=name,
            place=place,
            type=type_,
            is_list=is_list,
            title=title,
            note=note,
            currency=currency,
            values=values,
        )

    def _constants(
        self, node: Node, what: str, type_: TypeName | None, *, is_list: bool = False
    ) -> tuple[DatedConstant, ...]:
        """One value for always, or values by the date from which each is in force. `what` names the parameter."""
        if not isinstance(node, Mapping):
            value = self._constant(node, what, type_, is_list=is_list)
            return () if value is None else (DatedConstant(None, value, node.place),)
        constants: list[DatedConstant] = []
        last: tuple[date, str] | None = None
        for key, content in self.reader.entries(node, f"the values of {what}"):
            since = self._since(key, last)
            last = (since, key.text) if since else last
            value = self._constant(content, what, type_, is_list=is_list)
            if since and value is not None:
                self._same_kind(content, value, constants)
                constants.append(DatedConstant(since, value, content.place))
        return tuple(constants)

    def _constant(
        self, node: Node, what: str, type_: TypeName | None, *, is_list: bool
    ) -> Decimal | str | bool | tuple[str, ...] | None:
        if is_list or (type_ is None and isinstance(node, Sequence)):
            return list_entries(self.reader, node, what, type_)
        value = literal(self.reader, node, what)
        if type_ is None and isinstance(value, str) and (entries := _entries_in(value)):
            message = f"`{clipped(value)}` is one text, in which nothing can be looked for"
            entries = [f'"{each}"' if each[0].isdigit() else each for each in entries]
            hint = f"write `[{', '.join(entries)}]` for a list, or declare `type: text` where it is one text"
            self.reader.mistake(node.place, ErrorCode.P015, message, hint)
            return None
        return value if value is not None and self.reader.literal_fits(node, value, type_) else None

    def _since(self, key: Scalar, last: tuple[date, str] | None) -> date | None:
        """The date of a value; a mistake if it is none, or not after `last`, a date and its text."""
        since = day(key.text)
        if since is None:
            hint = "write it as YYYY-MM-DD, such as `2026-07-01`"
            self.reader.mistake(key.place, ErrorCode.P012, f"`{clipped(key.text)}` is not a date", hint)
        elif last and since <= last[0]:
            hint = "write the dates in ascending order, each once"
            self.reader.mistake(key.place, ErrorCode.P013, f"`{key.text}` is not after `{last[1]}`", hint)
        return since

    def _same_kind(self, node: Node, value: WrittenValue, before: list[DatedConstant]) -> None:
        if before and type(value) is not type(before[0].value):
            kinds = {Decimal: "a number", str: "text", bool: "yes/no", tuple: "a list"}
            message = f"this value is {kinds[type(value)]}, the first one is {kinds[type(before[0].value)]}"
            self.reader.mistake(node.place, ErrorCode.P014, message, "write all values of a parameter in one kind")

    # --- values ------------------------------------------------------------------------------------------------------

    def _values(self, node: Node | None) -> dict[str, ValueDefinition]:
        values: dict[str, ValueDefinition] = {}
        for key, content in self.reader.entries(node, "`values`") if node else ():
            name = self.take(key, "a value")
            value = self._value(name or clipped(key.text), key.place, content)
            if name and value:
                values[name] = value
        return values

    def _value(self, name: str, place: Place, node: Node) -> ValueDefinition | None:
        what = f"the value `{name}`"
        read = read_named_formula(self.reader, place, node, what, ("show",))
        if read is None:
            return None
        titled = isinstance(node, Mapping) and node.get("title") is not None
        show = self._show(read, what, titled=titled)
        return ValueDefinition(
            name=name, place=place, type=read.type, title=read.title, show=show, formula=read.formula
        )

    def _show(self, read: NamedFormula, what: str, *, titled: bool) -> bool:
        """Whether decisions show the value; they need something to call it by."""
        node = read.more.get("show")
        if node is None:
            return False
        if not isinstance(node, Scalar) or not isinstance(node.value, bool):
            self.reader.wrong_kind(node, f"`show` of {what}", "`true` or `false`")
            return False
        if node.value and not titled:
            message = f"{what} is shown in decisions, but has no `title`"
            self.reader.mistake(node.place, ErrorCode.P002, message, f"write `title: {self.reader.text_form()}`")
        return node.value

    # --- scorecard ---------------------------------------------------------------------------------------------------

    def _scorecard(self, node: Node | None) -> ScorecardDefinition | None:
        if node is None:
            return None
        fields = self.reader.fields(node, "a scorecard", ("total", "criteria"), ("total", "criteria")) or {}
        total = self.take(fields["total"], "the scorecard's total") if "total" in fields else None
        criteria: list[Criterion] = []
        for key, content in self.reader.entries(fields["criteria"], "`criteria`") if "criteria" in fields else ():
            name = self.take(key, "a criterion")
            criterion = self._criterion(name or clipped(key.text), key.place, content)
            if name and criterion:
                criteria.append(criterion)
        return ScorecardDefinition(node.place, total, tuple(criteria)) if total and criteria else None

    def _criterion(self, name: str, place: Place, node: Node) -> Criterion | None:
        reader, what = self.reader, f"the criterion `{name}`"
        fields = reader.fields(node, what, ("title", "input", "bands"), ("input", "bands"), place) or {}
        title = reader.text(fields.get("title"), f"the title of {what}")
        input_ = expression(reader, fields["input"], f"the input of {what}") if "input" in fields else None
        bands = self._bands(fields["bands"], what) if "bands" in fields else ()
        if input_ is None or not bands:
            return None
        return Criterion(name=name, place=place, title=title, input=input_, bands=bands)

    def _bands(self, node: Node, what: str) -> tuple[Band, ...]:
        bands: list[Band] = []
        tests_missing = False
        for key, content in self.reader.entries(node, f"the bands of {what}"):
            tests = unary_tests(self.reader, key, f"a band of {what}")
            points = number(self.reader, content, f"the points of a band of {what}")
            tests_missing = tests_missing or key.text == "null" or bool(tests and _tests_null(tests.tree))
            if tests and points is not None:
                bands.append(Band(tests, points, key.place))
        if isinstance(node, Mapping) and node.entries and not tests_missing:
            message = f"{what} doesn't say what a missing input earns"
            self.reader.mistake(node.place, ErrorCode.P017, message, "add a band `null: …`")
        return tuple(bands)

    # --- tables and rules --------------------------------------------------------------------------------------------

    def _tables(self, fields: dict[str, Node]) -> dict[str, TableDefinition]:
        named: list[tuple[str | None, Place, Node]] = []
        if "table" in fields:
            named.append(("table", fields["table"].place, fields["table"]))
        if "tables" in fields:
            if "table" in fields:
                hint = "move the single table under `tables` with a name of its own"
                self.reader.mistake(
                    fields["tables"].place, ErrorCode.P022, "a policy has `table` or `tables`, not both", hint
                )
            for key, content in self.reader.entries(fields["tables"], "`tables`"):
                named.append((self.reader.id(key, "a table's name"), key.place, content))
        tables: dict[str, TableDefinition] = {}
        for name, place, content in named:
            table = read_table(self.reader, name or "table", place, content, self.take)
            if name and table:
                tables.setdefault(name, table)
        return tables

    def _rules(self, node: Node | None, decides: str | None) -> dict[str, RuleDefinition]:
        return read_rules(self.reader, node, CASE_KINDS[decides] if decides else None) if node else {}


def _entries_in(text: str) -> list[str]:
    """The words of a list that was written without its brackets: `AT, DE`. None of a text with blanks in its parts."""
    parts = [part.strip() for part in re.split("[,;，、；]", text)] if not number_meant(text) else []
    return parts if len(parts) > 1 and all(part and not re.search(r"\s", part) for part in parts) else []


def _holds_lists(values: tuple[DatedConstant, ...]) -> bool:
    return any(isinstance(dated.value, tuple) for dated in values)


def _tests_null(tree: syntax.Node) -> bool:
    """Whether a band is for a missing input: one of its tests is `null`."""
    return (
        isinstance(tree, syntax.UnaryTests)
        and not tree.negated
        and any(isinstance(test, syntax.Null) for test in tree.tests)
    )
