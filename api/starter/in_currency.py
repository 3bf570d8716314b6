"""The starter's files with their amounts in another currency than euros, by one round factor.

What is rewritten: the currency of facts.yaml, the amounts that policies declare `for: EUR`, every amount in the policy
tests and the sample, and the currency of maps that say EUR. Comments, order and layout stay as they are, since each
amount is replaced where it stands.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import PurePath

from api.starter.round_factors import ROUND_FACTORS
from engine.deciding.decision import Decision
from engine.pipeline import Engine, load
from engine.reading.cases import read_cases
from engine.reading.document import Document, Node, Scalar, Sequence, read
from engine.reading.document import Mapping as MappingNode
from engine.reading.for_currency import FOR
from engine.vocabulary.currencies import MINOR_UNITS
from engine.vocabulary.vocabulary import Kind, Type, Vocabulary
from files.maps.row_map_file import read_row_map
from receivables.history.history_map_file import is_history_map, read_history_map

OWN_CURRENCY = "EUR"
"""In which the starter's amounts stand."""

_VALUES = ("results", "conditions")
"""Where a policy test expects values by name."""


def in_currency(files: Mapping[str, bytes], currency: str) -> dict[str, bytes]:
    """The files by their names below the new site's folder, with amounts in this currency. Any order, all at once: a
    half of them would hold euros in a set of yen.

    For JPY, whose factor is 200, a parameter `{type: money, for: EUR, value: 2500}` gets `for: JPY, value:
    500000`, a test's `amount: 12.34` becomes `2468`, and shares, days and texts stay. `currency` is a key of
    `ROUND_FACTORS`. What a test expects is worked out anew where rounding alone makes the difference.
    """
    rewriting = _Rewriting(files, currency)
    rewritten = {name: rewriting.file(name, content) for name, content in files.items()}
    engine = _engine(rewritten)
    tolerance = rewriting.rounding
    for name, content in rewritten.items():
        if PurePath(name).parent == PurePath("rules/cases"):
            rewritten[name] = _as_worked_out(content, name, engine, tolerance)
    return rewritten


def _engine(files: Mapping[str, bytes]) -> Engine:
    """The engine of the policies among these files, which tells amounts from other numbers. The starter's own always
    check.
    """
    folders = (PurePath("rules"), PurePath("rules/lists"))
    engine = load({name: text for name, text in files.items() if PurePath(name).parent in folders}).engine
    if engine is None:
        raise AssertionError("the starter's policies check")
    return engine


class _Rewriting:
    """One site in one currency. `file` gives a file as it stands there; each kind of file has its own way to find the
    scalars to be replaced, and one way to replace them.
    """

    def __init__(self, files: Mapping[str, bytes], currency: str) -> None:
        self._currency = currency
        self._factor, self._digits = ROUND_FACTORS[currency], MINOR_UNITS[currency]
        self._engine = _engine(files)
        self._amount_columns = frozenset(_amount_columns(files, self._engine.vocabulary))

    @property
    def rounding(self) -> Decimal:
        """How far an amount that was rounded to cents, and then multiplied, may be from what policies work out."""
        return Decimal("0.005") * self._factor + Decimal(1).scaleb(-self._digits)

    def file(self, name: str, content: bytes) -> bytes:
        """One file, as it stands in the new site."""
        folder, suffix = PurePath(name).parent.as_posix(), PurePath(name).suffix
        if folder in ("schema", "rules/lists"):
            return content
        if suffix == ".csv":
            return self._csv(content.decode()).encode()
        document, mistakes = read(content, name)
        if document is None:
            raise AssertionError(f"the starter's files can be read: {mistakes}")
        changes = {
            "rules": self._of_policy,
            "rules/cases": self._of_cases,
            "rules/maps": self._of_map,
            "sample": self._of_request,
        }[folder]
        return _replaced(content.decode(), dict(changes(document))).encode()

    # --- amounts -----------------------------------------------------------------------------------------------------

    def _amount(self, text: str) -> str:
        """An amount in euros in the other currency, with as many decimals as that has where it had some."""
        amount = Decimal(text) * self._factor
        if "." not in text:
            return f"{amount.normalize():f}"
        rounded = f"{amount:.{self._digits}f}"
        if Decimal(rounded) != amount:
            raise AssertionError(f"{text} {OWN_CURRENCY} are no whole number of minor units of {self._currency}")
        return rounded

    def _amounts(self, node: Node | None) -> Iterator[tuple[Scalar, str]]:
        """Every number in a node, with what stands in its place; words and formulas stay."""
        if isinstance(node, MappingNode):
            for _, content in node.entries:
                yield from self._amounts(content)
        elif isinstance(node, Scalar) and (isinstance(node.value, Decimal) or _is_number(node.text)):
            yield node, self._amount(node.text)

    def _csv(self, text: str) -> str:
        heading, *rows = csv.reader(io.StringIO(text))
        places = [at for at, name in enumerate(heading) if name in self._amount_columns]
        for row in rows:
            for at in places:
                row[at] = self._amount(row[at]) if row[at] else ""
        written = io.StringIO()
        csv.writer(written, lineterminator="\n").writerows((heading, *rows))
        return written.getvalue()

    # --- files -------------------------------------------------------------------------------------------------------

    def _of_policy(self, document: Document) -> Iterator[tuple[Scalar, str]]:
        root = document.root
        yield from self._currency_of(root)
        for _, parameter in _entries(root.get("parameters")):
            yield from self._declared(parameter, ("value", "values"))
        tables = [node for _, node in _entries(root.get("tables"))]
        for table in (root.get("table"), *tables):
            declared = dict(_entries(_get(table, "outputs")))
            amounts = [key for key, output in declared.items() if _get(output, FOR) is not None]
            for key in amounts:
                yield from self._declared(declared[key], ())
            rows = _get(table, "rows")
            for row in rows.items if isinstance(rows, Sequence) else ():
                for key, content in _entries(_get(row, "then")):
                    if key in amounts:
                        yield from self._amounts(content)

    def _declared(self, node: Node, keys: tuple[str, ...]) -> Iterator[tuple[Scalar, str]]:
        """The currency of a parameter or an output, and its amounts under these keys."""
        chosen = _get(node, FOR)
        if isinstance(chosen, Scalar):
            yield chosen, self._currency
            for key in keys:
                yield from self._amounts(_get(node, key))

    def _of_cases(self, document: Document) -> Iterator[tuple[Scalar, str]]:
        root = document.root
        yield from self._currency_of(root)
        case = root.get("case_kind")
        money = _money_names(self._engine, case.text if isinstance(case, Scalar) else "")
        for _, facts in _entries(root.get("fixtures")):
            yield from self._of_facts(facts)
        for _, test in _entries(root.get("tests")):
            yield from self._of_facts(_get(test, "facts"))
            for part in _VALUES:
                for key, content in _entries(_get(_get(test, "expect"), part)):
                    if key in money:
                        yield from self._amounts(content)
            for _, action in _entries(_get(_get(test, "expect"), "actions")):
                yield from self._amounts(_get(action, "amount"))

    def _of_request(self, document: Document) -> Iterator[tuple[Scalar, str]]:
        yield from self._of_facts(document.root)

    def _of_facts(self, node: Node | None) -> Iterator[tuple[Scalar, str]]:
        """The amounts among facts by group, those of lists too."""
        for group, members in _entries(node):
            for key, content in _entries(members):
                fact = self._engine.vocabulary.facts.get(f"{group}.{key}")
                if fact is not None and fact.type.kind is Kind.MONEY:
                    yield from self._amounts(content)
                elif fact is not None and isinstance(content, Sequence):
                    amounts = {field.name for field in fact.type.fields if field.type.kind is Kind.MONEY}
                    for record in content.items:
                        for name, value in _entries(record):
                            yield from self._amounts(value) if name in amounts else ()

    def _of_map(self, document: Document) -> Iterator[tuple[Scalar, str]]:
        yield from self._currency_of(document.root)

    def _currency_of(self, root: MappingNode) -> Iterator[tuple[Scalar, str]]:
        node = root.get("currency")
        if isinstance(node, Scalar) and node.text == OWN_CURRENCY:
            yield node, self._currency


def _money_names(engine: Engine, case: str) -> set[str]:
    """The names of results and conditions that are amounts, on all dates: `limits.credit_limit`, `deposit`. What policy
    tests expect under these names is changed with the rest.
    """
    types: dict[str, Type] = {}
    for ruleset in engine.rulesets():
        if ruleset.case == case:
            types |= {name: ruleset.variables[name] for name in ruleset.results if name in ruleset.variables}
            types |= {name: formula.type for rule in ruleset.rules for name, formula in rule.conditions}
    return {name for name, type_ in types.items() if type_.kind is Kind.MONEY}


def _as_worked_out(content: bytes, name: str, engine: Engine, tolerance: Decimal) -> bytes:
    """A file of policy tests that expects what policies work out, where that is within rounding of what it expects:
    71.805 euros are 71.80, and times 200 they are 14,361 yen, not 14,360."""
    document, _ = read(content, name)
    suite = read_cases(document, engine.vocabulary)[0] if document else None
    tests = _get(document.root, "tests") if document else None
    money = _money_names(engine, suite.case_kind) if suite else set()
    changes: dict[Scalar, str] = {}
    for case in suite.cases if suite else ():
        decision = engine.decide(case.case_kind, case.facts, case.as_of, case.name)
        changes |= {
            node: got
            for node, got in _amounts_expected(_get(_get(tests, case.name), "expect"), decision, money)
            if isinstance(node.value, Decimal) and 0 < abs(Decimal(got) - node.value) <= tolerance
        }
    return _replaced(content.decode(), changes).encode()


def _amounts_expected(expect: Node | None, decision: Decision, money: set[str]) -> Iterator[tuple[Scalar, str]]:
    """The amounts that a test expects, each with what a decision has in its place."""
    found: dict[str, object] = dict(decision.conditions)
    for policy, values in decision.results.items():
        found |= {f"{policy}.{key}": value for key, value in values.items()}
    places: list[tuple[Node | None, object]]
    places = [(node, found.get(key)) for part in _VALUES for key, node in _entries(_get(expect, part)) if key in money]
    asked = {action.rule: action.amount for action in decision.actions}
    places += [(_get(node, "amount"), asked.get(key)) for key, node in _entries(_get(expect, "actions"))]
    yield from ((node, got) for node, got in places if isinstance(node, Scalar) and isinstance(got, str))


def _amount_columns(files: Mapping[str, bytes], vocabulary: Vocabulary) -> Iterator[str]:
    """The columns of the sample's files that hold amounts: named like facts, or as the maps say."""
    yield from (name for name, fact in vocabulary.facts.items() if fact.type.kind is Kind.MONEY)
    for name, content in files.items():
        if PurePath(name).parent == PurePath("rules/maps"):
            document, _ = read(content, name)
            if document is not None:
                found = read_history_map if is_history_map(document) else read_row_map
                map_, _ = found(document, vocabulary)
                for column in map_.columns if map_ else ():
                    if column.type.kind is Kind.MONEY:
                        yield column.column


def _is_number(text: str) -> bool:
    """Whether a cell is a plain number, such as `-12.50`; headings and words are left as they are."""
    return text.removeprefix("-").replace(".", "", 1).isdigit()


def _entries(node: Node | None) -> Iterator[tuple[str, Node]]:
    """Key and content of each entry of a mapping; nothing of what is no mapping."""
    if isinstance(node, MappingNode):
        yield from ((key.text, content) for key, content in node.entries)


def _get(node: Node | None, key: str) -> Node | None:
    """What stands under the key; None where there is no such key, or no mapping."""
    return node.get(key) if isinstance(node, MappingNode) else None


def _replaced(text: str, changes: Mapping[Scalar, str]) -> str:
    """The text with other words where these scalars stand."""
    lines = text.split("\n")
    for scalar in sorted(changes, key=lambda each: each.place, reverse=True):
        place = scalar.place_at(0)
        line, at = place.line - 1, place.column - 1
        lines[line] = lines[line][:at] + changes[scalar] + lines[line][at + len(scalar.text) :]
    return "\n".join(lines)
