"""The part of `raw_facts` that is about lists: which columns hold one, and the relations that are joined for others.

A base of `RawFacts`, apart from it since lists are read in ways of their own (`record_facts`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence

from sqlglot import exp
from sqlglot.expressions import Expr

from engine.lowering.sql.dialect import Dialect, binary, cast, number, text
from engine.lowering.sql.levels import column
from engine.vocabulary.vocabulary import Fact, Kind, Type
from files.batch.raw_columns import CheckedFact, ColumnType, FactSource, RawTarget, known, raw_column
from files.batch.record_facts import KEY, RECORD_FAULTS, RECORDS, JoinedRelation, array_list, no_list, other_list
from files.batch.row_rates import RowRates
from files.joined_lists import in_two_currencies


class RawLists(ABC):
    """What `RawFacts` has beside lists is declared here; it sets all of it."""

    dialect: Dialect
    _joined: Mapping[str, JoinedRelation]
    _sources: Mapping[str, FactSource]
    _targets: dict[str, tuple[str, RawTarget]]
    _written: dict[str, str]
    _read_as: dict[str, str]
    row_rates: RowRates | None

    @abstractmethod
    def of_record(self, facts: Sequence[Fact], sources: Mapping[str, FactSource]) -> RawLists:
        """What reads the values of one record, each as a fact of its type."""

    @abstractmethod
    def _cell(self, source: FactSource, target: RawTarget) -> Expr:
        """What a raw column holds."""

    @abstractmethod
    def _reading(self, target: RawTarget) -> CheckedFact:
        """One fact over the relation `cells`."""

    @abstractmethod
    def _sql_type(self, type_: Type) -> str:
        """The type of a column that holds values of this type, but for yes/no and lists."""

    def inlined(self, name: str) -> CheckedFact:
        """One fact as expressions over raw columns, for a place in which there is no relation `cells`. A person beyond
        ASCII is a fault there."""
        in_relation, target = self._targets[name]
        source = self._sources.get(name)
        cell = self._cell(source, target) if source else exp.Null()
        nothing = cast(exp.Null(), self.dialect.text_type)
        columns = {in_relation: cell, **dict.fromkeys(self._read_as.values(), nothing)}

        def written(expression: Expr) -> Expr:
            return expression.copy().transform(
                lambda node: (
                    columns[node.name].copy() if isinstance(node, exp.Column) and node.name in columns else node
                )
            )

        reading = self._reading(target)
        faults = tuple((written(test), written(words)) for test, words in reading.faults)
        return CheckedFact(written(reading.value), faults)

    def lists_written(self, raw: str) -> Iterator[tuple[str, exp.Query]]:
        """For each list that stands in text, as JSON, its different texts as KEY; each query reads `raw` once."""
        texts = (ColumnType.CELLS, ColumnType.TEXT)
        for name, (_, target) in self._targets.items():
            source = self._sources.get(name)
            if target.type.kind is Kind.LIST and source is not None and source.column_type in texts:
                cells = exp.select(exp.alias_(self._list_key(name), KEY, quoted=True)).from_(raw).distinct()
                yield name, exp.select("*").from_(cells.subquery("cells")).where(known(raw_column(KEY)))

    def _own_cell(self, name: str) -> Expr:
        return self._cell(self._sources[name], self._targets[name][1])

    def _list_key(self, name: str) -> Expr:
        """By what the relation of a list in JSON, or of a list of its own file, is joined."""
        cell = self._own_cell(name)
        is_list = self._targets[name][1].type.kind is Kind.LIST
        return self.row_rates.list_key(cell) if self.row_rates and is_list else cell

    def _with_lists(self, cells: exp.Select) -> exp.Select:
        for joined in self._joined.values():
            same = binary(exp.EQ, exp.column(KEY, joined.relation, quoted=True), self._list_key(joined.key))
            cells = cells.join(exp.to_table(joined.relation), on=same, join_type="left", copy=False)
        return cells

    def _joined_cells(self, name: str) -> Iterator[Expr]:
        """The records that are joined, and what is wrong with them; a row that has some itself, too, is at fault."""
        joined, source = self._joined[name], self._sources.get(name)
        faults: Expr = exp.column(RECORD_FAULTS, joined.relation, quoted=True)
        if source is not None and joined.key != name:
            twice = text(f"{name}: is given in the row and in `{joined.file}` (leave one of the two out)")
            faults = exp.Case(ifs=[exp.If(this=known(raw_column(source.column)), true=twice)], default=faults)
        records = exp.column(RECORDS, joined.relation, quoted=True)
        mixed = in_two_currencies(name, self._targets[name][1].type, joined.file) if joined.key != name else None
        if mixed is not None and self.row_rates is not None:
            is_mixed = exp.and_(self.row_rates.is_converted(), binary(exp.GT, self.dialect.length(records), number(0)))
            faults = exp.Case(ifs=[exp.If(this=is_mixed, true=text(str(mixed)))], default=faults)
        yield exp.alias_(records, self._targets[name][0])
        yield exp.alias_(faults, self._written[name])

    def _unread(self, target: RawTarget, cell: Expr) -> CheckedFact | None:
        """A fact that no column of the rows gives: one that was joined, or nothing. None for any other."""
        if target.name in self._joined:
            faults = column(self._written[target.name])
            return CheckedFact(cell, ((known(faults), faults),))
        if target.name in self._sources:
            return None
        if target.type.kind is Kind.LIST:
            return CheckedFact(no_list(target.type, self.dialect), ())
        type_ = "BOOLEAN" if target.type.kind is Kind.YES_NO else self._sql_type(target.type)
        return CheckedFact(cast(cell, type_), ())

    def _list(self, target: RawTarget, source: FactSource, cell: Expr) -> CheckedFact:
        if source.column_type is ColumnType.RECORDS:
            return array_list(target, source, cell, self, self.row_rates)
        return other_list(target, cell, self.dialect)
